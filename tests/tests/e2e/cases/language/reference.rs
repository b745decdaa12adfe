//! `docs/spec.md`, taken apart: its rules, and their examples as whole specs.

use std::path::{Path, PathBuf};

/// A `###` of the reference.
pub(super) struct Rule {
    /// The anchor of the `##` it stands under.
    pub(super) section: String,
    pub(super) name: String,
    pub(super) anchor: String,
    /// Its YAML: one spec, or endpoints.
    pub(super) example: String,
}

/// The folder of the workspace.
pub(super) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every rule, in the order of the page. A section without rules is no more than prose.
pub(super) fn rules() -> Vec<Rule> {
    let page = std::fs::read_to_string(workspace().join("docs/spec.md")).unwrap();
    let mut rules: Vec<Rule> = Vec::new();
    let (mut section, mut in_rule) = (String::new(), false);
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("## ") {
            (section, in_rule) = (anchor(name), false);
        } else if let Some(name) = line.strip_prefix("### ") {
            in_rule = true;
            rules.push(Rule {
                section: section.clone(),
                name: name.to_owned(),
                anchor: anchor(name),
                example: String::new(),
            });
        } else if line.starts_with("```") {
            let block = lines.by_ref().take_while(|line| *line != "```");
            let text: String = block.map(|line| format!("{line}\n")).collect();
            if let (true, "```yaml", Some(rule)) = (in_rule, line, rules.last_mut()) {
                rule.example.push_str(&text);
            }
        }
    }
    rules
}

/// What a page's renderer makes of a heading.
fn anchor(heading: &str) -> String {
    let words = heading.to_lowercase();
    let kept = words
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// A spec from what a case or an example says of it: endpoints alone, or with other keys, get what they leave out. Without
/// upstreams of its own a spec uses the shop's, and each contract of its case.
pub(super) fn whole(said: &str, contracts: &[&str]) -> String {
    let starts = |key: &str| said.lines().any(|line| line.starts_with(key));
    if starts("bff:") {
        return said.to_owned();
    }
    let mut spec = "bff: case\n".to_owned();
    if !starts("use:") && !starts("upstreams:") {
        spec += "use: [shop.yaml]\n";
    }
    if !starts("upstreams:") && !contracts.is_empty() {
        spec += "upstreams:\n";
        for name in contracts {
            let variable = name.to_uppercase();
            spec += &format!(
                "  {name}: {{ contract: {name}.openapi.yaml, url: \"${{{variable}_URL}}\" }}\n"
            );
        }
    }
    if !starts("auth:") {
        spec += "auth:\n  user: { jwt: { issuer: \"${ISSUER}\", audience: shop-web } }\n";
    }
    if !starts("defaults:") {
        spec += "defaults: { auth: user }\n";
    }
    if starts("endpoints:") {
        spec += said;
    } else {
        spec += "endpoints:\n";
        spec.extend(said.lines().map(|line| format!("  {line}\n")));
    }
    spec
}
