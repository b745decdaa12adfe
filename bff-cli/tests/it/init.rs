use crate::Folder;

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
fn a_folder_with_other_things_becomes_a_workspace() {
    let manifest = "[workspace] # ours\nmembers = [\"tools\"]\n";
    let folder = Folder::with(&[
        ("a b/Cargo.toml", manifest),
        ("a b/README.md", "mine\n"),
        ("a b/.gitignore", "*.log\n"),
    ]);
    let done = folder.bff(&["init", "a b"]);
    done.expect(0, &[], &["Extended a b/Cargo.toml", "cd 'a b'"]);
    assert!(!done.err.contains("README"));
    assert_eq!(folder.read("a b/README.md"), "mine\n");
    let text = folder.read("a b/Cargo.toml");
    for part in [
        "[workspace] # ours\nmembers = [\"tools\", \"bffs/*\"]",
        "bff-runtime = ",
        "[profile.dist]",
    ] {
        assert!(text.contains(part), "{text}");
    }
    folder.bff_in("a b", &["check"]).expect(0, &[], &[]);

    // Again, as after an interruption: what is missing is added.
    std::fs::remove_file(folder.path().join("a b/specs/upstreams/books.openapi.yaml")).unwrap();
    let done = folder.bff_in("a b", &["init", "."]);
    done.expect(0, &[], &["Wrote ./specs/upstreams/books.openapi.yaml"]);
    assert!(
        !done.err.contains("cd ") && !done.err.contains("Extended"),
        "{}",
        done.err
    );
    assert_eq!(folder.read("a b/Cargo.toml"), text);
}
