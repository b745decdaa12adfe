//! `bff exposure`, and what `lints` makes of a check: a workspace in, what a person or a tool sees out.

use crate::Folder;

/// What `bff init` makes, with a field that its contract marks, and an endpoint that shows it.
fn marked() -> Folder {
    let folder = Folder::fresh();
    folder.edit(
        "specs/upstreams/books.openapi.yaml",
        "purchasePrice: { type: number }",
        "purchasePrice: { type: number, x-sensitive: true }",
    );
    folder.edit(
        "specs/web.yaml",
        "...book { id title author { name } }",
        "...book { * }",
    );
    folder
}

#[test]
fn rows_for_tools() {
    let done = marked().bff(&["exposure", "web", "--field", "PRICE", "--format", "json"]);
    done.expect(0, &[], &[]);
    let rows: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(
        rows,
        serde_json::json!([{
            "frontend": "web",
            "endpoint": "GET /books/{id}",
            "upstream": "books",
            "operation": "getBook",
            "field": "purchasePrice",
            "as": "purchasePrice",
            "sensitive": true,
            "via": "response",
            "status": null,
        }])
    );
    let done = marked().bff(&["exposure", "--field", "price", "--format", "csv"]);
    assert_eq!(
        done.out,
        "frontend,endpoint,upstream,operation,field,as,sensitive,via,status\r\n\
         web,GET /books/{id},books,getBook,purchasePrice,purchasePrice,yes,response,\r\n"
    );
}

#[test]
fn what_is_sensitive_can_be_denied() {
    let folder = marked();
    let told = "web, GET /books/{id}: purchasePrice of books.getBook by response";
    for (arguments, code, told) in [
        (&["exposure", "--deny", "sensitive"][..], 1, told),
        (&["exposure", "--deny", "sensitive", "--quiet"], 1, told),
        (
            &["exposure", "--deny", "sensitive", "--format", "csv"],
            1,
            told,
        ),
        (
            &["exposure", "--deny", "sensitive", "--field", "title"],
            0,
            "",
        ),
    ] {
        folder.bff(arguments).expect(code, &[], &[told]);
    }
    Folder::fresh()
        .bff(&["exposure", "--deny", "sensitive"])
        .expect(0, &[], &[]);
}

#[test]
fn what_passes_through_is_everything() {
    let folder = Folder::fresh();
    let text = folder.read("specs/web.yaml");
    folder.write(
        "specs/web.yaml",
        &format!("{text}\n  ANY /all/**: {{ proxy: books, allow: [GET] }}\n"),
    );
    folder.bff(&["exposure"]).expect(
        0,
        &["ANY /all/**", "books.GET /books/{id}", "**", "pass-through"],
        &[],
    );
}

#[test]
fn what_is_asked_for_must_be_there() {
    let folder = Folder::fresh();
    for (arguments, code, told) in [
        (
            &["exposure", "--upstream", "boks"][..],
            1,
            "did you mean `books`?",
        ),
        (&["exposure", "wb"], 1, "did you mean `web`?"),
        (&["exposure", "--deny", "all"], 2, "sensitive"),
        (
            &["exposure", "--field", "nothing-like-it"],
            0,
            "nothing is exposed",
        ),
    ] {
        folder.bff(arguments).expect(code, &[], &[told]);
    }
    folder.edit("specs/web.yaml", "books.getBook", "books.getBok");
    folder
        .bff(&["exposure"])
        .expect(1, &[], &["did you mean `getBook`?"]);
}

#[test]
fn lints_have_the_last_word() {
    for (lints, code, told) in [
        ("", 0, "warning[W0703]"),
        (
            "lints: { W0703: { level: deny, because: prices are ours } }\n",
            1,
            "error[W0703]",
        ),
        (
            "lints: { W0703: { level: allow, because: prices are known } }\n",
            0,
            "nothing to report",
        ),
        (
            "lints: { W0703: { level: allow } }\n",
            1,
            "nothing says why",
        ),
        (
            "lints: { W0401: { level: allow, because: there was one } }\n",
            0,
            "warning[W0203]",
        ),
    ] {
        let folder = marked();
        let text = folder.read("specs/web.yaml");
        folder.write("specs/web.yaml", &format!("{text}\n{lints}"));
        folder.bff(&["check"]).expect(code, &[], &[told]);
        let done = folder.bff(&["generate"]);
        assert_eq!(done.code, Some(code), "{}", done.err);
    }
    let done = marked().bff(&["check", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(found[0]["code"], "W0703");
    let done = marked().bff(&["check", "--format", "github"]);
    done.expect(0, &["::warning file=specs/web.yaml", "title=W0703"], &[]);
}

#[test]
fn several_specs_are_checked_together() {
    let folder = Folder::fresh();
    let text = folder.read("specs/web.yaml");
    let upstreams = text
        .split_once("upstreams:")
        .and_then(|(_, rest)| rest.split_once("defaults:"))
        .map(|(upstreams, _)| upstreams.to_owned())
        .unwrap();
    let endpoints = text
        .split_once("defaults:")
        .map(|(_, rest)| rest.to_owned())
        .unwrap();
    folder.write(
        "specs/shared.yaml",
        &format!("upstreams:{upstreams}fragments: {{ Unread: \"{{ id title }}\" }}\n"),
    );
    for name in ["web", "mobile", "tv"] {
        folder.write(
            &format!("specs/{name}.yaml"),
            &format!("bff: {name}\nuse: [shared.yaml]\ndefaults:{endpoints}"),
        );
    }
    folder.bff(&["check"]).expect(
        0,
        &[],
        &[
            "no spec uses the fragment `Unread`",
            "this selection is written 3 times",
            "in specs/shared.yaml, `fragments:",
            "checked 3 specs: 2 warnings",
        ],
    );
    folder
        .bff(&["check", "web", "tv"])
        .expect(0, &[], &["checked 2 specs: nothing to report"]);
    folder.edit(
        "specs/tv.yaml",
        "defaults:",
        "lints: { W0502: { level: deny } }\ndefaults:",
    );
    folder.bff(&["check"]).expect(1, &[], &["error[W0502]"]);
    folder.bff(&["generate"]).expect(1, &[], &["error[W0502]"]);
}
