//! What it takes to run a gateway: `tests/golden/NAME/deploy`, byte for byte, written with `BLESS=1`.

use std::path::Path;

use bff_codegen::{Target, deploy};
use bff_spec::model::Model;

use crate::golden;
use crate::spec::Files;

const CONTRACT: &str = r##"
openapi: 3.1.0
info: { title: Users, version: "1" }
paths:
  /users:
    get:
      operationId: users
      responses:
        "200": { description: All, content: { application/json: { schema: { type: array, items: { type: string } } } } }
"##;

/// With files in two folders, defaults, and a secret.
const PARTNER: &str = r#"
bff: partner
upstreams:
  users:
    contract: users.yaml
    url: "${USERS_URL:-http://127.0.0.1:9001}"
    headers: { x-api-key: "${file:/run/secrets/users.key}", x-caller: "${REGION:-eu \"west\"}", x-token: "${TOKEN}" }
auth:
  key: { api_key: { keys: "${file:/run/keys/partner.keys}" } }
  other: { jwt: { key: "${file:/run/secrets/issuer.pem}", audience: partner, algorithms: [ES256] } }
endpoints:
  GET /users: { auth: [key, other], calls: { users: users.users() }, response: "users: users" }
"#;

fn models() -> Vec<(&'static str, Model)> {
    let files = Files::of(&[("users.yaml", CONTRACT), ("partner.yaml", PARTNER)]);
    vec![
        ("depot", golden::model("depot", "specs/ops.yaml").0),
        ("kitchen", golden::model("kitchen", "specs/kitchen.yaml").0),
        ("partner", files.model("partner.yaml").0),
    ]
}

#[test]
fn files_are_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut stale = Vec::new();
    for (name, model) in models() {
        for target in [Target::Docker, Target::Systemd, Target::Kubernetes] {
            for file in deploy(&model, target) {
                let below = format!("deploy/{}/", model.name);
                let path = file.path.strip_prefix(&below).expect("its own folder");
                let path = folder.join(name).join("deploy").join(path);
                if std::fs::read_to_string(&path).unwrap_or_default() == file.contents {
                    continue;
                }
                if std::env::var_os("BLESS").is_some() {
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    std::fs::write(&path, &file.contents).unwrap();
                } else {
                    stale.push(path);
                }
            }
        }
    }
    assert!(stale.is_empty(), "BLESS=1 writes {stale:#?}");
}

#[test]
fn every_variable_and_file_is_named_and_no_secret_has_a_value() {
    for (_, model) in models() {
        for target in [Target::Docker, Target::Systemd, Target::Kubernetes] {
            let files = deploy(&model, target);
            let all: String = files.iter().map(|file| file.contents.as_str()).collect();
            let mut wanted = vec!["BFF_LISTEN", "BFF_ADMIN_LISTEN"];
            match model.name.as_str() {
                "ops" => wanted.extend(["DEPOT_URL", "DEPOT_KEY", "STAFF_KEY"]),
                "partner" => wanted.extend([
                    "USERS_URL",
                    "REGION",
                    "TOKEN",
                    "users.key",
                    "partner.keys",
                    "issuer.pem",
                ]),
                _ => {}
            }
            for name in wanted {
                assert!(all.contains(name), "{target:?} of {}: {name}", model.name);
            }
            assert!(!all.contains("{{"), "{target:?}: {all}");
        }
    }
}

/// What systemd says of its units; where there is no systemd, nothing is said.
#[test]
fn units_are_what_systemd_takes() {
    let folder = tempfile::tempdir().unwrap();
    for (_, model) in models() {
        let unit = deploy(&model, Target::Systemd).remove(0);
        // The programs aren't installed here, and systemd looks for them.
        let text = unit
            .contents
            .replace(&format!("/usr/bin/{}-bff", model.name), "/bin/true");
        let path = folder.path().join(format!("{}-bff.service", model.name));
        std::fs::write(&path, text).unwrap();
        let verified = std::process::Command::new("systemd-analyze")
            .args(["verify", "--man=no"])
            .arg(&path)
            .output();
        match verified {
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                let about_it: Vec<&str> = said
                    .lines()
                    .filter(|line| line.contains(&format!("{}-bff.service", model.name)))
                    .collect();
                assert!(output.status.success() && about_it.is_empty(), "{said}");
            }
            Err(error) => eprintln!("skipped: no systemd-analyze here ({error})"),
        }
    }
}
