//! A file of cases, read: Markdown whose fenced blocks are steps.
//!
//! Blocks before the first `##` hold for every case of the file. Whatever is in no block is for the reader.

use std::path::Path;

use crate::harness::client::Ask;
use crate::harness::script::{Answer, Delivery, Script};

/// What a file's cases share, and the cases.
#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) shared: Vec<Script>,
    pub(crate) given: Given,
    pub(crate) cases: Vec<Case>,
}

/// One case.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// Upstreams that refuse connections.
    pub(crate) down: Vec<&'static str>,
    pub(crate) given: Given,
    pub(crate) steps: Vec<Step>,
}

/// What a gateway is made from, where it isn't one of `bffs/`.
#[derive(Debug, Default, Clone)]
pub(crate) struct Given {
    pub(crate) spec: Option<String>,
    /// Contracts and other files beside the spec, by path.
    pub(crate) files: Vec<(String, String)>,
    /// Variables of its environment.
    pub(crate) variables: Vec<(String, String)>,
    /// What checking it must find: a code, and words of the message.
    pub(crate) findings: Option<Vec<(String, String)>>,
    /// Words of why it must refuse to start.
    pub(crate) refusal: Option<Vec<String>>,
}

/// One block of a case.
#[derive(Debug)]
pub(crate) enum Step {
    Script(Script),
    Request(Bearer, Ask),
    Answer(Expected),
    Asked(Asked),
}

/// `as=u-1001 scope=orders:read`: what the request's token says, by name.
pub(crate) type Bearer = Vec<(String, String)>;

/// What must be answered.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) status: u16,
    /// `*` is any value, none is absence.
    pub(crate) headers: Vec<(String, Option<String>)>,
    pub(crate) body: Option<String>,
}

/// What the upstreams must have been asked since the last such block: all of this, and nothing else.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) in_order: bool,
    pub(crate) requests: Vec<AskedOne>,
}

/// One request of them.
#[derive(Debug)]
pub(crate) struct AskedOne {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, Option<String>)>,
    pub(crate) body: Option<String>,
}

/// Reads a file. Panics where it is malformed: it is a test's.
pub(crate) fn read(path: &Path) -> File {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut file = File::default();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(name) = line.strip_prefix("## ") {
            let case = Case {
                name: name.to_owned(),
                line: number + 1,
                down: Vec::new(),
                given: Given::default(),
                steps: Vec::new(),
            };
            file.cases.push(case);
        } else if let Some(info) = line.strip_prefix("```") {
            let content: Vec<&str> = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| *line != "```")
                .collect();
            block(&mut file, info, &content)
                .unwrap_or_else(|words| panic!("{}:{}: {words}", path.display(), number + 1));
        }
    }
    file
}

fn block(file: &mut File, info: &str, content: &[&str]) -> Result<(), String> {
    let mut words = info.split_whitespace();
    let kind = words.next().unwrap_or_default();
    let given = match file.cases.last_mut() {
        Some(case) => &mut case.given,
        None => &mut file.given,
    };
    if given.block(info, content)? {
        return Ok(());
    }
    let case = file.cases.last_mut();
    let step = match (kind, case.is_some()) {
        ("upstream", _) => {
            let upstream = upstream(words.next().unwrap_or_default())?;
            if content == ["down"] {
                case.ok_or("an upstream is down in a case only")?
                    .down
                    .push(upstream);
                return Ok(());
            }
            Step::Script(script(upstream, content)?)
        }
        ("request", true) => {
            let bearer = words.map(|word| {
                word.split_once('=')
                    .ok_or(format!("`{word}` is no name=value"))
            });
            let bearer =
                bearer.map(|pair| pair.map(|(name, value)| (name.to_owned(), value.to_owned())));
            Step::Request(bearer.collect::<Result<_, _>>()?, request(content)?)
        }
        ("answer", true) => Step::Answer(expected(content)?),
        ("asked", true) => Step::Asked(Asked {
            in_order: words.eq(["in", "order"]),
            requests: asked(content)?,
        }),
        _ => return Err(format!("a block `{kind}` has no meaning here")),
    };
    match (file.cases.last_mut(), step) {
        (Some(case), step) => case.steps.push(step),
        (None, Step::Script(script)) => file.shared.push(script),
        (None, _) => return Err("steps belong to a case".to_owned()),
    }
    Ok(())
}

fn upstream(name: &str) -> Result<&'static str, String> {
    if name.is_empty() {
        return Err("which upstream?".to_owned());
    }
    let known = ["users", "orders", "catalog"]
        .into_iter()
        .find(|known| *known == name);
    Ok(known.unwrap_or_else(|| name.to_owned().leak()))
}

