//! `docs/cli.md` is what the command says of itself; `docs/getting-started.md` is done literally.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Folder;

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(name)
}

/// The commands below one, as its help lists them.
fn below(help: &str) -> Vec<String> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let list = list.take_while(|line| !line.is_empty());
    let names = list.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

fn chapter(folder: &Folder, path: &[String], page: &mut String) {
    let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
    let done = folder.bff(&arguments);
    done.expect(0, &["Usage: bff"], &[]);
    let title = std::iter::once("bff").chain(path.iter().map(String::as_str));
    let title: Vec<&str> = title.collect();
    let help: Vec<&str> = done.out.lines().map(str::trim_end).collect();
    *page += &format!(
        "\n## {}\n\n```text\n{}\n```\n",
        title.join(" "),
        help.join("\n").trim()
    );
    for name in below(&done.out) {
        chapter(folder, &[path, &[name]].concat(), page);
    }
}

/// Written anew with `BLESS=1`.
#[test]
fn the_reference_of_commands_is_what_they_say() {
    let mut found =
        "# The commands\n\nWhat `bff COMMAND --help` says. `bff man` has it as manual pages, \
                     `bff completions` for shells.\n"
            .to_owned();
    chapter(&Folder::with(&[]), &[], &mut found);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(page("cli.md"), &found).unwrap();
    }
    let expected = std::fs::read_to_string(page("cli.md")).unwrap_or_default();
    assert!(
        found == expected,
        "docs/cli.md is stale: BLESS=1 writes it anew"
    );
}

#[test]
fn shells_complete_and_manuals_are_written() {
    let folder = Folder::with(&[]);
    for (shell, part) in [
        ("bash", "complete -F _bff"),
        ("zsh", "#compdef bff"),
        ("fish", "complete -c bff"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        folder
            .bff(&["completions", shell])
            .expect(0, &[part, "exposure"], &[]);
    }
    folder
        .bff(&["man"])
        .expect(0, &[".TH bff 1", "exposure"], &[]);
    folder
        .bff(&["man", "--dir", "man1"])
        .expect(0, &[], &["pages to man1"]);
    for name in ["bff", "bff-check", "bff-keys-new"] {
        let page = folder.read(&format!("man1/{name}.1"));
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
    }
}

/// The commands of a page: its `sh` blocks, but for the installation.
fn commands(page: &str) -> String {
    let mut script = "set -euo pipefail\nset -m\n".to_owned();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let block = lines.by_ref();
        match line {
            "```sh" => {
                for line in block.take_while(|line| *line != "```") {
                    script += line;
                    script.push('\n');
                }
            }
            "```sh install" => block.take_while(|line| *line != "```").for_each(drop),
            _ => {}
        }
    }
    script
}

/// `docs/deploy.md`, as far as it goes without an engine that builds images: its commands, and what those who read the files
/// say of them, where they are.
#[test]
fn deploying_is_done_literally() {
    let page = std::fs::read_to_string(page("deploy.md")).unwrap();
    let folder = Folder::fresh();
    folder.write("bin/", "");
    let bff = Path::new(env!("CARGO_BIN_EXE_bff"));
    std::os::unix::fs::symlink(bff, folder.path().join("bin/bff")).unwrap();
    let script = commands(&page);
    assert!(script.contains("--deploy kubernetes web"), "{script}");
    folder.write("run.sh", &script);
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", folder.path().join("bin").display());
    let output = Command::new("bash")
        .arg("run.sh")
        .current_dir(folder.path())
        .env("PATH", path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", folder.text(&output.stderr));
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let files = row.split('|').nth(2).unwrap().split('`').skip(1).step_by(2);
        for file in files {
            let file = file.replace("NAME", "web");
            assert!(
                folder.path().join("deploy/web").join(&file).is_file(),
                "no {file}"
            );
        }
    }
    let manifests = "resources: [../deploy/web/kubernetes.yaml]\n";
    folder.write("kustomize/kustomization.yaml", manifests);
    let kustomized = Command::new("kubectl")
        .args([
            "kustomize",
            "--load-restrictor",
            "LoadRestrictionsNone",
            "kustomize",
        ])
        .current_dir(folder.path())
        .output();
    match kustomized {
        Ok(done) => {
            let out = folder.text(&done.stdout);
            assert!(done.status.success(), "{}", folder.text(&done.stderr));
            for kind in ["ConfigMap", "Secret", "Deployment", "Service"] {
                assert!(
                    out.contains(&format!("kind: {kind}\n")),
                    "no {kind} in\n{out}"
                );
            }
        }
        Err(error) => eprintln!("skipped: no kubectl here ({error})"),
    }
}

/// Builds with what `cargo build --release` of this workspace has built already, as far as it has.
#[test]
#[ignore = "builds gateways"]
fn getting_started_is_done_literally() {
    let page = std::fs::read_to_string(page("getting-started.md")).unwrap();
    let folder = Folder::with(&[("shop/", ""), ("bin/", "")]);
    // The folder's `target` is this workspace's own: the runtime and what it takes are built once.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    std::os::unix::fs::symlink(target, folder.path().join("shop/target")).unwrap();
    let bff = Path::new(env!("CARGO_BIN_EXE_bff"));
    std::os::unix::fs::symlink(bff, folder.path().join("bin/bff")).unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", folder.path().join("bin").display());
    let script = commands(&page);
    assert!(script.lines().count() > 80, "{script}");
    folder.write("run.sh", &script);
    let output = Command::new("bash")
        .arg("run.sh")
        .current_dir(folder.path())
        .env_remove("CARGO")
        .env_remove("CARGO_TARGET_DIR")
        .env("PATH", path)
        .env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")
        .output()
        .unwrap();
    let (out, err) = (folder.text(&output.stdout), folder.text(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    for part in [
        "ok    web  GET /books/{id}  200",
        "ok    desk  GET /orders/{id}  200",
        "{\"status\":\"paid\"}",
    ] {
        assert!(out.contains(part), "no `{part}` in\n{out}\n{err}");
    }
    assert!(err.contains("Wrote specs/desk.yaml: 3 endpoints"), "{err}");
}
