//! Right specs, and their models as text.

use crate::{assert_all, cases, folder, matches, render};

#[test]
fn models_are_as_expected() {
    let results = cases("right")
        .iter()
        .map(|case| {
            let checked = bff_spec::check(&folder("right"), case);
            let found: Vec<String> = checked
                .diagnostics
                .iter()
                // These are about models; what lints say has cases of its own.
                .filter(|d| !crate::lints::LINTS.contains(&d.code))
                .map(|d| format!("{} {} {:?}", d.code.as_str(), d.message, d.help))
                .collect();
            let Some(model) = &checked.model else {
                return Err(format!("{case}: {}", found.join("\n")));
            };
            matches(
                "right",
                case,
                &format!("{}{}", render::model(model), found.join("\n")),
            )
        })
        .collect();
    assert_all(results);
}

#[test]
fn a_spec_is_told_by_its_bff() {
    for (text, is) in [
        ("bff: web\n", true),
        ("upstreams: {}\n", false),
        ("{ bff: web }", true),
        ("a: { bff: web }\n", false),
        ("bff: web\nx: [\n", true),
        ("", false),
    ] {
        assert_eq!(bff_spec::is_spec(text), is, "{text}");
    }
}
