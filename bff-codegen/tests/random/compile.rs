//! Accepted specs as the crates that are generated from them, which the compiler checks: dear, so on demand, and in CI.
//!
//! `cargo test -p bff-codegen --test random -- --ignored`

use std::path::Path;
use std::process::Command;

use crate::contracts::{Beside, Contracts};
use crate::{grow, setting};

#[test]
#[ignore = "compiles crates of its own"]
fn accepted_specs_compile_without_a_warning() {
    let contracts = Contracts::read();
    let wanted = setting("SPECS", 8);
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let mut members = Vec::new();
    for seed in setting("SEED", 0).. {
        let name = format!("grown-{seed}");
        let spec = grow::spec(&contracts, seed).replace("bff: grown", &format!("bff: {name}"));
        let beside = Beside {
            spec: &spec,
            contracts: &contracts,
        };
        let checked = bff_spec::check(&beside, "spec.yaml");
        let Some(model) = checked.model else {
            continue;
        };
        for file in bff_codegen::generate(&model, &checked.sources) {
            write(&format!("{name}/{}", file.path), &file.contents);
        }
        members.push(name);
        if members.len() as u64 == wanted {
            break;
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap();
    std::fs::copy(root.join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    let runtime = root.join("bff-runtime");
    write(
        "Cargo.toml",
        &format!(
            "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[workspace.dependencies]\nbff-runtime.path = {runtime:?}\n"
        ),
    );
    // The same folder as everything else: the runtime is there already.
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), Into::into);
    let cargo = Command::new(env!("CARGO"))
        .args([
            "check",
            "--workspace",
            "--offline",
            "--quiet",
            "--target-dir",
        ])
        .arg(target)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&cargo.stderr);
    assert!(cargo.status.success(), "{said}");
    assert!(!said.contains("warning:"), "{said}");
}
