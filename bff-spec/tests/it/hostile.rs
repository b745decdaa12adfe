//! Texts that mean harm: they end in a diagnostic, soon.

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
