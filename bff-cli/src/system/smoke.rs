//! Makes the requests, and says of each whether its answer is right.

use bff_spec::contract::Types;
use serde_json::Value;

use super::expect::faults;
use super::gateway::client;
use super::requests::{Expected, Ready};
use crate::console::{Console, Tone, count};
use crate::failure::Result;

/// How many faults of one answer are told.
const TOLD: usize = 5;

/// Makes the requests in order; whether every answer was right.
pub(super) async fn run(requests: &[(&Ready, &Types)], console: Console) -> Result<bool> {
    let client = client()?;
    let (mut wrong, mut made) = (0, 0);
    let frontend = requests
        .iter()
        .map(|(request, _)| request.frontend.len())
        .max()
        .unwrap_or(0);
    for (request, types) in requests {
        let name = format!("{:frontend$}  {}", request.frontend, request.key);
        let say = |tone: Tone, word: &str, rest: &str| {
            let word = console.paint_result(tone, &format!("{word:<5}"));
            console.result(&format!("{word} {name}  {rest}"));
        };
        if let Some(why) = request.skipped {
            say(Tone::Dim, "skip", why);
            continue;
        }
        made += 1;
        match ask(&client, request).await {
            Ok(answer) => {
                let found = answer.faults(request, types);
                if found.is_empty() {
                    say(Tone::Good, "ok", &answer.summary());
                    continue;
                }
                wrong += 1;
                say(Tone::Bad, "wrong", &answer.summary());
                for fault in found.iter().take(TOLD) {
                    console.result(&format!("        {fault}"));
                }
                if found.len() > TOLD {
                    console.result(&format!("        and {} more", found.len() - TOLD));
                }
                console.result(&format!("        {}", request.curl()));
            }
            Err(why) => {
                wrong += 1;
                say(Tone::Bad, "wrong", &why);
            }
        }
    }
    console.say(&format!("{}, {wrong} wrong", count(made, "request")));
    Ok(wrong == 0 && made > 0)
}

struct Answer {
    status: u16,
    media: Option<String>,
    partial: Option<String>,
    body: Vec<u8>,
}

async fn ask(client: &reqwest::Client, request: &Ready) -> std::result::Result<Answer, String> {
    let method = request
        .method
        .parse()
        .map_err(|_| format!("{} is no method", request.method))?;
    let mut builder = client.request(method, &request.url);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    if let Some(token) = &request.token {
        let (header, before) = &token.header;
        builder = builder.header(header, format!("{before}{}", token.text));
    }
    if let Some(body) = &request.body {
        builder = builder.json(body);
    }
    let answer = builder
        .send()
        .await
        .map_err(|error| format!("no answer: {error}"))?;
    let header = |name: &str| {
        answer
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let (media, partial) = (header("content-type"), header("bff-partial"));
    Ok(Answer {
        status: answer.status().as_u16(),
        media,
        partial,
        body: answer
            .bytes()
            .await
            .map_err(|error| format!("half an answer: {error}"))?
            .to_vec(),
    })
}

impl Answer {
    fn faults(&self, request: &Ready, types: &Types) -> Vec<String> {
        let wanted = match &request.expected {
            Expected::Made(status, _) => *status,
            Expected::Passed => 200,
        };
        if self.status != wanted {
            let mut fault = format!("{} where {wanted} should be", self.status);
            if let Ok(problem) = serde_json::from_slice::<Value>(&self.body) {
                fault.push_str(&format!(": {problem}"));
            }
            return vec![fault];
        }
        let json = self.media.as_deref().is_some_and(|media| {
            let name = media.split(';').next().unwrap_or_default().trim();
            name == "application/json" || name.ends_with("+json")
        });
        match &request.expected {
            Expected::Passed if !json => Vec::new(),
            Expected::Made(_, None) if self.body.is_empty() => Vec::new(),
            Expected::Made(_, None) => vec!["a body where there should be none".to_owned()],
            Expected::Made(_, Some(_)) if !json => {
                vec![format!("{:?} where JSON should be", self.media)]
            }
            expected => match serde_json::from_slice::<Value>(&self.body) {
                Err(error) => vec![format!("no JSON: {error}")],
                Ok(value) => match expected {
                    Expected::Made(_, Some(response)) => faults(types, response, &value),
                    _ => Vec::new(),
                },
            },
        }
    }

    fn summary(&self) -> String {
        let mut text = format!("{} {}", self.status, count(self.body.len(), "byte"));
        if let Some(partial) = &self.partial {
            text.push_str(&format!(", partial: {partial}"));
        }
        text
    }
}
