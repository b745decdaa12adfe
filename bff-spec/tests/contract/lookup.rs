//! Operations by id and by route.

use bff_spec::contract::Lookup;

use crate::text;

#[test]
fn operations_are_found_by_id_and_route() {
    let loaded = text(include_str!("cases/operations.yaml"));
    let contract = loaded.contract.unwrap();
    let found = |name: &str| match contract.operation(name) {
        Lookup::Found(operation) => operation.route(),
        Lookup::Ambiguous(operations) => {
            let routes: Vec<String> = operations.iter().map(|op| op.route()).collect();
            format!("ambiguous: {}", routes.join(", "))
        }
        Lookup::Unknown(near) => format!("unknown, near {near:?}"),
    };
    let cases = [
        ("listUsers", "GET /users"),
        ("PUT /users/{id}", "PUT /users/{id}"),
        (
            "getUser",
            "ambiguous: GET /users/{id}, POST /users/{name}/{missing}",
        ),
        ("listUser", "unknown, near Some(\"listUsers\")"),
        ("PUT /user/{id}", "unknown, near Some(\"PUT /users/{id}\")"),
        ("nothing at all", "unknown, near None"),
    ];
    for (name, expected) in cases {
        assert_eq!(found(name), expected, "{name}");
    }
}
