//! `bff new`: a first spec, proposed from contracts, checked before it is written.
//!
//! A proposed endpoint that the checker refuses takes a plainer form, and if none passes it is left out, which the spec
//! says at its end. Nothing that is there is overwritten.

mod contracts;
mod shared;

use std::collections::BTreeMap;

use bff_spec::contract::Types;
use bff_spec::diagnostic::{Diagnostic, Severity};
use bff_spec::source::SourceLoader;

use self::contracts::Taken;
use crate::arguments::New;
use crate::commands::{Outcome, schema};
use crate::console::{Console, count};
use crate::failure::{Failure, Result};
use crate::generated::write;
use crate::proposal::{self, Endpoint, Head, Source, Wanted, names};
use crate::workspace::Workspace;

/// How many reasons for what was left out a spec lists.
const REASONS: usize = 12;

pub(super) fn run(workspace: &Workspace, command: &New, console: Console) -> Result<Outcome> {
    let path = free(workspace, &command.name)?;
    let mut types = Types::default();
    let mut taken: Vec<Taken> = Vec::new();
    for from in &command.from {
        let known: Vec<String> = taken.iter().map(|t| t.upstream.clone()).collect();
        taken.push(contracts::take(workspace, from, &known, &mut types)?);
    }
    let shared = shared::find(workspace, &mut taken)?;
    let files: BTreeMap<String, String> = taken.iter().flat_map(|t| t.files.clone()).collect();
    let head = Head {
        schema: schema::first_line(),
        name: command.name.clone(),
        uses: shared.files,
        upstreams: taken
            .iter()
            .filter(|taken| !taken.shared)
            .map(|taken| {
                let contract = taken.path.strip_prefix("specs/").map(str::to_owned);
                let contract = contract.unwrap_or_else(|| format!("../{}", taken.path));
                (taken.upstream.clone(), contract, taken.server.clone())
            })
            .collect(),
        scheme: shared.scheme,
    };
    let sources: Vec<Source> = taken
        .into_iter()
        .map(|taken| Source {
            upstream: taken.upstream,
            contract: taken.contract,
        })
        .collect();
    let wanted = Wanted {
        endpoints: command.endpoints,
        writes: command.writes,
    };
    let proposed = proposal::propose(&sources, &types, wanted);
    let trial = Trial {
        workspace,
        files: &files,
        path: &path,
        head: &head,
    };
    let passed = trial.passing(&proposed.endpoints)?;

    for (file, text) in &files {
        write(&workspace.path(file), text)?;
        console.step("Wrote", file);
    }
    if !workspace.path(schema::PATH).exists() {
        write(&workspace.path(schema::PATH), &schema::text())?;
        console.step("Wrote", schema::PATH);
    }
    write(&workspace.path(&path), &passed.text)?;
    console.step(
        "Wrote",
        &format!("{path}: {}", count(passed.endpoints, "endpoint")),
    );
    say_next(command, &passed, proposed.further, console);
    Ok(Outcome::Good)
}

fn say_next(command: &New, passed: &Passed, further: usize, console: Console) {
    let name = &command.name;
    if further > 0 {
        console.say(&format!(
            "{further} further operations could be endpoints: `--endpoints {}` proposes all",
            command.endpoints + further
        ));
    }
    if passed.endpoints == 0 && !command.writes {
        console.say("nothing to read was found; `--writes` proposes what writes as well");
    }
    let warnings = match passed.warnings {
        0 => "what is wrong with it, as you change it".to_owned(),
        n => format!(
            "{}: what to decide, such as who may see whose things",
            count(n, "warning")
        ),
    };
    console.say(&format!(
        "\nNext:\n  \
         bff check {name}     {warnings}\n  \
         bff up {name}        mocks, an issuer of tokens and the gateway, with requests to paste\n  \
         bff explain {name}   what each endpoint does\n\
         Then delete what the frontend doesn't need."
    ));
}

/// The path of a spec that isn't there yet.
fn free(workspace: &Workspace, name: &str) -> Result<String> {
    let kebab = names::kebab(name);
    if kebab != name {
        let failure = Failure::new(format!("`{name}` is no name in kebab-case"));
        return Err(match kebab.is_empty() {
            true => failure.remedy("small letters, digits and `-`: `mobile-app`"),
            false => failure.remedy(format!("write `{kebab}`")),
        });
    }
    let path = format!("specs/{name}.yaml");
    let there = workspace
        .all_specs()?
        .into_iter()
        .find(|spec| spec.name == name);
    let there = match there {
        Some(spec) => Some(spec.path),
        None => workspace.path(&path).exists().then(|| path.clone()),
    };
    match there {
        None => Ok(path),
        Some(there) => Err(Failure::new(format!(
            "{there} is there already, and new overwrites nothing"
        ))
        .remedy("give the frontend another name, or move the file away")),
    }
}

/// A spec that isn't written yet.
struct Trial<'a> {
    workspace: &'a Workspace,
    files: &'a BTreeMap<String, String>,
    path: &'a str,
    head: &'a Head,
}

/// What passed.
struct Passed {
    text: String,
    endpoints: usize,
    warnings: usize,
}

