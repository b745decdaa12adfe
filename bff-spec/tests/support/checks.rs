//! What must hold of any bytes: asked by fuzz targets, and by a test of their seeds.

use std::fmt::Write;

use bff_spec::Checked;
use bff_spec::codes::Code;
use bff_spec::contract::{Contract, Types, load};
use bff_spec::diagnostic::{Diagnostic, Place};
use bff_spec::source::{SourceLoader, Sources};

/// `tests/wrong/contracts/shop.openapi.yaml` as JSON, which is read in a fraction of the time.
const SHOP: &str = include_str!("shop.json");
const SHARED: &str = include_str!("../wrong/contracts/shared.yaml");

/// A text of no more than this is looked at: time is linear in it, and fuzzing looks for something else.
const LONGEST: usize = 1 << 16;

/// One text by its name, beside the files that the wrong and right cases use.
struct Text<'t> {
    name: &'static str,
    text: &'t str,
}

impl SourceLoader for Text<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            path if path == self.name => Ok(self.text.to_owned()),
            "contracts/shared.yaml" => Ok(SHARED.to_owned()),
            "contracts/shop.openapi.yaml" => Ok(SHOP.to_owned()),
            _ => Err("there is no such file".to_owned()),
        }
    }
}

/// Bytes as a spec's file: a model without an error, or diagnostics that stand somewhere; and every edit that is
/// offered can be made.
pub fn spec(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if text.len() > LONGEST {
        return;
    }
    let checked = check(text);
    let Some(edit) = checked.diagnostics.iter().find_map(|d| d.fix.as_ref()) else {
        return;
    };
    let file = checked.sources.get(edit.place.file).unwrap();
    if file.path == "spec.yaml" {
        let mut mended = file.text.clone();
        mended.replace_range(edit.place.range(), &edit.text);
        check(&mended);
    }
}

fn check(text: &str) -> Checked {
    let name = "spec.yaml";
    let checked = bff_spec::check(&Text { name, text }, name);
    assert_eq!(checked.has_errors(), checked.model.is_none());
    sound(&checked.diagnostics, &checked.sources);
    checked
}

/// Bytes as what stands inside a spec: the first line is a call, the rest the response that reads it as `call`. Quoted
/// as JSON is, so that YAML takes nothing away.
pub fn selection(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if text.len() > LONGEST {
        return;
    }
    let (call, response) = text.split_once('\n').unwrap_or((text, "call"));
    let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
    check(&format!(
        "bff: web\nuse: [contracts/shared.yaml]\ndefaults: {{ auth: user }}\nendpoints:\n  GET /x/{{id}}:\n    calls:\n      \
         call?: {call}\n      order: shop.getOrder(id = path.id)\n      orders: shop.listOrders(customerId = claims.sub)\n    \
         response: {response}\n    require: {require}\n",
        call = quoted(call),
        response = quoted(response),
        require = quoted(response.lines().next().unwrap_or_default()),
    ));
}

/// What stands between a contract and an overlay of it, in the bytes of one input.
const OVERLAY: &str = "\n%%\n";

/// Bytes as a contract, perhaps with an overlay behind it: what is read of it, and what a spec that calls each of its
/// operations is told.
pub fn contract(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if text.len() > LONGEST {
        return;
    }
    let name = "contract.yaml";
    let mut sources = Sources::default();
    let mut types = Types::default();
    let from = Place {
        file: sources.add("spec.yaml", "contract"),
        start: 0,
        end: 8,
    };
    let (text, overlay) = match text.split_once(OVERLAY) {
        Some((text, overlay)) => (text, Some(overlay)),
        None => (text, None),
    };
    let overlays: Vec<String> = overlay.iter().map(|_| "overlay.yaml".to_owned()).collect();
    let loader = Beside {
        spec: String::new(),
        contract: text,
        overlay,
    };
    let (contract, diagnostics) = load(&mut sources, &loader, name, &overlays, from, &mut types);
    sound(&diagnostics, &sources);
    let Some(contract) = contract else {
        assert!(!diagnostics.is_empty(), "no contract, and no reason");
        return;
    };
    for operation in &contract.operations {
        sound(&operation.faults, &sources);
    }
    let spec = everything(&contract, overlay.is_some());
    let loader = Beside {
        spec,
        contract: text,
        overlay,
    };
    let checked = bff_spec::check(&loader, "spec.yaml");
    assert_eq!(checked.has_errors(), checked.model.is_none());
    sound(&checked.diagnostics, &checked.sources);
}

struct Beside<'t> {
    spec: String,
    contract: &'t str,
    overlay: Option<&'t str>,
}

impl SourceLoader for Beside<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            "spec.yaml" => Ok(self.spec.clone()),
            "contract.yaml" => Ok(self.contract.to_owned()),
            "overlay.yaml" => Ok(self.overlay.unwrap_or_default().to_owned()),
            _ => Err("there is no such file".to_owned()),
        }
    }
}

/// A spec with an endpoint per operation, which binds each parameter to a query input and takes all that it answers.
fn everything(contract: &Contract, overlaid: bool) -> String {
    let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
    let overlay = if overlaid {
        ", overlay: overlay.yaml"
    } else {
        ""
    };
    let mut spec = format!(
        "bff: web\nupstreams: {{ api: {{ contract: contract.yaml{overlay}, url: \"${{URL}}\" }} }}\ndefaults: {{ auth: none }}\nendpoints:\n",
    );
    for (i, operation) in contract.operations.iter().take(8).enumerate() {
        let mut call = format!("api.{}(", quoted(&operation.route()));
        for (at, parameter) in operation.parameters.iter().take(16).enumerate() {
            let _ = write!(call, "{} = query.p{at}, ", quoted(&parameter.name));
        }
        let body = if operation.body.is_some() {
            "body = body"
        } else {
            ""
        };
        let _ = writeln!(
            spec,
            "  POST /{i}:\n    calls:\n      a: {}\n    response: \"...a {{ * }} b: a {{ * }} c: a\"",
            quoted(&format!("{call}{body})"))
        );
    }
    spec
}

/// Every finding stands in a file, at whole characters, and says something in one line.
fn sound(diagnostics: &[Diagnostic], sources: &Sources) {
    let stands = |place: Place| {
        let file = sources.get(place.file).expect("a file that was read");
        assert!(
            file.text.get(place.range()).is_some(),
            "{place:?} of {}",
            file.text.len()
        );
    };
    for found in diagnostics {
        assert_ne!(found.code, Code::Unexplained, "{}", found.message);
        stands(found.place);
        assert!(!found.message.trim().is_empty());
        assert!(
            found
                .help
                .as_ref()
                .is_none_or(|help| !help.trim().is_empty())
        );
        for related in &found.related {
            stands(related.place);
        }
        if let Some(edit) = &found.fix {
            stands(edit.place);
            assert_ne!(
                sources.text(edit.place),
                edit.text,
                "an edit changes something"
            );
        }
    }
}
