//! Contracts others wrote.

use std::path::Path;

use bff_spec::codes::Code;

use crate::{Folder, loaded};

/// File, operations, operations with a fault.
const EXPECTED: &[(&str, usize, usize)] = &[
    ("box.json", 296, 0),
    ("petstore-3.0.yaml", 19, 0),
    ("realworld-conduit.yaml", 19, 0),
    ("redocly-museum.yaml", 8, 0),
    ("twilio-api-v2010.json", 197, 0),
];

#[test]
fn contracts_others_wrote_load_without_a_fault() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/openapi");
    if !folder.is_dir() {
        assert!(
            std::env::var_os("BFF_REQUIRE_FIXTURES").is_none(),
            "the fixtures are required and not there"
        );
        eprintln!("skipped: there is no {}", folder.display());
        return;
    }
    for (name, operations, faulty) in EXPECTED {
        let loaded = loaded(&Folder(folder.clone()), name);
        assert_eq!(loaded.diagnostics, [], "{name}");
        let contract = loaded.contract.expect("a contract");
        assert_eq!(contract.operations.len(), *operations, "{name}");
        let faults: Vec<_> = contract
            .operations
            .iter()
            .filter(|op| !op.faults.is_empty())
            .collect();
        assert_eq!(faults.len(), *faulty, "{name}: {faults:#?}");
    }
    let swagger = loaded(&Folder(folder), "netlify-swagger2.yaml");
    assert!(swagger.contract.is_none());
    let codes: Vec<Code> = swagger.diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, [Code::ContractVersion]);
}
