//! The rules of `docs/spec.md`, each held to cases: `cases/language/SECTION/RULE.md`.
//!
//! A rule is a `###` of the reference. A case that has no spec of its own runs against the rule's example, as it stands there.

mod reference;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use bff_runtime::plan::Bff;
use bff_spec::diagnostic::Severity;
use bff_spec::source::SourceLoader;

use super::format::{Case, File, Given};
use super::{folder, format, run};
use crate::harness::World;
use crate::harness::script::Script;
use reference::{Rule, workspace};

/// How many cases a rule needs at least: the usual, the edge, what goes wrong.
const ENOUGH: usize = 3;

macro_rules! sections {
    ($($name:ident = $section:literal)+) => {
        const SECTIONS: &[&str] = &[$($section),+];
        $(
            #[tokio::test]
            async fn $name() {
                section($section).await;
            }
        )+
    };
}

sections! {
    a_spec_file = "a-spec-file"
    upstreams = "upstreams"
    calls = "calls"
    selections = "selections"
    inputs = "inputs"
    who_may_ask = "who-may-ask"
    limits = "limits"
    answers_and_errors = "answers-and-errors"
    routes = "routes"
    pass_through = "pass-through"
    the_public_port = "the-public-port"
    lints = "lints"
}

/// Runs every case of a section; `CASES` picks those whose file or name contains it.
async fn section(name: &str) {
    let picked = std::env::var("CASES").unwrap_or_default();
    let shop: Arc<[Script]> = run::shop().into();
    let mut running = Vec::new();
    for rule in reference::rules()
        .into_iter()
        .filter(|rule| rule.section == name)
    {
        let path = rule.cases();
        if !folder().join(&path).is_file() {
            // What is missing is another test's to say.
            continue;
        }
        let File {
            shared,
            given,
            cases,
        } = format::read(&folder().join(&path));
        let scripts: Arc<[Script]> = shop.iter().cloned().chain(shared).collect();
        let mut built = Built::default();
        for mut case in cases {
            let title = format!("{path}:{}: {}", case.line, case.name);
            if !title.contains(&picked) {
                continue;
            }
            let mut given = given.with(std::mem::take(&mut case.given));
            given.spec = given.spec.filter(|spec| !spec.is_empty());
            given.spec.get_or_insert_with(|| rule.example.clone());
            let gateway = built.gateway(&given);
            let scripts = Arc::clone(&scripts);
            let case = async move {
                match gateway {
                    Ok(Some(gateway)) => ask(gateway, given, &scripts, case).await,
                    Ok(None) if case.steps.is_empty() => Vec::new(),
                    Ok(None) => vec!["no steps can follow a spec that is refused".to_owned()],
                    Err(wrong) => wrong,
                }
            };
            running.push((title, tokio::spawn(case)));
        }
    }
    run::all(running).await;
}

/// A gateway, and the names of its upstreams.
type Gateway = (&'static Bff, Vec<&'static str>);

async fn ask(
    (bff, upstreams): Gateway,
    given: Given,
    scripts: &[Script],
    case: Case,
) -> Vec<String> {
    let variables = given.variables.into_iter().collect();
    match (
        World::of(bff, &upstreams, &case.down, variables).await,
        given.refusal,
    ) {
        (Ok(world), None) => run::steps(world, "shop-web", scripts, case).await,
        (Ok(_), Some(_)) => vec!["it starts".to_owned()],
        (Err(error), None) => vec![format!("it doesn't start: {error}")],
        (Err(error), Some(words)) => {
            let error = error.to_string();
            let missing = words.iter().filter(|words| !error.contains(*words));
            missing
                .map(|words| format!("it doesn't start, but not for `{words}`: {error}"))
                .collect()
        }
    }
}

/// The gateways of a file's cases, each made once.
#[derive(Default)]
struct Built(BTreeMap<Files, Result<Option<Gateway>, Vec<String>>>);

/// The files of a workspace that aren't on the disk.
type Files = BTreeMap<String, String>;

impl Built {
    /// The gateway of a spec; none if it was refused as it should be.
    fn gateway(&mut self, given: &Given) -> Result<Option<Gateway>, Vec<String>> {
        let mut files: Files = given.files.iter().cloned().collect();
        let contracts: Vec<&str> = files
            .keys()
            .filter_map(|path| path.strip_prefix("specs/")?.strip_suffix(".openapi.yaml"))
            .collect();
        let spec = reference::whole(given.spec.as_deref().unwrap_or_default(), &contracts);
        files.insert(SPEC.to_owned(), spec);
        match &given.findings {
            // What a spec must be told is compared for each case.
            Some(_) => build(&files, given.findings.as_deref()),
            None => self
                .0
                .entry(files)
                .or_insert_with_key(|files| build(files, None))
                .clone(),
        }
    }
}

