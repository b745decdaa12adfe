//! Specs in, files out: `tests/golden/NAME/specs` gives `tests/golden/NAME/expected`, byte for byte.
//!
//! `BLESS=1` writes what comes out; then it is for a person to read. What is expected is compiled as part of this test, and its
//! tables must be those the interpreter makes of the same model.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bff_codegen::interpret::interpret;
use bff_codegen::{Write, generate};
use bff_spec::model::Model;
use bff_spec::source::{SourceLoader, Sources};

#[allow(unreachable_pub, dead_code)]
#[path = "../golden/depot/expected/src/lib.rs"]
mod depot;

#[allow(unreachable_pub, dead_code, clippy::duplicate_mod)]
#[path = "../golden/kitchen/expected/src/lib.rs"]
pub(crate) mod kitchen;

mod in_place {
    #![allow(unreachable_pub)]
    bff_macros::bff!("tests/golden/depot/specs/ops.yaml", crate = ::bff_runtime);
}

/// With the team's functions under a name of their own.
#[path = "."]
mod in_place_with_hooks {
    #![allow(unreachable_pub, clippy::duplicate_mod)]
    #[path = "../golden/kitchen/expected/src/hooks.rs"]
    pub mod functions;
    bff_macros::bff!(
        "tests/golden/kitchen/specs/kitchen.yaml",
        hooks = self::functions,
        crate = ::bff_runtime,
    );
}

struct Folder(PathBuf);

impl SourceLoader for Folder {
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(path)).map_err(|error| error.to_string())
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

pub(crate) fn model(name: &str, spec: &str) -> (Model, Sources) {
    let checked = bff_spec::check(&Folder(folder(name)), spec);
    let findings: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|d| format!("{} {}", d.code.as_str(), d.message))
        .collect();
    match checked.model {
        Some(model) => (model, checked.sources),
        None => panic!("{spec}: {findings:#?}"),
    }
}

#[test]
fn files_are_as_expected() {
    for (name, spec) in [
        ("depot", "specs/ops.yaml"),
        ("kitchen", "specs/kitchen.yaml"),
    ] {
        let (model, sources) = model(name, spec);
        let expected = folder(name).join("expected");
        let files = generate(&model, &sources);
        let mut stale = Vec::new();
        for file in &files {
            let once = file.path == "src/hooks.rs";
            assert_eq!(file.write == Write::IfMissing, once, "{}", file.path);
            let path = expected.join(&file.path);
            let known = std::fs::read_to_string(&path).unwrap_or_default();
            if known == file.contents {
                continue;
            }
            if std::env::var_os("BLESS").is_some() {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &file.contents).unwrap();
            } else {
                let line = known
                    .lines()
                    .zip(file.contents.lines())
                    .position(|(a, b)| a != b);
                stale.push(format!(
                    "{name}/{}, from line {:?} on",
                    file.path,
                    line.map(|at| at + 1)
                ));
            }
        }
        assert!(
            stale.is_empty(),
            "not as expected (BLESS=1 writes what comes out): {stale:#?}"
        );
    }
}

