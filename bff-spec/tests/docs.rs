//! Every YAML block of the documentation is a spec, or an endpoint of one, that checks.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use bff_spec::diagnostic::Code;
use bff_spec::source::SourceLoader;

const SPEC: &str = "specs/from-docs.yaml";
const PREAMBLE: &str = "\
bff: from-docs
use: [shop.yaml]
auth:
  user: { jwt: { issuer: \"${ISSUER}\", audience: shop-web } }
defaults: { auth: user }
endpoints:
";

/// An example shows one thing; what a whole spec would say besides isn't in it.
const ONE_THING: &[Code] = &[
    Code::UnrelatedCaller,
    Code::SensitiveField,
    Code::FanOut,
    Code::UnusedName,
];

#[test]
fn every_yaml_block_checks() {
    let mut blocks = 0;
    let mut faults = String::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for (line, block) in yaml_blocks(&text) {
            blocks += 1;
            let loader = Workspace {
                spec: whole(&block),
            };
            let checked = bff_spec::check(&loader, SPEC);
            for diagnostic in &checked.diagnostics {
                if ONE_THING.contains(&diagnostic.code) {
                    continue;
                }
                if diagnostic.severity <= bff_spec::diagnostic::Severity::Warning {
                    let at = checked.sources.lines(diagnostic.place).0;
                    faults += &format!(
                        "{} block at line {line}, its line {}: {} {}\n",
                        page.display(),
                        at.line,
                        diagnostic.code.as_str(),
                        diagnostic.message,
                    );
                }
            }
        }
    }
    assert!(blocks >= 15, "only {blocks} blocks found");
    assert!(faults.is_empty(), "{faults}");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md")];
    pages.extend(
        std::fs::read_dir(root().join("docs"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "md")),
    );
    pages.sort();
    pages
}

/// The fenced `yaml` blocks of a page, each with the line it starts at.
fn yaml_blocks(text: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in text.lines().enumerate() {
        match &mut open {
            None if line == "```yaml" => open = Some((index + 2, String::new())),
            None => {}
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some((_, block)) => {
                block.push_str(line);
                block.push('\n');
            }
        }
    }
    blocks
}

/// A block that is no whole spec is made one.
fn whole(block: &str) -> String {
    if block.lines().any(|line| line.starts_with("bff:")) {
        return block.to_owned();
    }
    let endpoints = block.lines().map(|line| format!("  {line}\n"));
    PREAMBLE
        .chars()
        .chain(endpoints.flat_map(|l| l.chars().collect::<Vec<_>>()))
        .collect()
}

struct Workspace {
    spec: String,
}

impl SourceLoader for Workspace {
    fn read(&self, path: &str) -> Result<String, String> {
        if path == SPEC {
            return Ok(self.spec.clone());
        }
        std::fs::read_to_string(root().join(path)).map_err(|error| error.to_string())
    }

    fn locate(&self, url: &str) -> Result<String, String> {
        // As if the contracts of this workspace had been fetched.
        let name = url.strip_prefix("https://contracts.example.com/");
        let name = name.ok_or("it is not in bff.lock")?;
        Ok(format!("specs/upstreams/{name}"))
    }
}
