//! A file of cases, read. Panics where it is malformed: it is a test's.

use std::path::Path;

/// A file of cases.
pub(super) struct File {
    pub(super) shared: Vec<Step>,
    pub(super) cases: Vec<Case>,
}

pub(super) struct Case {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) steps: Vec<Step>,
}

/// One block.
pub(super) enum Step {
    Given(Vec<String>),
    Write(String, String),
    Remove(String),
    Edit(String, Vec<(String, String)>),
    Env(Vec<(String, String)>),
    Run(i32, Vec<String>),
    Out(String),
    Err(String),
    Files(Vec<(String, String)>),
}

pub(super) fn read(path: &Path) -> File {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut file = File {
        shared: Vec::new(),
        cases: Vec::new(),
    };
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(name) = line.strip_prefix("## ") {
            file.cases.push(Case {
                name: name.to_owned(),
                line: number + 1,
                steps: Vec::new(),
            });
        } else if let Some(info) = line.strip_prefix("```") {
            let block = lines.by_ref().map(|(_, line)| line);
            let block: Vec<&str> = block.take_while(|line| *line != "```").collect();
            let step = step(info, &block)
                .unwrap_or_else(|why| panic!("{}:{}: {why}", path.display(), number + 1));
            match file.cases.last_mut() {
                Some(case) => case.steps.push(step),
                None => file.shared.push(step),
            }
        }
    }
    file
}

fn step(info: &str, block: &[&str]) -> Result<Step, String> {
    let (kind, rest) = info.split_once(' ').unwrap_or((info, ""));
    let lines = || block.iter().map(|line| (*line).to_owned());
    let text = || lines().map(|line| line + "\n").collect::<String>();
    let pairs = |by: &str| -> Result<Vec<(String, String)>, String> {
        let pair = |line: &&str| {
            let (one, other) = line.split_once(by)?;
            Some((one.to_owned(), other.to_owned()))
        };
        let all = block
            .iter()
            .map(|line| pair(line).ok_or(format!("no `{by}` in `{line}`")));
        all.collect()
    };
    Ok(match kind {
        "given" => Step::Given(lines().collect()),
        "file" => Step::Write(rest.to_owned(), text()),
        "gone" => Step::Remove(rest.to_owned()),
        "edit" => Step::Edit(rest.to_owned(), pairs(" → ")?),
        "env" => Step::Env(pairs("=")?),
        "run" => Step::Run(
            rest.parse()
                .map_err(|_| format!("`{rest}` is no exit code"))?,
            words(&block.join(" ")),
        ),
        "out" => Step::Out(text()),
        "err" => Step::Err(text()),
        "files" => Step::Files(pairs(": ")?),
        other => return Err(format!("there is no block `{other}`")),
    })
}

/// The words of a command line after `bff`; those in single quotes are one.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('\'').enumerate() {
        match at % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    assert_eq!(words.first().map(String::as_str), Some("bff"), "{line}");
    words.split_off(1)
}
