//! The JSON Schema and the checker agree: what has no fault of structure the schema takes, what has an unknown key it
//! refuses. Held on every spec there is: those of the workspace, of the documentation, and of all cases.

use std::path::{Path, PathBuf};

use bff_spec::diagnostic::{Code, FileId};
use bff_spec::document::{self, Core, Data, Dialect, Node};
use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Map, Value, json};

use bff_spec::source::SourceLoader;

/// Faults that a schema may find as well, or leave to the checker.
const MAYBE: &[Code] = &[
    Code::Syntax,
    Code::YamlSlip,
    Code::WrongKind,
    Code::MissingKey,
    Code::BadValue,
    Code::BadName,
    Code::Contradiction,
    Code::NotShared,
    Code::EndpointKey,
    Code::LiteralSecret,
    Code::Unsupported,
];

#[test]
fn schema_and_checker_agree_on_every_spec() {
    let (schemas, schema) = compiled();
    let mut wrong = Vec::new();
    let (mut taken, mut refused) = (0, 0);
    for (name, text) in specs() {
        let (node, faults) = document::parse(FileId(0), &text, Dialect::Spec);
        let (Some(node), true) = (node, faults.is_empty()) else {
            continue;
        };
        let checked = bff_spec::check(&Alone(&text), "spec.yaml");
        let own = |code: Code| {
            let found = checked.diagnostics.iter().filter(|d| d.code == code);
            found
                .filter(|d| checked.sources.get(d.place.file).unwrap().path == "spec.yaml")
                .count()
        };
        let document = value(&node);
        let verdict = schemas.validate(&document, schema);
        if own(Code::UnknownKey) > 0 {
            refused += 1;
            if verdict.is_ok() {
                wrong.push(format!(
                    "{name}: has an unknown key, and the schema takes it"
                ));
            }
        } else if MAYBE.iter().all(|code| own(*code) == 0) {
            taken += 1;
            if let Err(error) = verdict {
                wrong.push(format!("{name}: {error:#}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(
        taken > 390 && refused > 10,
        "{taken} taken, {refused} refused"
    );
}

#[test]
fn files_that_specs_use_are_taken_and_own_keys_are_not() {
    let (schemas, schema) = compiled();
    let shared = std::fs::read_to_string(root().join("specs/shop.yaml")).unwrap();
    let (node, _) = document::parse(FileId(0), &shared, Dialect::Spec);
    let document = value(&node.unwrap());
    schemas.validate(&document, schema).unwrap();
    for (spec, good) in [
        (json!({ "bff": "web", "endpoints": {} }), true),
        (json!({ "bff": "web" }), false),
        (json!({ "endpoints": {} }), false),
        (json!({ "server": { "strict": true } }), false),
        (json!({ "defaults": { "timeout": "2s" } }), true),
        (json!({ "defaults": { "timeout": "2 seconds" } }), false),
        (
            json!({ "upstreams": { "users": { "contract": "u.yaml" } } }),
            false,
        ),
        (
            json!({ "limits": { "some": { "rate": "2/min", "per": "claim(tenant)" } } }),
            true,
        ),
        (json!({ "limits": { "some": { "rate": "2/week" } } }), false),
        (
            json!({ "bff": "web", "endpoints": { "FETCH /home": {} } }),
            false,
        ),
        (
            json!({ "bff": "web", "endpoints": { "GET /home": { "status": 700 } } }),
            false,
        ),
        (
            json!({ "bff": "web", "endpoints": {}, "lints": { "E0203": { "level": "allow" } } }),
            false,
        ),
        (
            json!({ "bff": "web", "endpoints": {}, "lints": { "W0702": { "level": "deny" } } }),
            true,
        ),
    ] {
        assert_eq!(schemas.validate(&spec, schema).is_ok(), good, "{spec}");
    }
}

/// A spec by itself: its structure shows without contracts and used files.
struct Alone<'t>(&'t str);

impl SourceLoader for Alone<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            "spec.yaml" => Ok(self.0.to_owned()),
            _ => Err("it isn't looked at".to_owned()),
        }
    }
}

fn compiled() -> (Schemas, SchemaIndex) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler
        .add_resource("bff:spec", bff_spec::schema::schema())
        .unwrap();
    let schema = compiler.compile("bff:spec", &mut schemas).unwrap();
    (schemas, schema)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every spec, with where it stands.
fn specs() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for folder in [
        "specs",
        "bff-cli/templates/init",
        "bff-spec/tests/right",
        "bff-spec/tests/wrong",
    ] {
        all.extend(files(&root().join(folder), "yaml"));
    }
    for folder in [
        "bff-spec/tests/slips",
        "bff-spec/tests/lints",
        "bff-codegen/tests/golden",
    ] {
        all.extend(files(&root().join(folder), "yaml"));
    }
    all.retain(|(_, text)| bff_spec::is_spec(text));
    for folder in ["docs", "tests/cases/language"] {
        for (page, text) in files(&root().join(folder), "md") {
            let blocks = blocks(&text).into_iter();
            all.extend(blocks.map(|(line, block)| (format!("{page}:{line}"), whole(&block))));
        }
    }
    assert!(all.len() > 500, "{}", all.len());
    all
}

/// The files of a folder and those below it that end so.
fn files(folder: &Path, kind: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            all.extend(files(&path, kind));
        } else if path.extension().is_some_and(|found| found == kind) {
            all.push((
                path.display().to_string(),
                std::fs::read_to_string(&path).unwrap(),
            ));
        }
    }
    all
}

/// The YAML blocks of a page that are specs, or endpoints of one.
fn blocks(page: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if !line.starts_with("```") {
            continue;
        }
        let block = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| *line != "```");
        let block: String = block.map(|line| format!("{line}\n")).collect();
        if matches!(line, "```yaml" | "```yaml spec") {
            blocks.push((at + 1, block));
        }
    }
    blocks
}

/// A block that leaves out what every spec has.
fn whole(block: &str) -> String {
    let starts = |key: &str| block.lines().any(|line| line.starts_with(key));
    match (starts("bff:"), starts("endpoints:")) {
        (true, _) => block.to_owned(),
        (false, true) => format!("bff: case\n{block}"),
        (false, false) => {
            let lines = block.lines().map(|line| format!("  {line}\n"));
            format!("bff: case\nendpoints:\n{}", lines.collect::<String>())
        }
    }
}

/// What a JSON Schema sees of a document.
fn value(node: &Node) -> Value {
    match &node.data {
        Data::List(items) => items.iter().map(value).collect(),
        Data::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(key, node)| (key.text.clone(), value(node)));
            entries.collect::<Map<_, _>>().into()
        }
        Data::Scalar(scalar) => match scalar.core() {
            Core::Null => Value::Null,
            Core::Bool(is) => is.into(),
            Core::Int(_) | Core::Float(_) => {
                serde_json::from_str(&scalar.text).unwrap_or_else(|_| scalar.text.as_str().into())
            }
            Core::Str(text) => text.into(),
        },
    }
}
