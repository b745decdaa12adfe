//! Specs as large as one likes: the endpoints of `specs/web.yaml` several times over, each time under paths of their own.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

/// Makes a workspace over the contracts of this one, without specs yet.
pub(crate) fn workspace(root: &Path, workspace: &Path, manifest: &str) -> anyhow::Result<()> {
    let specs = workspace.join("specs");
    fs::create_dir_all(specs.join("upstreams"))?;
    fs::write(workspace.join("Cargo.toml"), manifest)?;
    fs::copy(root.join("specs/shop.yaml"), specs.join("shop.yaml"))?;
    for contract in fs::read_dir(root.join("specs/upstreams"))? {
        let contract = contract?;
        fs::copy(
            contract.path(),
            specs.join("upstreams").join(contract.file_name()),
        )?;
    }
    Ok(())
}

/// A spec of this name with so many endpoints.
pub(crate) fn spec(root: &Path, name: &str, count: usize) -> anyhow::Result<String> {
    let web = fs::read_to_string(root.join("specs/web.yaml"))?;
    let (head, rest) = web
        .split_once("\nendpoints:\n")
        .context("specs/web.yaml has no endpoints")?;
    // What stands behind the endpoints starts at the margin, as `lints:` does.
    let end = rest
        .match_indices('\n')
        .map(|(at, _)| at + 1)
        .find(|&at| rest[at..].starts_with(|first: char| first.is_ascii_alphabetic()))
        .unwrap_or(rest.len());
    let (endpoints, tail) = rest.split_at(end);
    let endpoints = endpoints_of(endpoints);
    ensure!(!endpoints.is_empty(), "specs/web.yaml has no endpoints");
    let mut text = head.replacen("bff: web", &format!("bff: {name}"), 1);
    text.push_str("\nendpoints:\n");
    for (place, endpoint) in endpoints.iter().cycle().take(count).enumerate() {
        let turn = place / endpoints.len();
        let moved = endpoint.replacen(" /", &format!(" /turn-{turn}/"), 1);
        // Writing to a text can't fail.
        let _ = writeln!(text, "{moved}");
    }
    // A lint's place is an endpoint, which now stands under a path of its own; one that isn't there would be a finding.
    if count >= endpoints.len() {
        text.push_str(&tail.replace(" /", " /turn-0/"));
    }
    Ok(text)
}

/// The texts of endpoints: each starts with a key indented by two.
fn endpoints_of(text: &str) -> Vec<String> {
    let mut endpoints: Vec<String> = Vec::new();
    for line in text.lines() {
        let key = line.starts_with("  ")
            && !line.starts_with("   ")
            && !line.trim_start().starts_with('#');
        if key {
            endpoints.push(String::new());
        }
        if let Some(endpoint) = endpoints.last_mut() {
            endpoint.push_str(line);
            endpoint.push('\n');
        }
    }
    endpoints
}