const SPEC: &str = "specs/case.yaml";

fn build(
    files: &Files,
    expected: Option<&[(String, String)]>,
) -> Result<Option<Gateway>, Vec<String>> {
    let checked = bff_spec::check(&Workspace(files), SPEC);
    let mut wrong = Vec::new();
    let mut left: Vec<_> = expected.unwrap_or_default().iter().collect();
    for finding in &checked.diagnostics {
        let found = left.iter().position(|(code, words)| {
            finding.code.as_str() == code && finding.message.contains(words)
        });
        match found {
            Some(place) => drop(left.remove(place)),
            None if finding.severity == Severity::Error => {
                let line = checked.sources.lines(finding.place).0.line;
                wrong.push(format!(
                    "finds {} {} (line {line} of its file)",
                    finding.code.as_str(),
                    finding.message
                ));
            }
            None => {}
        }
    }
    wrong.extend(
        left.iter()
            .map(|(code, words)| format!("doesn't find {code} {words}")),
    );
    if !left.is_empty() {
        let found = checked.diagnostics.iter();
        wrong.extend(found.map(|found| format!("but {} {}", found.code.as_str(), found.message)));
    }
    if !wrong.is_empty() {
        let spec = files.get(SPEC).map_or("", String::as_str);
        wrong.push(format!("the spec is\n{spec}"));
        return Err(wrong);
    }
    Ok(checked.model.map(|model| {
        let upstreams = model
            .upstreams
            .iter()
            .map(|upstream| &*upstream.name.clone().leak())
            .collect();
        (bff_codegen::interpret::interpret(&model), upstreams)
    }))
}

struct Workspace<'a>(&'a Files);

impl SourceLoader for Workspace<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        match self.0.get(path) {
            Some(text) => Ok(text.clone()),
            None => std::fs::read_to_string(workspace().join(path)).map_err(|e| e.to_string()),
        }
    }

    fn locate(&self, url: &str) -> Result<String, String> {
        // What a case holds under a URL was fetched; so were the workspace's own contracts.
        let held = format!("specs/{url}");
        if self.0.contains_key(&held) {
            return Ok(held);
        }
        let name = url.strip_prefix("https://contracts.example.com/");
        let name = name.filter(|name| workspace().join("specs/upstreams").join(name).is_file());
        let name = name.ok_or("it is not in bff.lock")?;
        Ok(format!("specs/upstreams/{name}"))
    }
}

/// No rule without an example and enough cases, and no cases without a rule.
#[test]
fn every_rule_has_cases() {
    let rules = reference::rules();
    let (mut wrong, mut all) = (String::new(), 0);
    for rule in &rules {
        let path = folder().join(rule.cases());
        let cases = if path.is_file() {
            format::read(&path).cases.len()
        } else {
            0
        };
        println!("{cases:4} {}", rule.cases());
        all += cases;
        if cases < ENOUGH {
            wrong += &format!("\n{} holds {cases} cases", rule.cases());
        }
        if rule.example.is_empty() {
            wrong += &format!("\nthe rule \"{}\" has no example", rule.name);
        }
    }
    println!("{all:4} cases of {} rules", rules.len());
    let known: BTreeSet<PathBuf> = rules
        .iter()
        .map(|rule| folder().join(rule.cases()))
        .collect();
    for path in files() {
        if !known.contains(&path) {
            wrong += &format!("\n{} belongs to no rule of docs/spec.md", path.display());
        }
    }
    let sections: BTreeSet<&str> = rules.iter().map(|rule| &*rule.section).collect();
    assert!(wrong.is_empty(), "{wrong}\n");
    let run: BTreeSet<&str> = SECTIONS.iter().copied().collect();
    assert!(sections.is_subset(&run), "{sections:?} and {run:?}");
}

fn files() -> Vec<PathBuf> {
    let within = |folder: PathBuf| {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path())
    };
    let files = within(folder().join("language")).flat_map(within);
    files
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect()
}

impl Rule {
    /// Where its cases are, in the folder of cases.
    fn cases(&self) -> String {
        format!("language/{}/{}.md", self.section, self.anchor)
    }
}
