use crate::{Folder, command};

#[test]
fn a_new_workspace_is_complete() {
    let folder = Folder::with(&[]);
    folder.bff(&["init", "shop"]).expect(
        0,
        &[],
        &["Wrote shop/specs/web.yaml", "Next:", "cd shop", "bff up"],
    );
    for (file, part) in [
        ("shop/Cargo.toml", "members = [\"bffs/*\"]"),
        ("shop/Cargo.toml", "[profile.dist]"),
        ("shop/Cargo.toml", "bff-runtime = "),
        ("shop/.gitignore", "/target"),
        ("shop/README.md", "bff up"),
        ("shop/specs/web.yaml", "bff: web"),
        (
            "shop/specs/upstreams/books.openapi.yaml",
            "operationId: getBook",
        ),
    ] {
        assert!(folder.read(file).contains(part), "{file}");
    }
    folder
        .bff_in("shop", &["check"])
        .expect(0, &[], &["checked 1 spec: nothing to report"]);
    folder.bff_in("shop", &["generate"]).expect(0, &[], &[]);
    folder
        .bff_in("shop", &["generate", "--check"])
        .expect(0, &[], &["1 frontend up to date"]);
}

#[test]
fn init_overwrites_nothing() {
    let folder = Folder::with(&[
        ("shop/notes.txt", "x"),
        ("taken/README.md", "mine"),
        ("file", "x"),
    ]);
    folder.bff(&["init", "shop"]).expect(0, &[], &[]);
    folder.bff(&["init", "taken"]).expect(
        1,
        &[],
        &[
            "error: taken/README.md is there already",
            "help: name a folder that is new or empty",
        ],
    );
    assert_eq!(folder.read("taken/README.md"), "mine");
    assert!(!folder.path().join("taken/Cargo.toml").exists());
    folder
        .bff(&["init", "file"])
        .expect(1, &[], &["error: cannot "]);
}

/// Builds the runtime and all its dependencies: minutes the first time, seconds from then on.
#[test]
#[ignore = "builds a gateway from nothing"]
fn a_new_workspace_works_at_once() {
    let folder = Folder::fresh();
    let target = concat!(env!("CARGO_TARGET_TMPDIR"), "/fresh-workspace");
    let output = command()
        .current_dir(folder.path())
        .env("CARGO_TARGET_DIR", target)
        .args(["up", "--smoke"])
        .output()
        .unwrap();
    let (out, err) = (folder.text(&output.stdout), folder.text(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("ok    web  GET /books/{id}  200"), "{out}");
    assert!(err.contains("1 request, 0 wrong"), "{err}");
}