impl Trial<'_> {
    /// The spec with every endpoint in the richest form that passes.
    fn passing(&self, endpoints: &[Endpoint]) -> Result<Passed> {
        // The form of each; past its last, it is left out.
        let mut forms = vec![0_usize; endpoints.len()];
        let mut reasons: BTreeMap<usize, String> = BTreeMap::new();
        loop {
            let (text, checked) = self.check(endpoints, &forms, &reasons);
            let errors: Vec<&Diagnostic> = checked
                .diagnostics
                .iter()
                .filter(|d| d.severity == Severity::Error)
                .collect();
            let Some(first) = errors.first() else {
                let count = |severity| {
                    let found = checked.diagnostics.iter();
                    found.filter(|d| d.severity == severity).count()
                };
                return Ok(Passed {
                    text,
                    endpoints: chosen(endpoints, &forms).len(),
                    warnings: count(Severity::Warning),
                });
            };
            let mut blamed = BTreeMap::new();
            for error in &errors {
                let own = std::iter::once(error.place).chain(error.related.iter().map(|r| r.place));
                let own = own.filter(|place| {
                    let file = checked.sources.get(place.file);
                    file.is_some_and(|file| file.path == self.path)
                });
                for place in own {
                    if let Some(at) = owner(&text, endpoints, &forms, place.start as usize) {
                        blamed.entry(at).or_insert_with(|| error.message.clone());
                    }
                }
            }
            if blamed.is_empty() {
                // A fault of a contract that some operation brings up: each by itself shows which.
                for (at, _) in chosen(endpoints, &forms) {
                    let mut alone: Vec<usize> = endpoints.iter().map(|e| e.forms.len()).collect();
                    if let (Some(slot), Some(form)) = (alone.get_mut(at), forms.get(at)) {
                        *slot = *form;
                    }
                    let (_, checked) = self.check(endpoints, &alone, &reasons);
                    let error = checked
                        .diagnostics
                        .iter()
                        .find(|d| d.severity == Severity::Error);
                    if let Some(error) = error {
                        blamed.insert(at, error.message.clone());
                    }
                }
            }
            if blamed.is_empty() {
                return Err(
                    Failure::new(format!("no spec can be made of it: {}", first.message))
                        .remedy("write the spec by hand: docs/spec.md says how"),
                );
            }
            for (at, why) in blamed {
                if let Some(form) = forms.get_mut(at) {
                    *form += 1;
                }
                reasons.insert(at, why);
            }
        }
    }

    fn check(
        &self,
        endpoints: &[Endpoint],
        forms: &[usize],
        reasons: &BTreeMap<usize, String>,
    ) -> (String, bff_spec::Checked) {
        let left: Vec<String> = endpoints
            .iter()
            .zip(forms)
            .enumerate()
            .filter(|(_, (endpoint, form))| **form >= endpoint.forms.len())
            .map(|(at, (endpoint, _))| {
                let why = reasons.get(&at).map_or("", String::as_str);
                format!("  {}: {why}", endpoint.from)
            })
            .collect();
        let mut notes = Vec::new();
        if !left.is_empty() {
            notes.push("Left out, since it can't be an endpoint as it is:".to_owned());
            notes.extend(left.iter().take(REASONS).cloned());
            if left.len() > REASONS {
                notes.push(format!("  and {} more", left.len() - REASONS));
            }
        }
        let chosen: Vec<(&Endpoint, &str)> = chosen(endpoints, forms)
            .into_iter()
            .map(|(_, endpoint)| endpoint)
            .collect();
        let text = proposal::spec(self.head, &chosen, &notes);
        let loader = Overlay {
            workspace: self.workspace,
            files: self.files,
            spec: (self.path, &text),
        };
        let checked = bff_spec::check(&loader, self.path);
        (text, checked)
    }
}

/// Those that have a form left.
fn chosen<'e>(endpoints: &'e [Endpoint], forms: &[usize]) -> Vec<(usize, (&'e Endpoint, &'e str))> {
    let all = endpoints.iter().zip(forms).enumerate();
    all.filter_map(|(at, (endpoint, form))| {
        let form = endpoint.forms.get(*form)?;
        Some((at, (endpoint, form.as_str())))
    })
    .collect()
}

/// The endpoint whose text a place is in.
fn owner(text: &str, endpoints: &[Endpoint], forms: &[usize], place: usize) -> Option<usize> {
    let mut owner = None;
    let mut from = 0;
    for (at, (endpoint, _)) in chosen(endpoints, forms) {
        let key = format!("\n  {}:\n", endpoint.key);
        let start = from + text.get(from..)?.find(&key)?;
        if start > place {
            break;
        }
        owner = Some(at);
        from = start + 1;
    }
    owner
}

/// A workspace as it will be.
struct Overlay<'a> {
    workspace: &'a Workspace,
    files: &'a BTreeMap<String, String>,
    spec: (&'a str, &'a str),
}

impl SourceLoader for Overlay<'_> {
    fn read(&self, path: &str) -> std::result::Result<String, String> {
        if path == self.spec.0 {
            return Ok(self.spec.1.to_owned());
        }
        match self.files.get(path) {
            Some(text) => Ok(text.clone()),
            None => self.workspace.read(path),
        }
    }
}
