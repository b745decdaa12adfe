//! Texts that mean harm: they end in a diagnostic, soon.

use bff_spec::source::SourceLoader;

use crate::{Text, folder};

fn errors(spec: &str) -> usize {
    let checked = bff_spec::check(&Text(spec, folder("wrong")), "spec.yaml");
    assert!(
        checked.model.is_none(),
        "{}",
        spec.get(..200).unwrap_or(spec)
    );
    checked.diagnostics.len()
}

fn spec(call: &str, response: &str) -> String {
    let call = call.replace('\'', "''");
    format!(
        "bff: web\nuse: [contracts/shared.yaml]\ndefaults: {{ auth: user }}\nendpoints:\n  GET /x:\n    calls:\n      \
         user: '{call}'\n    response: |\n      {response}\n"
    )
}

const CALL: &str = "shop.getUser(id = claims.sub)";

#[test]
fn deep_nesting_is_refused() {
    const N: usize = 100_000;
    const SOME: usize = 10_000;
    for response in [
        "a: { ".repeat(N),
        format!("a: {}", "[".repeat(N)),
        format!("a: {}", "[ 1, ".repeat(SOME)),
        format!("user {}", "{ a ".repeat(SOME)),
        format!("user{}", "[a = $user".repeat(SOME)),
        format!("a: {}", "}".repeat(SOME)),
        format!("a: {}", "...".repeat(SOME)),
        format!("user{}", "[0]".repeat(SOME)),
        format!("user{}", ".a".repeat(SOME)),
        format!("a: {}", "\"".repeat(SOME)),
    ] {
        let found = errors(&spec(CALL, &response));
        assert!(
            (1..=2 * SOME).contains(&found),
            "{}: {found}",
            &response[..20]
        );
    }
    for call in [
        format!("shop.getUser(id = {}", "[".repeat(N)),
        format!("shop.getUser{}", "(".repeat(N)),
        format!("shop.getUser(id = {}", "x = ".repeat(N)),
        format!("shop.getUser({})", "id = 1,".repeat(N / 10)),
    ] {
        assert!(errors(&spec(&call, "user { id }")) > 0);
    }
}

#[test]
fn every_prefix_of_a_text_ends_in_a_diagnostic_or_a_model() {
    let response = "user { id name: .name ...on x { a } ...Money b: $user[id = .id, a.b = \"x\"][] { c } d: [1, \"é\"] \
                    -e * f[0] g[:2].* h! i@J ?? null } \u{1F600} = x";
    for (end, _) in response.char_indices() {
        let text = spec(CALL, &response[..end]);
        let _ = bff_spec::check(&Text(&text, folder("wrong")), "spec.yaml");
    }
    let call = "shop.\"GET /users/{id}\"(path.id = each orders.items[0].lines[:2].sku, b = [1, \"x\"], c = d ?? 5,)";
    for end in 0..call.len() {
        let text = spec(&call[..end], "user { id }");
        let _ = bff_spec::check(&Text(&text, folder("wrong")), "spec.yaml");
    }
}

#[test]
fn fragments_that_double_are_bounded_by_their_names() {
    use std::fmt::Write;
    let mut text = String::from("bff: web\nuse: [contracts/shared.yaml]\nfragments:\n");
    for i in 0..40 {
        writeln!(text, "  F{i}: \"{{ ...F{0} ...F{0} }}\"", i + 1).unwrap();
    }
    text += "  F40: \"{ id }\"\nendpoints:\n  GET /x:\n    auth: user\n    calls:\n      user: shop.getUser(id = claims.sub)\n";
    text += "    response: |\n      user { ...F0 }\n";
    assert!(errors(&text) > 0);
}

/// A spec whose contract is this text.
fn over(contract: &str) -> bff_spec::Checked {
    struct Two<'t>(&'t str);
    impl SourceLoader for Two<'_> {
        fn read(&self, path: &str) -> Result<String, String> {
            Ok(match path {
                "spec.yaml" => "bff: web\nupstreams: { up: { contract: c.yaml, url: \"${UP}\" } }\nendpoints:\n  GET /x:\n    \
                                auth: none\n    calls: { a: up.a() }\n    response: \"a { * }\"\n"
                    .to_owned(),
                _ => self.0.to_owned(),
            })
        }
    }
    bff_spec::check(&Two(contract), "spec.yaml")
}

