//! Contracts made to hurt: each ends in a contract or a diagnostic, soon.

use bff_spec::codes::Code;
use bff_spec::contract::Kind;

use crate::{Loaded, Texts, loaded, text};

/// A contract with one operation that answers with `S0`, and these schemas.
fn with_schemas(schemas: &str) -> Loaded {
    text(&format!(
        "openapi: 3.1.0
paths:
  /a:
    get:
      responses:
        200: {{ description: '', content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/S0' }} }} }} }}
components:
  schemas:
{schemas}"
    ))
}

/// The codes of the operation's faults.
fn faults(loaded: &Loaded) -> Vec<Code> {
    let contract = loaded.contract.as_ref().expect("a contract");
    let mut codes: Vec<Code> = contract.operations[0]
        .faults
        .iter()
        .map(|d| d.code)
        .collect();
    codes.dedup();
    codes
}

fn chain(length: usize, link: impl Fn(usize) -> String) -> String {
    (0..length)
        .map(|i| format!("    S{i}: {}\n", link(i + 1)))
        .collect()
}

#[test]
fn a_long_chain_of_fields_is_no_matter() {
    let mut schemas = chain(5_000, |next| {
        format!(
            "{{ type: object, properties: {{ next: {{ $ref: '#/components/schemas/S{next}' }} }} }}"
        )
    });
    schemas.push_str("    S5000: { type: string }\n");
    let loaded = with_schemas(&schemas);
    assert_eq!(faults(&loaded), []);
}

#[test]
fn long_chains_of_references_alternatives_and_parts_end() {
    let links: [fn(usize) -> String; 3] = [
        |next| format!("{{ $ref: '#/components/schemas/S{next}' }}"),
        |next| {
            format!("{{ allOf: [{{ $ref: '#/components/schemas/S{next}' }}, {{ type: object }}] }}")
        },
        |next| format!("{{ oneOf: [{{ $ref: '#/components/schemas/S{next}' }}] }}"),
    ];
    for link in links {
        let mut schemas = chain(2_000, link);
        schemas.push_str("    S2000: { type: string }\n");
        let loaded = with_schemas(&schemas);
        assert!(loaded.contract.is_some());
    }
    let mut schemas = chain(2_000, |next| {
        format!(
            "{{ oneOf: [{{ $ref: '#/components/schemas/S{next}' }}, {{ type: integer }}, {{ type: object, properties: {{ a: {{}} }} }}] }}"
        )
    });
    schemas.push_str("    S2000: { type: string }\n");
    assert!(with_schemas(&schemas).contract.is_some());
}

#[test]
fn circles_are_told() {
    let cases = [
        ("    S0: { $ref: '#/components/schemas/S0' }\n", true),
        (
            "    S0: { $ref: '#/components/schemas/S1' }\n    S1: { $ref: '#/components/schemas/S0' }\n",
            true,
        ),
        (
            "    S0: { allOf: [{ $ref: '#/components/schemas/S1' }] }\n    S1: { allOf: [{ $ref: '#/components/schemas/S0' }] }\n",
            true,
        ),
        (
            "    S0: { allOf: [{ $ref: '#/components/schemas/S0' }, { type: object }] }\n",
            true,
        ),
        (
            "    S0: { oneOf: [{ $ref: '#/components/schemas/S0' }, { type: string }] }\n",
            false,
        ),
        (
            "    S0: { type: array, items: { $ref: '#/components/schemas/S0' } }\n",
            false,
        ),
        (
            "    S0: { type: object, additionalProperties: { $ref: '#/components/schemas/S0' } }\n",
            false,
        ),
    ];
    for (schemas, circle) in cases {
        let expected: &[Code] = if circle {
            &[Code::ContractReference]
        } else {
            &[]
        };
        assert_eq!(faults(&with_schemas(schemas)), expected, "{schemas}");
    }
    let items =
        "openapi: 3.0.0\npaths:\n  /a: { $ref: '#/paths/~1b' }\n  /b: { $ref: '#/paths/~1a' }\n";
    let loaded = text(items);
    let codes: Vec<Code> = loaded.diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, [Code::ContractReference, Code::ContractReference]);
}

#[test]
fn alternatives_that_multiply_end() {
    // Each schema has alternatives beside fields, so that every member is merged with them, again and again.
    let mut schemas = String::new();
    for i in 0..40 {
        let (a, b) = ((i * 7 + 1) % 40, (i * 11 + 3) % 40);
        schemas.push_str(&format!(
            "    S{i}: {{ properties: {{ f{i}: {{ $ref: '#/components/schemas/S{a}' }} }}, oneOf: [{{ $ref: '#/components/schemas/S{a}' }}, {{ $ref: '#/components/schemas/S{b}' }}] }}\n"
        ));
    }
    let loaded = with_schemas(&schemas);
    assert!(loaded.contract.is_some());
}

#[test]
fn a_wide_all_of_merges_once() {
    let members: Vec<String> = (0..2_000)
        .map(|i| format!("{{ properties: {{ p{i}: {{ type: string }} }} }}"))
        .collect();
    let loaded = with_schemas(&format!("    S0: {{ allOf: [{}] }}\n", members.join(", ")));
    let contract = loaded.contract.as_ref().unwrap();
    let ty = loaded
        .types
        .get(contract.operations[0].responses[0].content[0].ty);
    match &ty.kind {
        Kind::Object(object) => assert_eq!(object.fields.len(), 2_000),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_missing_contract_is_told_where_it_is_named() {
    let loaded = loaded(&Texts(&[]), "gone.yaml");
    assert!(loaded.contract.is_none());
    let diagnostic = &loaded.diagnostics[0];
    assert_eq!(diagnostic.code, Code::FileUnreadable);
    assert_eq!(loaded.sources.text(diagnostic.place), "gone.yaml");
}

#[test]
fn every_prefix_of_a_contract_ends_well() {
    let whole = include_str!("cases/variants.yaml");
    for end in (0..whole.len()).step_by(37) {
        text(&whole[..end]);
    }
    let json = r##"{"openapi":"3.1.0","paths":{"/a/{b}":{"get":{"parameters":[{"name":"b","in":"path","schema":{"$ref":"#/x"}}],"responses":{"200":{"content":{"application/json":{"schema":{"oneOf":[{"type":["null"]},{"enum":[1,"a"]}]}}}}}}}}}"##;
    for end in 0..json.len() {
        text(&json[..end]);
    }
}

#[test]
fn wrong_shapes_everywhere_end_well() {
    let shapes = ["1", "text", "[]", "[1]", "{}", "{ a: 1 }", "null", "true"];
    let keys = [
        "type",
        "properties",
        "required",
        "items",
        "prefixItems",
        "allOf",
        "oneOf",
        "anyOf",
        "enum",
        "const",
        "additionalProperties",
        "patternProperties",
        "discriminator",
        "nullable",
        "minimum",
        "exclusiveMinimum",
        "maxLength",
        "pattern",
        "format",
        "default",
        "example",
        "examples",
        "description",
        "$ref",
        "not",
    ];
    for key in keys {
        for shape in shapes {
            let loaded = with_schemas(&format!("    S0: {{ {key}: {shape} }}\n"));
            assert!(loaded.contract.is_some(), "{key}: {shape}");
        }
    }
    for key in [
        "parameters",
        "requestBody",
        "responses",
        "operationId",
        "deprecated",
    ] {
        for shape in shapes {
            text(&format!(
                "openapi: 3.0.0\npaths:\n  /a:\n    {key}: {shape}\n    get:\n      {key}: {shape}\n"
            ));
        }
    }
    for shape in shapes {
        text(&format!("openapi: 3.0.0\npaths: {shape}\n"));
        text(&format!("openapi: 3.0.0\npaths: {{ /a: {shape} }}\n"));
        text(&format!(
            "openapi: 3.0.0\npaths: {{ /a: {{ get: {shape} }} }}\n"
        ));
        text(&format!(
            "openapi: 3.0.0\npaths: {{ /a: {{ get: {{ parameters: [{shape}], responses: {{ 200: {shape} }} }} }} }}\n"
        ));
        text(&format!(
            "openapi: 3.0.0\npaths: {{ /a: {{ get: {{ responses: {{ 200: {{ headers: {shape}, content: {{ a/b: {shape} }} }} }} }} }} }}\n"
        ));
        text(&format!("openapi: {shape}\n"));
    }
}
