//! What it takes to run a gateway somewhere: files beside the crate, with every variable that the spec names.
//!
//! In: a model and a target. Out: text, from the templates in `templates/deploy`. What never happens here: a value is made up
//! for a variable without a default.

use std::collections::BTreeMap;

use bff_spec::model::{KeySource, Model, SchemeKind, Text, TextPart};
use handlebars::Handlebars;
use serde::Serialize;

use crate::emit;
use crate::emit::{GeneratedFile, Write};

/// Where a gateway is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// In a container: a Dockerfile and what it leaves out.
    Docker,
    /// Under systemd: a unit and its environment.
    Systemd,
    /// In Kubernetes: manifests.
    Kubernetes,
}

/// Seconds it then gives those in flight; the runtime's own default.
const DRAIN: u32 = 30;
/// Seconds a gateway that is told to stop still takes requests; the runtime's own default.
const LEAVE: u32 = 5;
/// Seconds on top before it is killed.
const SPARE: u32 = 5;

#[derive(Serialize)]
struct Data<'a> {
    name: &'a str,
    spec: &'a str,
    /// Whether the team has functions in it.
    hooks: bool,
    variables: Vec<&'a Variable>,
    /// Those that are no secrets.
    settings: Vec<&'a Variable>,
    secrets: Vec<&'a Variable>,
    files: &'a [File],
    mounts: Vec<Mount<'a>>,
    file_note: &'static str,
    drain: u32,
    leave: u32,
    stop: u32,
    grace: u32,
}

#[derive(Debug, Serialize)]
struct Variable {
    name: String,
    required: bool,
    secret: bool,
    default: String,
    /// The default as YAML and JSON write it.
    quoted: String,
    /// What it is for, and whether it must be set.
    note: String,
}

/// A `${file:PATH}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct File {
    path: String,
    folder: String,
    file: String,
    purpose: String,
    frontend: String,
}

#[derive(Serialize)]
struct Mount<'a> {
    number: usize,
    folder: &'a str,
    frontend: &'a str,
    files: Vec<&'a File>,
}

/// The files of a target, relative to the workspace.
#[must_use]
pub fn deploy(model: &Model, target: Target) -> Vec<GeneratedFile> {
    let variables = variables(model);
    let files = files(model);
    let data = Data {
        name: &model.name,
        spec: &model.file,
        hooks: !emit::hook_functions(model).is_empty(),
        variables: variables.iter().collect(),
        settings: variables.iter().filter(|one| !one.secret).collect(),
        secrets: variables.iter().filter(|one| one.secret).collect(),
        mounts: mounts(&model.name, &files),
        files: &files,
        file_note: "What the spec reads as files. They are read again when they change.",
        drain: DRAIN,
        leave: LEAVE,
        stop: LEAVE + DRAIN + SPARE,
        grace: LEAVE + DRAIN + SPARE,
    };
    let name = &model.name;
    let wanted: &[(String, &str)] = match target {
        Target::Docker => &[
            (
                "Dockerfile".to_owned(),
                include_str!("../templates/deploy/Dockerfile.hbs"),
            ),
            (
                "Dockerfile.dockerignore".to_owned(),
                include_str!("../templates/deploy/dockerignore.hbs"),
            ),
        ],
        Target::Systemd => &[
            (
                format!("{name}-bff.service"),
                include_str!("../templates/deploy/service.hbs"),
            ),
            (
                format!("{name}-bff.env"),
                include_str!("../templates/deploy/env.hbs"),
            ),
        ],
        Target::Kubernetes => &[(
            "kubernetes.yaml".to_owned(),
            include_str!("../templates/deploy/kubernetes.hbs"),
        )],
    };
    let made = wanted.iter().map(|(path, template)| GeneratedFile {
        path: format!("deploy/{name}/{path}"),
        contents: fill(template, &data),
        write: Write::Always,
    });
    made.collect()
}

/// Fills a template in. The templates are the crate's own and their data has every name, so that there is no error: a test
/// goes through all of them.
fn fill(template: &str, data: &Data<'_>) -> String {
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    engine.register_escape_fn(handlebars::no_escape);
    engine
        .render_template(template, data)
        .unwrap_or_else(|error| error.to_string())
}

/// What the gateway reads from its environment, by name.
fn variables(model: &Model) -> Vec<Variable> {
    let mut purposes: BTreeMap<&str, &str> = BTreeMap::new();
    let texts = texts(model);
    for (purpose, text) in &texts {
        for part in &text.parts {
            if let TextPart::Variable { name, .. } = part {
                purposes.entry(name).or_insert(purpose);
            }
        }
    }
    let all = emit::variables(model).into_iter();
    all.map(|(name, (default, secret))| {
        let purpose = purposes.get(name.as_str()).copied().unwrap_or("the spec's");
        let must = if default.is_some() { "" } else { ", required" };
        Variable {
            note: format!("{purpose}{must}"),
            required: default.is_none(),
            quoted: serde_json::Value::from(default.clone().unwrap_or_default()).to_string(),
            default: default.unwrap_or_default(),
            name,
            secret,
        }
    })
    .collect()
}

/// Every file that a text reads, once.
fn files(model: &Model) -> Vec<File> {
    let mut all: Vec<File> = Vec::new();
    for (purpose, text) in texts(model) {
        for part in &text.parts {
            let TextPart::File(path) = part else {
                continue;
            };
            if all.iter().any(|known| known.path == *path) {
                continue;
            }
            let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
            all.push(File {
                path: path.clone(),
                folder: folder.to_owned(),
                file: file.to_owned(),
                purpose: purpose.clone(),
                frontend: model.name.clone(),
            });
        }
    }
    all
}

/// A volume for each folder: one that is mounted as a whole follows what changes in it.
fn mounts<'a>(frontend: &'a str, files: &'a [File]) -> Vec<Mount<'a>> {
    let mut folders: Vec<&str> = files.iter().map(|file| file.folder.as_str()).collect();
    folders.sort_unstable();
    folders.dedup();
    let mounts = folders.into_iter().enumerate().map(|(number, folder)| {
        let below = files.iter().filter(|file| file.folder == folder);
        Mount {
            number,
            folder,
            frontend,
            files: below.collect(),
        }
    });
    mounts.collect()
}

/// Every text that the gateway resolves at its start, and what it is for.
fn texts(model: &Model) -> Vec<(String, &Text)> {
    let mut all = Vec::new();
    for upstream in &model.upstreams {
        all.push((format!("upstream {}: url", upstream.name), &upstream.url));
        for (header, text) in &upstream.headers {
            all.push((format!("upstream {}: header {header}", upstream.name), text));
        }
    }
    for scheme in &model.schemes {
        let name = &scheme.name;
        match &scheme.kind {
            SchemeKind::ApiKey(api_key) => all.push((format!("auth {name}: keys"), &api_key.keys)),
            SchemeKind::Jwt(jwt) => {
                let (what, text) = match &jwt.keys {
                    KeySource::Issuer(text) => ("issuer", text),
                    KeySource::Jwks(text) => ("jwks", text),
                    KeySource::Key(text) => ("key", text),
                };
                all.push((format!("auth {name}: {what}"), text));
                for text in &jwt.audience {
                    all.push((format!("auth {name}: audience"), text));
                }
            }
        }
    }
    all
}