/// A contract whose operation `a` answers with this schema, in JSON; more components behind it.
fn answering(schema: &str, components: &str) -> String {
    format!(
        "{{\"openapi\":\"3.1.0\",\"paths\":{{\"/a\":{{\"get\":{{\"operationId\":\"a\",\"responses\":{{\"200\":{{\"description\":\"\",\
         \"content\":{{\"application/json\":{{\"schema\":{schema}}}}}}}}}}}}}}},\"components\":{{\"schemas\":{{{components}}}}}}}"
    )
}

#[test]
fn a_hundred_thousand_levels_of_a_document_end_in_a_diagnostic() {
    const N: usize = 100_000;
    for (open, close) in [
        ("[", "]"),
        ("{a: ", "}"),
        ("- ", ""),
        ("? ", ""),
        ("- ? ", ""),
        ("[{a: ", "}]"),
        ("\"", "\""),
    ] {
        for text in [
            open.repeat(N),
            format!("{}1{}", open.repeat(N), close.repeat(N)),
            format!(
                "bff: web\nendpoints: {}1{}",
                open.repeat(N),
                close.repeat(N)
            ),
        ] {
            assert!(errors(&text) > 0, "{open}");
            assert!(over(&text).has_errors(), "{open}");
        }
    }
    let nested = format!("{}1{}", "{\"a\":".repeat(N), "}".repeat(N));
    assert!(over(&nested).has_errors());
    assert!(over(&"[".repeat(N)).has_errors());
}

#[test]
fn a_hundred_thousand_levels_of_a_schema_end_in_a_diagnostic() {
    const N: usize = 100_000;
    for link in [
        "{\"items\":",
        "{\"allOf\":[",
        "{\"properties\":{\"a\":",
        "{\"oneOf\":[{\"type\":\"string\"},",
        "{\"additionalProperties\":",
    ] {
        let close: String = link
            .chars()
            .rev()
            .filter_map(|c| match c {
                '{' => Some('}'),
                '[' => Some(']'),
                _ => None,
            })
            .collect();
        // `oneOf` has braces that close in the link itself.
        let close = if link.contains("string") {
            "]}"
        } else {
            &close
        };
        let schema = format!("{}true{}", link.repeat(N), close.repeat(N));
        assert!(over(&answering(&schema, "")).has_errors(), "{link}");
    }
}

#[test]
fn an_alias_bomb_ends_in_a_diagnostic() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for i in 1..40 {
        let alias = format!("*a{}", i - 1);
        bomb += &format!("a{i}: &a{i} [{}]\n", vec![alias; 9].join(", "));
    }
    assert!(errors(&format!("bff: web\n{bomb}")) > 0);
    let contract =
        format!("openapi: 3.1.0\n{bomb}paths: {{ /a: {{ get: {{ operationId: a }} }} }}\n");
    assert!(over(&contract).has_errors());
}

#[test]
fn references_to_themselves_end_in_a_diagnostic() {
    for (schema, components) in [
        (
            "{\"$ref\":\"#/components/schemas/A\"}",
            "\"A\":{\"$ref\":\"#/components/schemas/A\"}",
        ),
        (
            "{\"$ref\":\"#/components/schemas/A\"}",
            "\"A\":{\"$ref\":\"#/components/schemas/B\"},\"B\":{\"$ref\":\"#/components/schemas/A\"}",
        ),
        (
            "{\"$ref\":\"#/components/schemas/A\"}",
            "\"A\":{\"allOf\":[{\"$ref\":\"#/components/schemas/A\"}]}",
        ),
        (
            "{\"$ref\":\"#/paths/~1a/get/responses/200/content/application~1json/schema\"}",
            "",
        ),
        ("{\"$ref\":\"\"}", ""),
        ("{\"$ref\":\"#\"}", ""),
        (
            "{\"$ref\":\"c.yaml#/components/schemas/A\"}",
            "\"A\":{\"$ref\":\"c.yaml#/components/schemas/A\"}",
        ),
    ] {
        assert!(
            over(&answering(schema, components)).has_errors(),
            "{schema} {components}"
        );
    }
}
