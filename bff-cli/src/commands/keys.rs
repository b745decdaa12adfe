//! `bff keys`: API keys, and the files of hashes that gateways read.
//!
//! A key is shown once, when it is made; the file holds its hash alone. What a line means is decided by the runtime's scheme
//! `api_key`: a JSON object with the hash and the claims of whoever brings the key.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::fill;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::arguments::{Keys, ListKeys, NewKey, RevokeKey};
use crate::commands::Outcome;
use crate::console::Console;
use crate::failure::{Failure, Result};
use crate::generated;

/// Lets scanners for leaked secrets find keys of ours.
const PREFIX: &str = "bff_";

pub(super) fn run(command: &Keys, console: Console) -> Result<Outcome> {
    match command {
        Keys::New(command) => new(command, console),
        Keys::List(command) => list(command, console),
        Keys::Revoke(command) => revoke(command, console),
    }
}

/// The hash of a key, as its line has it.
pub(crate) fn hash(key: &str) -> String {
    let hex = digest(&SHA256, key.as_bytes())
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    format!("sha256:{hex}")
}

fn new(command: &NewKey, console: Console) -> Result<Outcome> {
    let mut random = [0; 32];
    fill(&mut random).map_err(|_| Failure::new("this machine gives no random bytes"))?;
    let key = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(random));
    let mut line = Map::new();
    line.insert("key".to_owned(), json!(hash(&key)));
    line.insert("sub".to_owned(), json!(command.owner));
    if !command.scope.is_empty() {
        line.insert("scope".to_owned(), json!(command.scope.join(" ")));
    }
    if !command.role.is_empty() {
        line.insert("roles".to_owned(), json!(command.role));
    }
    if let Some(days) = command.days {
        let end = now() + days.saturating_mul(86_400);
        line.insert("exp".to_owned(), json!(end));
    }
    for (name, value) in &command.claim {
        if line.insert(name.clone(), value.clone()).is_some() {
            return Err(Failure::new(format!("`{name}` is given twice")));
        }
    }
    let mut text = read(&command.file, true)?;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&Value::Object(line).to_string());
    text.push('\n');
    generated::write(&command.file, &text)?;
    console.step("Added", &command.file.display().to_string());
    console.say("The key is shown this once; the file holds its hash.");
    console.result(&key);
    Ok(Outcome::Good)
}

fn list(command: &ListKeys, console: Console) -> Result<Outcome> {
    let now = now();
    for line in read(&command.file, false)?.lines() {
        let Some(entry) = entry(line) else { continue };
        let rest = entry
            .claims
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "key" | "sub" | "exp"))
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join(" ");
        let state = match entry.claims.get("exp").and_then(Value::as_u64) {
            Some(end) if end <= now => "expired".to_owned(),
            Some(end) => format!("{} days left", (end - now).div_ceil(86_400)),
            None => "no end".to_owned(),
        };
        let owner = entry.claims.get("sub").and_then(Value::as_str);
        let line = format!("{}  {}  {state}  {rest}", entry.name, owner.unwrap_or("?"));
        console.result(line.trim_end());
    }
    Ok(Outcome::Good)
}

fn revoke(command: &RevokeKey, console: Console) -> Result<Outcome> {
    let text = read(&command.file, false)?;
    let named = |line: &str| {
        entry(line).is_some_and(|entry| {
            entry.name == command.key || hash(&command.key).contains(&entry.name)
        })
    };
    let count = text.lines().filter(|line| named(line)).count();
    if count == 0 {
        return Err(
            Failure::new(format!("{} has no such key", command.file.display()))
                .remedy("`bff keys list` names them; the key itself will do as well"),
        );
    }
    let left: String = text
        .lines()
        .filter(|line| !named(line))
        .map(|line| format!("{line}\n"))
        .collect();
    generated::write(&command.file, &left)?;
    console.step("Revoked", &command.key);
    console.say("Gateways that read this file refuse it within a second or so.");
    Ok(Outcome::Good)
}

struct Entry {
    /// The first 16 digits of the hash: how gateways' logs name it, too.
    name: String,
    claims: Map<String, Value>,
}

fn entry(line: &str) -> Option<Entry> {
    let claims: Map<String, Value> = serde_json::from_str(line).ok()?;
    let hex = claims.get("key")?.as_str()?.strip_prefix("sha256:")?;
    let name = hex.get(..16)?.to_owned();
    Some(Entry { name, claims })
}

fn read(file: &Path, may_be_new: bool) -> Result<String> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(text),
        Err(error) if may_be_new && error.kind() == std::io::ErrorKind::NotFound => {
            Ok(String::new())
        }
        Err(error) => Err(Failure::io("read", file, &error)),
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_secs()
}

/// `NAME=VALUE`: JSON if it is some, else a text.
pub(crate) fn claim(text: &str) -> std::result::Result<(String, Value), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or("a claim is NAME=VALUE")?;
    if matches!(name, "key" | "sub" | "exp" | "nbf") {
        return Err(format!("`{name}` isn't a claim to be set here"));
    }
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((name.to_owned(), value))
}
