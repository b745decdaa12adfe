//! Contracts others wrote: they load, and of every operation it is told whether a spec can use it, and why not.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use bff_spec::codes::Code;
use bff_spec::contract::{Kind, Library, Location, Operation, TypeId, Types};
use bff_spec::diagnostic::{Diagnostic, Severity};
use bff_spec::source::SourceLoader;

use crate::{Folder, Loaded, loaded};

/// File, operations, operations with something told of them.
const EXPECTED: &[(&str, usize, usize)] = &[
    ("box.json", 296, 0),
    ("netlify-swagger2.yaml", 174, 0),
    ("petstore-3.0.yaml", 19, 0),
    ("realworld-conduit.yaml", 19, 0),
    ("redocly-museum.yaml", 8, 0),
    ("twilio-api-v2010.json", 197, 0),
];

/// The fixtures' folder, if it is there.
fn fixtures() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/openapi");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("BFF_REQUIRE_FIXTURES").is_none(),
        "the fixtures are required and not there"
    );
    eprintln!("skipped: there is no {}", folder.display());
    None
}

#[test]
fn contracts_others_wrote_load_without_a_fault() {
    let Some(folder) = fixtures() else { return };
    for (name, operations, faulty) in EXPECTED {
        let loaded = loaded(&Folder(folder.clone()), name);
        assert_eq!(loaded.diagnostics, [], "{name}");
        let contract = loaded.contract.expect("a contract");
        assert_eq!(contract.operations.len(), *operations, "{name}");
        let faults: Vec<_> = contract
            .operations
            .iter()
            .filter(|op| !op.faults.is_empty())
            .collect();
        assert_eq!(faults.len(), *faulty, "{name}: {faults:#?}");
    }
}

/// A spec that uses each operation alone, checked; what can't be used is counted by what is said of it.
///
/// The table is `fixtures.expected`; `BLESS=1` writes it.
#[test]
fn every_operation_is_used_or_says_why_not() {
    let Some(folder) = fixtures() else { return };
    let mut table = String::new();
    for (name, _, _) in EXPECTED {
        let folder = Folder(folder.clone());
        let loaded = loaded(&folder, name);
        let library = Library::default();
        let mut called = 0;
        let mut passed = 0;
        let mut why: BTreeMap<String, (usize, String)> = BTreeMap::new();
        let contract = loaded.contract.as_ref().unwrap();
        for operation in &contract.operations {
            let told = |proxy: bool| {
                let loader = Beside {
                    spec: spec(name, operation, &loaded, proxy),
                    contracts: &folder,
                };
                let checked = bff_spec::check_among(&library, &loader, "spec.yaml");
                let told: Vec<Diagnostic> = errors(checked.diagnostics);
                assert_eq!(told.is_empty(), checked.model.is_some(), "{}", loader.spec);
                for found in &told {
                    assert_ne!(found.code, Code::Unexplained, "{}", loader.spec);
                }
                told
            };
            let reasons = told(false);
            if reasons.is_empty() {
                called += 1;
                continue;
            }
            for found in &reasons {
                let reason = format!("{} {}", found.code.as_str(), general(&found.message));
                let entry = why.entry(reason).or_default();
                entry.0 += 1;
                if entry.1.is_empty() {
                    entry.1 = operation.route();
                }
            }
            passed += usize::from(told(true).is_empty());
        }
        let all = contract.operations.len();
        writeln!(
            table,
            "{name}: of {all} operations {called} can be called, {passed} only pass through"
        )
        .unwrap();
        for (reason, (count, first)) in why {
            writeln!(table, "  {count} {reason}\n    such as {first}").unwrap();
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/fixtures.expected");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        table == expected,
        "-- expected\n{expected}\n-- got\n{table}"
    );
}

fn errors(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.retain(|d| d.severity == Severity::Error);
    found
}

/// A message without the names in it.
fn general(message: &str) -> String {
    let parts = message.split('`').enumerate();
    let parts = parts.map(|(i, part)| if i % 2 == 0 { part } else { "…" });
    parts.collect::<Vec<_>>().join("`")
}

/// A spec beside contracts.
struct Beside<'f> {
    spec: String,
    contracts: &'f Folder,
}

impl SourceLoader for Beside<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            "spec.yaml" => Ok(self.spec.clone()),
            path => self.contracts.read(path),
        }
    }
}

/// One endpoint that calls the operation with every parameter it must have, passes the client's body to it, and answers
/// with all of what it answers; or one that passes it through.
fn spec(contract: &str, operation: &Operation, loaded: &Loaded, proxy: bool) -> String {
    let types = &loaded.types;
    let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
    let mut arguments = Vec::new();
    let mut path = String::from("/x");
    let required = operation.parameters.iter().filter(|p| p.required);
    for (i, parameter) in required.enumerate() {
        let list = matches!(types.get(parameter.ty).kind, Kind::List(_));
        let root = if parameter.location == Location::Path && !list {
            write!(path, "/{{p{i}}}").unwrap();
            "path"
        } else {
            "query"
        };
        let same = |other: &&bff_spec::contract::Parameter| other.name == parameter.name;
        let name = match operation.parameters.iter().filter(same).count() {
            1 => quoted(&parameter.name),
            _ => format!(
                "{}.{}",
                location(parameter.location),
                quoted(&parameter.name)
            ),
        };
        arguments.push(format!("{name} = {root}.p{i}"));
    }
    if operation.body.is_some() && !proxy {
        arguments.push("body = body".to_owned());
    }
    let call = format!(
        "api.{}({})",
        quoted(&operation.route()),
        arguments.join(", ")
    );
    let response = match answer(operation) {
        Some(ty) if is_read(types, ty) => {
            format!("    response: {}\n", quoted(&response(types, ty)))
        }
        _ => String::new(),
    };
    let method = &operation.method;
    let does = match proxy {
        true => format!("    proxy: {}\n", quoted(&call)),
        false => format!("    calls:\n      a: {}\n{response}", quoted(&call)),
    };
    format!(
        "bff: web\nupstreams: {{ api: {{ contract: {contract}, url: \"${{URL}}\" }} }}\nendpoints:\n  {method} {path}:\n    \
         auth: none\n{does}"
    )
}

fn location(location: Location) -> &'static str {
    match location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Header => "header",
        Location::Cookie => "cookie",
    }
}

/// The type of the lowest 2xx with JSON.
fn answer(operation: &Operation) -> Option<TypeId> {
    let mut all: Vec<_> = operation
        .responses
        .iter()
        .filter(|r| r.first / 100 == 2)
        .collect();
    if all.is_empty() {
        all = operation
            .responses
            .iter()
            .filter(|r| r.first == 0)
            .collect();
    }
    all.sort_by_key(|r| r.first);
    all.iter()
        .flat_map(|r| &r.content)
        .find(|media| media.name.contains("json"))
        .map(|media| media.ty)
}

fn is_read(types: &Types, ty: TypeId) -> bool {
    !matches!(types.get(ty).kind, Kind::Null)
}

fn response(types: &Types, ty: TypeId) -> String {
    match &types.get(ty).kind {
        Kind::Object(_) | Kind::Variants(_) => "all: a { * }".to_owned(),
        Kind::List(element) => match &types.get(*element).kind {
            Kind::Object(_) | Kind::Variants(_) => "all: a { * }".to_owned(),
            _ => "all: a".to_owned(),
        },
        _ => "all: a".to_owned(),
    }
}
