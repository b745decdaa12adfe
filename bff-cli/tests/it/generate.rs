use std::time::SystemTime;

use crate::Folder;

fn changed(folder: &Folder, path: &str) -> SystemTime {
    std::fs::metadata(folder.path().join(path))
        .unwrap()
        .modified()
        .unwrap()
}

#[test]
fn only_what_changes_is_written() {
    let folder = Folder::fresh();
    folder.bff(&["generate"]).expect(
        0,
        &[],
        &["Wrote bffs/web/Cargo.toml", "Wrote bffs/web/src/lib.rs"],
    );
    let before = changed(&folder, "bffs/web/src/lib.rs");
    let done = folder.bff(&["generate"]);
    done.expect(0, &[], &["1 frontend up to date"]);
    assert!(!done.err.contains("Wrote"));
    folder.edit("specs/web.yaml", "limit = 3", "limit = 4");
    let done = folder.bff(&["generate", "web"]);
    done.expect(0, &[], &["Wrote bffs/web/src/"]);
    assert_eq!(changed(&folder, "bffs/web/src/lib.rs"), before);
    let done = folder.bff(&["generate", "--quiet"]);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
}

#[test]
fn check_names_what_is_stale_and_writes_nothing() {
    let folder = Folder::fresh();
    folder.bff(&["generate", "--check"]).expect(
        1,
        &["bffs/web/src/lib.rs: missing"],
        &["`bff generate` puts that right"],
    );
    assert!(!folder.path().join("bffs").exists());
    folder.bff(&["generate"]).expect(0, &[], &[]);
    folder
        .bff(&["generate", "--check"])
        .expect(0, &[], &["1 frontend up to date"]);

    folder.edit(
        "bffs/web/src/lib.rs",
        "@generated",
        "@generated, and edited",
    );
    folder.write("bffs/web/src/old.rs", "// @generated long ago\n");
    folder.write("bffs/web/src/own.rs", "// ours\n");
    let done = folder.bff(&["generate", "--check"]);
    done.expect(
        1,
        &[
            "bffs/web/src/lib.rs: stale",
            "bffs/web/src/old.rs: no longer generated",
        ],
        &["2 files not as"],
    );
    assert_eq!(done.out.lines().count(), 2);
    folder
        .bff(&["generate"])
        .expect(0, &[], &["Removed bffs/web/src/old.rs"]);
    assert_eq!(folder.read("bffs/web/src/own.rs"), "// ours\n");
    folder.bff(&["generate", "--check"]).expect(0, &[], &[]);
}

#[test]
fn the_workspaces_manifest_is_kept_true() {
    let folder = Folder::fresh();
    folder.edit(
        "Cargo.toml",
        "members = [\"bffs/*\"]",
        "members = [] # by hand",
    );
    folder
        .bff(&["generate", "--check"])
        .expect(1, &["Cargo.toml: stale"], &[]);
    folder
        .bff(&["generate"])
        .expect(0, &[], &["Wrote Cargo.toml"]);
    assert!(
        folder
            .read("Cargo.toml")
            .contains("members = [\"bffs/web\"] # by hand")
    );
    folder.edit("Cargo.toml", "bff-runtime", "other");
    folder.edit("specs/web.yaml", "limit = 3", "limit = 4");
    folder.bff(&["generate"]).expect(
        1,
        &[],
        &[
            "doesn't say where the runtime is",
            "help: add `bff-runtime = \"",
        ],
    );
    folder.write("Cargo.toml", "[workspace\n");
    folder
        .bff(&["generate"])
        .expect(1, &[], &["Cargo.toml is no valid TOML"]);
}

#[test]
fn a_crate_whose_spec_is_gone_is_told_of() {
    let folder = Folder::fresh();
    folder.write("bffs/old/Cargo.toml", "# @generated\n");
    folder
        .bff(&["generate"])
        .expect(0, &[], &["warning: bffs/old has no spec any more"]);
    assert!(folder.path().join("bffs/old").exists());
}

#[test]
fn a_system_that_cannot_be_started_is_told_of_before_it_is_built() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap();
    for (url, told, remedy) in [
        (
            "https://books.example.com".to_owned(),
            "error: upstream `books` has a fixed url, so no mock can stand in for it".to_owned(),
            "help: let the url be a variable",
        ),
        (
            format!("http://{taken}"),
            format!(
                "error: port {} on 127.0.0.1 is taken, and upstream `books` should listen there",
                taken.port()
            ),
            "help: stop what listens there",
        ),
    ] {
        let folder = Folder::fresh();
        folder.edit(
            "specs/web.yaml",
            "${BOOKS_URL:-http://127.0.0.1:9001}",
            &url,
        );
        folder.bff(&["up"]).expect(1, &[], &[&told, remedy]);
        assert!(!folder.path().join("bffs").exists());
    }
}

#[test]
fn hooks_are_the_teams_and_what_they_lack_is_told() {
    let folder = Folder::fresh();
    let spec = folder.read("specs/web.yaml");
    let plain = "\n  GET /hello:\n    auth: none\n    response: |\n      greeting: \"hello\"\n";
    folder.write(
        "specs/web.yaml",
        &format!("{spec}{plain}    transform: greet\n"),
    );
    folder
        .bff(&["generate", "--check"])
        .expect(1, &["bffs/web/src/hooks.rs: missing"], &[]);
    folder
        .bff(&["generate"])
        .expect(0, &[], &["Wrote bffs/web/src/hooks.rs"]);
    let first = folder.read("bffs/web/src/hooks.rs");
    let head = "pub fn greet(answer: types::GetHello) -> Result<types::GetHello, HookError> {";
    assert!(first.contains(head), "{first}");
    folder.bff(&["generate", "--check"]).expect(0, &[], &[]);

    // The team's from now on: what it makes of the file stays.
    let own = first.replace("    Ok(answer)", "    // ours\n    Ok(answer)");
    folder.write("bffs/web/src/hooks.rs", &own);
    folder.bff(&["generate", "--check"]).expect(0, &[], &[]);
    folder.bff(&["generate"]).expect(0, &[], &["up to date"]);
    assert_eq!(folder.read("bffs/web/src/hooks.rs"), own);

    folder.edit("specs/web.yaml", "transform: greet", "transform: welcome");
    folder.bff(&["generate"]).expect(
        0,
        &[],
        &[
            "warning: bffs/web/src/hooks.rs has no function `welcome`, which `GET /hello` names; add it:",
            "pub fn welcome(answer: types::GetHello) -> Result<types::GetHello, HookError> {",
            "note: bffs/web/src/hooks.rs:",
            "no endpoint of specs/web.yaml names `greet`",
        ],
    );
    folder
        .bff(&["generate", "--check"])
        .expect(1, &[], &["has no function `welcome`"]);
    folder.edit(
        "bffs/web/src/hooks.rs",
        "pub fn greet",
        "pub async fn welcome",
    );
    folder.bff(&["generate", "--check"]).expect(
        1,
        &[],
        &["`welcome` is not what `GET /hello` needs: it is `async`"],
    );

    folder.write("specs/web.yaml", &spec);
    folder.bff(&["generate"]).expect(
        0,
        &[],
        &["note: bffs/web/src/hooks.rs is no part of its crate"],
    );
    assert!(folder.read("bffs/web/src/hooks.rs").contains("// ours"));
}
