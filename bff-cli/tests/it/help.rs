use crate::Folder;

#[test]
fn help_teaches() {
    let folder = Folder::with(&[]);
    folder.bff(&["--help"]).expect(
        0,
        &["First steps:", "bff up", "Exit codes:", "init", "check"],
        &[],
    );
    for command in [
        "init", "new", "check", "explain", "exposure", "generate", "build", "run", "mock", "dev",
        "up",
    ] {
        let example = format!("  bff {command}");
        let example = if command == "run" {
            " bff run web"
        } else {
            &example
        };
        folder.bff(&["help", command]).expect(
            0,
            &["Examples:", example, "Exit codes:", "--workspace <DIR>"],
            &[],
        );
    }
    folder
        .bff(&["--version"])
        .expect(0, &[env!("CARGO_PKG_VERSION")], &[]);
}

#[test]
fn what_is_not_understood_is_two() {
    let folder = Folder::fresh();
    for (arguments, told) in [
        (&[][..], "Usage: bff"),
        (&["chek"], "check"),
        (&["new"], "<NAME>"),
        (&["new", "web"], "--from <CONTRACT>"),
        (
            &["check", "--format", "xml"],
            "[possible values: human, json, github]",
        ),
        (&["check", "--fromat", "json"], "--format"),
        (&["run"], "<NAME>"),
        (&["mock", "--listen", "home"], "invalid"),
        (&["mock", "--port-base", "70000"], "65535"),
        (&["init"], "<DIR>"),
        (&["--color", "blue", "check"], "blue"),
    ] {
        folder.bff(arguments).expect(2, &[], &[told]);
    }
}