impl Given {
    /// Takes a block that says what a gateway is made from; says whether it was one.
    fn block(&mut self, info: &str, content: &[&str]) -> Result<bool, String> {
        let text = || content.iter().map(|line| format!("{line}\n")).collect();
        let pair = |line: &&str, at: char| {
            let (name, value) = line
                .split_once(at)
                .ok_or_else(|| format!("`{line}` says too little"))?;
            Ok::<_, String>((name.to_owned(), value.to_owned()))
        };
        let words: Vec<&str> = info.split_whitespace().collect();
        match words[..] {
            ["yaml", "spec"] => self.spec = Some(text()),
            ["example"] => self.spec = Some(String::new()),
            ["yaml", "contract", name] => {
                let head = format!(
                    "openapi: 3.1.0\ninfo: {{ title: {name}, version: 1.0.0 }}\n{}",
                    text()
                );
                self.files
                    .push((format!("specs/{name}.openapi.yaml"), head));
            }
            [_, "file", name] => self.files.push((format!("specs/{name}"), text())),
            ["environment"] => {
                self.variables = content
                    .iter()
                    .map(|line| pair(line, '='))
                    .collect::<Result<_, _>>()?;
            }
            ["findings"] => {
                let findings = content.iter().map(|line| pair(line, ' '));
                self.findings = Some(findings.collect::<Result<_, _>>()?);
            }
            ["refuses"] => self.refusal = Some(content.iter().map(|l| (*l).to_owned()).collect()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// This, with what a case says itself.
    pub(crate) fn with(&self, case: Given) -> Given {
        let mut files = self.files.clone();
        files.extend(case.files);
        let mut variables = self.variables.clone();
        variables.extend(case.variables);
        Given {
            spec: case.spec.or_else(|| self.spec.clone()),
            files,
            variables,
            findings: case.findings,
            refusal: case.refusal,
        }
    }
}

/// The lines up to the first empty one, and the text after it.
fn head_and_body(content: &[&str]) -> (Vec<String>, Option<String>) {
    let end = content
        .iter()
        .position(|line| line.is_empty())
        .unwrap_or(content.len());
    let head = content[..end]
        .iter()
        .map(|line| (*line).to_owned())
        .collect();
    (
        head,
        (end < content.len()).then(|| content[end + 1..].join("\n")),
    )
}

fn header(line: &str) -> Result<(String, String), String> {
    let (name, value) = line
        .split_once(": ")
        .ok_or_else(|| format!("`{line}` is no header"))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// `name: value`, or `-name` for one that must not be there.
fn expected_header(line: &str) -> Result<(String, Option<String>), String> {
    match line.strip_prefix('-') {
        Some(name) => Ok((name.to_owned(), None)),
        None => header(line).map(|(name, value)| (name, Some(value))),
    }
}

fn script(upstream: &'static str, content: &[&str]) -> Result<Script, String> {
    let (head, body) = head_and_body(content);
    let [route, status, headers @ ..] = &head[..] else {
        return Err("a route and `=> status` are missing".to_owned());
    };
    let status = status
        .strip_prefix("=> ")
        .ok_or_else(|| format!("`{status}` is no `=> status`"))?;
    let (status, after) = match status.split_once(" after ") {
        Some((status, after)) => (status, Some(after.to_owned())),
        None => (status, None),
    };
    let (status, delivery) = status.split_once(' ').unwrap_or((status, "whole"));
    let body = body.unwrap_or_default();
    let mut headers = headers
        .iter()
        .map(|line| header(line))
        .collect::<Result<Vec<_>, _>>()?;
    if !body.is_empty() && !headers.iter().any(|(name, _)| name == "content-type") {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    let answer = Answer {
        status: status
            .parse()
            .map_err(|_| format!("`{status}` is no status"))?,
        headers,
        body: body.into_bytes(),
        delivery: Delivery::parse(delivery)
            .ok_or_else(|| format!("`{delivery}` is no delivery"))?,
        after,
    };
    Ok(Script::new(upstream, route, answer))
}

fn request(content: &[&str]) -> Result<Ask, String> {
    let (head, body) = head_and_body(content);
    let [first, headers @ ..] = &head[..] else {
        return Err("a method and target are missing".to_owned());
    };
    let (method, target) = first
        .split_once(' ')
        .ok_or_else(|| format!("`{first}` is no method and target"))?;
    let mut headers = headers
        .iter()
        .map(|line| header(line))
        .collect::<Result<Vec<_>, _>>()?;
    let body = body.unwrap_or_default();
    if !body.is_empty() && !headers.iter().any(|(name, _)| name == "content-type") {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    Ok(Ask {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body: body.into_bytes(),
    })
}

fn expected(content: &[&str]) -> Result<Expected, String> {
    let (head, body) = head_and_body(content);
    let [status, headers @ ..] = &head[..] else {
        return Err("a status is missing".to_owned());
    };
    Ok(Expected {
        status: status
            .parse()
            .map_err(|_| format!("`{status}` is no status"))?,
        headers: headers
            .iter()
            .map(|line| expected_header(line))
            .collect::<Result<_, _>>()?,
        body,
    })
}

fn asked(content: &[&str]) -> Result<Vec<AskedOne>, String> {
    let mut requests: Vec<AskedOne> = Vec::new();
    for line in content {
        match (line.strip_prefix("  "), requests.last_mut()) {
            (None, _) => requests.push(AskedOne {
                line: (*line).to_owned(),
                headers: Vec::new(),
                body: None,
            }),
            (Some(body), Some(request)) if body.starts_with(['{', '[']) => {
                request.body = Some(body.to_owned())
            }
            (Some(line), Some(request)) if line.starts_with("= ") => {
                request.body = Some(line[2..].to_owned());
            }
            (Some(line), Some(request)) => request.headers.push(expected_header(line)?),
            (Some(_), None) => return Err("what was asked starts with a request".to_owned()),
        }
    }
    Ok(requests)
}
