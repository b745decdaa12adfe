//! `bff generate`: the crates of frontends, or with `--check` what is stale of them.

use bff_codegen::Write;

use crate::arguments::{Generate, Target};
use crate::checking::{self, Frontend};
use crate::commands::{Outcome, schema};
use crate::console::{Console, Tone, count};
use crate::failure::{Failure, Result};
use crate::generated::{self, Stale, Wanted, Why};
use crate::hooks;
use crate::manifest::Manifest;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, command: &Generate, console: Console) -> Result<Outcome> {
    let Some(frontends) = checking::frontends(workspace, &command.name, console)? else {
        return Ok(Outcome::Found);
    };
    if let Some(target) = command.deploy {
        return deploy(workspace, &frontends, target, command.check, console);
    }
    if command.name.is_empty() {
        warn_of_leftovers(workspace, &frontends, console)?;
    }
    let stale = stale(workspace, &frontends)?;
    if command.check {
        let hooks = tell_of_hooks(workspace, &frontends, console)?;
        return Ok(report(
            &stale,
            hooks,
            frontends.len(),
            "bff generate",
            console,
        ));
    }
    write(workspace, &stale, console)?;
    tell_of_hooks(workspace, &frontends, console)?;
    if stale.is_empty() {
        console.say(&format!(
            "{} up to date",
            count(frontends.len(), "frontend")
        ));
    }
    Ok(Outcome::Good)
}

/// Writes the files of a target, or with `check` names those that are stale. One that no longer says it is generated is the
/// team's, and stays.
fn deploy(
    workspace: &Workspace,
    frontends: &[Frontend],
    target: Target,
    check: bool,
    console: Console,
) -> Result<Outcome> {
    let (target, command) = match target {
        Target::Docker => (bff_codegen::Target::Docker, "bff generate --deploy docker"),
        Target::Systemd => (
            bff_codegen::Target::Systemd,
            "bff generate --deploy systemd",
        ),
        Target::Kubernetes => (
            bff_codegen::Target::Kubernetes,
            "bff generate --deploy kubernetes",
        ),
    };
    let mut stale = Vec::new();
    for frontend in frontends {
        for file in bff_codegen::deploy(&frontend.model, target) {
            let path = workspace.path(&file.path);
            let why = match std::fs::read(&path) {
                Ok(known) if known == file.contents.as_bytes() => continue,
                Ok(_) if !generated::is_generated(&path) => {
                    console.say(&format!(
                        "{}: {} is yours, since it no longer says that it is generated",
                        console.paint(Tone::Name, "note"),
                        file.path
                    ));
                    continue;
                }
                Ok(_) => Why::Changed(file.contents),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    Why::Missing(file.contents)
                }
                Err(error) => return Err(Failure::io("read", &path, &error)),
            };
            stale.push(Stale {
                path: file.path,
                why,
            });
        }
    }
    if check {
        return Ok(report(&stale, false, frontends.len(), command, console));
    }
    for file in &stale {
        generated::mend(workspace, file)?;
        console.step("Wrote", &file.path);
    }
    if stale.is_empty() {
        console.say(&format!(
            "{} up to date",
            count(frontends.len(), "frontend")
        ));
    }
    Ok(Outcome::Good)
}

/// Generates what is stale, for commands that go on from there.
pub(crate) fn bring_up_to_date(
    workspace: &Workspace,
    frontends: &[Frontend],
    console: Console,
) -> Result<()> {
    let stale = stale(workspace, frontends)?;
    write(workspace, &stale, console)?;
    tell_of_hooks(workspace, frontends, console).map(drop)
}

/// What teams have to do in their `hooks.rs`. Whether there is something without which a crate can't be compiled.
fn tell_of_hooks(workspace: &Workspace, frontends: &[Frontend], console: Console) -> Result<bool> {
    let mut broken = false;
    for frontend in frontends {
        broken |= hooks::tell(workspace, frontend, console)?;
    }
    Ok(broken)
}

fn stale(workspace: &Workspace, frontends: &[Frontend]) -> Result<Vec<Stale>> {
    let mut all = Vec::new();
    for frontend in frontends {
        let wanted = wanted(frontend);
        all.extend(generated::stale(workspace, &folder(frontend), &wanted)?);
    }
    all.extend(schema::stale(workspace)?);
    let mut manifest = Manifest::read(workspace)?;
    let mut changed = false;
    for frontend in frontends {
        changed |= manifest.add_member(&folder(frontend));
    }
    if changed {
        all.push(Stale {
            path: "Cargo.toml".to_owned(),
            why: Why::Changed(manifest.text()),
        });
    }
    Ok(all)
}

fn write(workspace: &Workspace, stale: &[Stale], console: Console) -> Result<()> {
    if !Manifest::read(workspace)?.names_the_runtime() {
        return Err(
            Failure::new("the workspace's Cargo.toml doesn't say where the runtime is").remedy(
                format!(
                    "add `bff-runtime = \"{}\"` to its [workspace.dependencies]",
                    env!("CARGO_PKG_VERSION")
                ),
            ),
        );
    }
    for file in stale {
        generated::mend(workspace, file)?;
        let verb = if file.why == Why::Leftover {
            "Removed"
        } else {
            "Wrote"
        };
        console.step(verb, &file.path);
    }
    Ok(())
}

fn report(
    stale: &[Stale],
    hooks: bool,
    frontends: usize,
    command: &str,
    console: Console,
) -> Outcome {
    if stale.is_empty() && hooks {
        return Outcome::Found;
    }
    if stale.is_empty() {
        console.say(&format!("{} up to date", count(frontends, "frontend")));
        return Outcome::Good;
    }
    for file in stale {
        let what = match file.why {
            Why::Missing(_) => "missing",
            Why::Changed(_) => "stale",
            Why::Leftover => "no longer generated",
        };
        console.result(&format!("{}: {what}", file.path));
    }
    console.show(&format!(
        "{}: {} not as the specs say; `{command}` puts that right",
        console.paint(Tone::Bad, "error"),
        count(stale.len(), "file")
    ));
    Outcome::Found
}

/// Tells of generated crates whose specs are gone: removing a crate is the team's to do.
fn warn_of_leftovers(
    workspace: &Workspace,
    frontends: &[Frontend],
    console: Console,
) -> Result<()> {
    let folder = workspace.path("bffs");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::io("read", &folder, &error)),
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    names.sort();
    for name in names {
        let known = frontends.iter().any(|frontend| frontend.model.name == name);
        if !known && folder.join(&name).join("Cargo.toml").is_file() {
            console.warn(&format!(
                "bffs/{name} has no spec any more; remove the folder if the frontend is gone"
            ));
        }
    }
    Ok(())
}

fn folder(frontend: &Frontend) -> String {
    format!("bffs/{}", frontend.model.name)
}

fn wanted(frontend: &Frontend) -> Vec<Wanted> {
    let folder = folder(frontend);
    let files = bff_codegen::generate(&frontend.model, &frontend.sources).into_iter();
    files
        .map(|file| Wanted {
            path: format!("{folder}/{}", file.path),
            text: file.contents,
            once: file.write == Write::IfMissing,
        })
        .collect()
}
