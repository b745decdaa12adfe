//! Contracts that others wrote, all the way: `bff init`, `bff new` over each, `bff build`, and every endpoint asked.

use std::collections::BTreeMap;
use std::path::Path;

use crate::{Folder, command};

/// How many endpoints are proposed for each contract, at most.
const ENDPOINTS: &str = "40";

/// From an empty folder outside of the repository. Every answer comes from a built gateway in front of a mock of its
/// upstream, and is held to what its endpoint's response says. Builds with what `cargo build --release` of this workspace
/// has built already, as far as it has.
#[test]
#[ignore = "builds gateways"]
fn contracts_of_others_become_gateways_that_answer() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/openapi");
    if !fixtures.is_dir() {
        let required = std::env::var_os("BFF_REQUIRE_FIXTURES").is_some();
        assert!(!required, "the fixtures are required and not there");
        println!("skipped: there is no {}", fixtures.display());
        return;
    }
    let folder = Folder::with(&[]);
    folder.bff(&["init", "others"]).expect(0, &[], &[]);
    // The folder's `target` is this workspace's own: the runtime and what it takes are built once.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    std::os::unix::fs::symlink(target, folder.path().join("others/target")).unwrap();

    let contracts = std::fs::read_dir(&fixtures).unwrap();
    let mut contracts: Vec<String> = contracts
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".yaml") || name.ends_with(".json"))
        .collect();
    contracts.sort();
    let mut expected = BTreeMap::from([("web".to_owned(), 1)]);
    for contract in &contracts {
        let name = contract.split(['-', '.']).next().unwrap();
        let from = fixtures.join(contract).display().to_string();
        let new = [
            "new",
            name,
            "--writes",
            "--endpoints",
            ENDPOINTS,
            "--from",
            &from,
        ];
        let done = folder.bff_in("others", &new);
        done.expect(0, &[], &[&format!("Wrote specs/{name}.yaml: ")]);
        let told = done.err.lines().find_map(|line| {
            let (_, rest) = line.split_once(&format!("Wrote specs/{name}.yaml: "))?;
            rest.split(' ').next()?.parse::<usize>().ok()
        });
        expected.insert(name.to_owned(), told.unwrap());
    }
    assert!(contracts.len() >= 6, "{contracts:?}");

    built(&folder, &["check"]).expect(0, &[], &["checked 7 specs: "]);
    built(&folder, &["build", "--dev"]).expect(0, &[], &[]);
    for name in expected.keys() {
        let binary = target.join("release").join(format!("{name}-bff"));
        assert!(binary.is_file(), "no {}", binary.display());
    }
    let done = built(&folder, &["up", "--smoke"]);
    let mut right: BTreeMap<String, usize> = BTreeMap::new();
    for line in done.out.lines() {
        let mut words = line.split_whitespace();
        if let (Some("ok" | "skip"), Some(name)) = (words.next(), words.next()) {
            *right.entry(name.to_owned()).or_default() += 1;
        }
    }
    println!("{right:?} of {expected:?}");
    let skipped = done
        .out
        .lines()
        .filter(|line| line.starts_with("skip"))
        .count();
    assert_eq!(
        (&right, skipped),
        (&expected, 0),
        "{}\n{}",
        done.out,
        done.err
    );
    done.expect(0, &[], &[" 0 wrong"]);
}

fn built(folder: &Folder, arguments: &[&str]) -> crate::Done {
    let output = command()
        .current_dir(folder.path().join("others"))
        .args(arguments)
        .env_remove("CARGO_TARGET_DIR")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")
        .output()
        .unwrap();
    crate::Done {
        code: output.status.code(),
        out: folder.text(&output.stdout),
        err: folder.text(&output.stderr),
    }
}
