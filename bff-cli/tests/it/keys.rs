//! `bff keys`: a file of hashes in, another one out.

use crate::Folder;

/// Of `secret`.
const LINE: &str = "{\"key\":\"sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\",\"sub\":\"acme\",\"scope\":\"orders:read\"}\n";

fn read(folder: &Folder) -> String {
    std::fs::read_to_string(folder.path().join("partner.keys")).unwrap()
}

#[test]
fn a_key_is_shown_once_and_kept_as_a_hash() {
    let folder = Folder::with(&[("partner.keys", "# partners\n")]);
    let done = folder.bff(&[
        "keys",
        "new",
        "acme",
        "--file",
        "partner.keys",
        "--scope",
        "a",
        "--scope",
        "b",
        "--role",
        "buyer",
        "--claim",
        "tenant=north",
        "--claim",
        "level=3",
    ]);
    done.expect(0, &[], &["Added", "shown this once"]);
    let key = done.out.trim();
    assert!(key.starts_with("bff_") && key.len() > 40, "{key}");
    let text = read(&folder);
    assert!(text.starts_with("# partners\n"), "{text}");
    assert!(!text.contains(key), "{text}");
    let line: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    assert_eq!(line["sub"], "acme");
    assert_eq!(line["scope"], "a b");
    assert_eq!(line["roles"], serde_json::json!(["buyer"]));
    assert_eq!(line["tenant"], "north");
    assert_eq!(line["level"], 3);

    // It can be taken back by the key itself.
    folder
        .bff(&["keys", "revoke", key, "--file", "partner.keys"])
        .expect(0, &[], &["Revoked"]);
    assert_eq!(read(&folder), "# partners\n");
}

#[test]
fn what_cannot_be_done_changes_nothing() {
    let folder = Folder::with(&[("partner.keys", LINE)]);
    for (arguments, code, words) in [
        (&["revoke", "nobody"][..], 1, "no such key"),
        (&["new", "acme", "--claim", "exp=1"], 2, "isn't a claim"),
        (&["new", "acme", "--claim", "tenant"], 2, "NAME=VALUE"),
        (
            &["new", "acme", "--claim", "a=1", "--claim", "a=2"],
            1,
            "given twice",
        ),
    ] {
        let mut all = vec!["keys"];
        all.extend(arguments);
        all.extend(["--file", "partner.keys"]);
        folder.bff(&all).expect(code, &[], &[words]);
        assert_eq!(read(&folder), LINE, "{arguments:?}");
    }
    folder
        .bff(&["keys", "list", "--file", "missing.keys"])
        .expect(1, &[], &["cannot read missing.keys"]);
}