#[test]
fn same_model_same_bytes() {
    let files = || {
        let (model, sources) = model("depot", "specs/ops.yaml");
        let files = generate(&model, &sources)
            .into_iter()
            .map(|file| (file.path, file.contents));
        files.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(files(), files());
}

struct One(String);

impl SourceLoader for One {
    fn read(&self, _: &str) -> Result<String, String> {
        Ok(self.0.clone())
    }
}

/// What a crate doesn't name, the linker leaves out: without certificates there is no TLS to be opened.
#[test]
fn tls_is_named_where_there_are_certificates() {
    for (server, named) in [
        ("server: { tls: { cert: a.crt, key: a.key } }\n", true),
        ("server: { header_limit: 1KiB }\n", false),
        ("", false),
    ] {
        let spec = format!(
            "bff: alive\n{server}endpoints:\n  GET /alive: {{ auth: none, response: \"alive: true\" }}\n"
        );
        let checked = bff_spec::check(&One(spec), "specs/alive.yaml");
        let model = checked.model.expect("a spec without faults");
        let files = generate(&model, &checked.sources);
        let names = |text: &str| text.contains("tls::Tls") || text.contains("tls: Some");
        let found = files.iter().any(|file| names(&file.contents));
        assert_eq!(found, named, "{server}");
    }
}

/// Of recursive tables only the outermost level, and no addresses.
fn tables(bff: &'static bff_runtime::plan::Bff) -> String {
    let mut out = format!(
        "{} {} {:?} {:?}\n",
        bff.name, bff.spec, bff.variables, bff.server
    );
    out.push_str(&format!("{:?}\n{:?}\n", bff.upstreams, bff.schemes));
    for route in bff.routes {
        let policies = &route.policies;
        out.push_str(&format!(
            "{:?} {} {:?} {:?} {policies:?} {:?} {:?}\n",
            route.method,
            route.pattern,
            route.segments,
            route.when,
            route.inputs.items.len(),
            route.body
        ));
        for input in route.inputs.items {
            let rules = &input.rules;
            out.push_str(&format!(
                "  {:?} {} {} {:?} {:?} {:?} {:?} {:?} {:?} {:?}\n",
                input.place,
                input.name,
                input.slot,
                rules.kind,
                rules.one_of,
                rules.minimum,
                rules.maximum,
                input.list,
                input.required,
                input.default
            ));
        }
    }
    out.push_str(bff.openapi.trim());
    out
}

#[test]
fn written_interpreted_and_in_place_are_one() {
    let (model, _) = model("depot", "specs/ops.yaml");
    let interpreted = tables(interpret(&model));
    let embedded = |text: String| {
        text.replace(
            "# @generated by `bff generate` from specs/ops.yaml: change that instead.\n",
            "",
        )
    };
    assert_eq!(embedded(tables(&depot::BFF)), interpreted);
    let in_place = tables(&in_place::BFF).replace("tests/golden/depot/specs/", "specs/");
    assert_eq!(in_place, interpreted);
    let hooked = [kitchen::BFF.routes, in_place_with_hooks::BFF.routes];
    assert_eq!(hooked.map(<[_]>::len), [6, 6]);
}

#[test]
fn errors_of_a_spec_in_place_say_where() {
    let spec = "bff: t\nupstreams:\n  up: { contract: up.yaml, url: 'http://127.0.0.1:1' }\nendpoints:\n  GET /x:\n    auth: none\n    calls:\n      a: up.getB()\n    response: |\n      a { id }\n";
    let contract = "openapi: 3.0.3\ninfo: { title: up, version: '1' }\npaths:\n  /a:\n    get:\n      operationId: getA\n      responses: { '200': { description: ok, content: { application/json: { schema: { type: object, properties: { id: { type: string } } } } } } }\n";
    let files = crate::spec::Files::of(&[("specs/t.yaml", spec), ("specs/up.yaml", contract)]);
    let tokens = bff_codegen::in_place("\"specs/t.yaml\"".parse().unwrap(), &files).to_string();
    assert_eq!(tokens.matches("compile_error").count(), 1, "{tokens}");
    assert!(tokens.contains("--> specs/t.yaml:8:13\""), "{tokens}");
    assert!(tokens.contains("Bff :: NONE"), "{tokens}");
    assert_eq!(tokens.matches("include_bytes").count(), 2, "{tokens}");
}

/// Plans without recursive types, which would print without end.
#[test]
fn plans_written_are_plans_interpreted() {
    let (model, _) = model("depot", "specs/ops.yaml");
    let interpreted = interpret(&model);
    let plan = |place: usize| {
        format!(
            "{:?}",
            bff_codegen::interpret::plan_of(&interpreted.routes[place]).unwrap()
        )
    };
    assert_eq!(
        format!("{:?}", depot::plans::GET_ITEMS_WHEN_HEADER_X_VIEW_SHORT),
        plan(1)
    );
    assert_eq!(format!("{:?}", depot::plans::GET_ITEMS), plan(2));
    assert_eq!(format!("{:?}", depot::plans::POST_MOVES), plan(3));
}
