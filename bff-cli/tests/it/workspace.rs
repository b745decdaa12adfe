use crate::Folder;

#[test]
fn the_workspace_is_found_from_below() {
    let folder = Folder::fresh();
    folder.write("src/deep/", "");
    for below in [".", "specs", "specs/upstreams", "src/deep"] {
        folder
            .bff_in(below, &["check"])
            .expect(0, &[], &["checked 1 spec: "]);
    }
}

#[test]
fn without_a_workspace_it_says_what_to_do() {
    let folder = Folder::with(&[
        ("only/specs/", ""),
        ("both/specs/", ""),
        ("both/Cargo.toml", "[workspace]\n"),
    ]);
    for (arguments, what, remedy) in [
        (
            &["check"][..],
            "error: no workspace in [HERE] or above it",
            "help: go to one, name one with --workspace DIR",
        ),
        (
            &["up"],
            "error: no workspace in [HERE] or above it",
            "`bff init DIR`",
        ),
        (
            &["check", "--workspace", "only"],
            "error: [HERE]/only is no workspace",
            "help: name the folder that holds `specs`",
        ),
        (
            &["check", "--workspace", "gone"],
            "error: cannot open the workspace gone: no such file",
            "",
        ),
        (
            &["check", "--workspace", "both"],
            "error: no spec in [HERE]/both/specs",
            "help: a spec is a YAML file",
        ),
    ] {
        folder.bff(arguments).expect(1, &[], &[what, remedy]);
    }
}

#[test]
fn specs_are_the_files_with_a_name() {
    let folder = Folder::fresh();
    folder.write("specs/shared.yaml", "fragments:\n  Money: \"{ amount }\"\n");
    folder.write("specs/notes.txt", "bff: notes\n");
    folder.write("specs/upstreams/odd.yaml", "bff: odd\n");
    folder.bff(&["check"]).expect(0, &[], &["checked 1 spec: "]);
    for (name, remedy) in [
        ("wbe", "did you mean `web`? there are: web"),
        ("nothing-like-it", "help: there are: web"),
    ] {
        for command in ["check", "generate", "build", "run", "up"] {
            let told = format!("error: no spec is named `{name}`");
            folder
                .bff(&[command, name])
                .expect(1, &[], &[&told, remedy]);
        }
    }
}
