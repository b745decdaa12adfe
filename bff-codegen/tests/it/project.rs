//! `#[derive(Project)]`, used.

use bff_runtime::json::Project;

#[derive(bff_macros::Project)]
#[allow(dead_code)]
struct User {
    id: String,
    #[project(rename = "fullName")]
    full_name: Option<String>,
    #[project(path = "profile.imageUrl")]
    avatar: Option<String>,
    #[project(path = "profile.language")]
    language: String,
    tags: Vec<String>,
    score: f64,
    manager: Option<Person>,
    team: Vec<Person>,
    r#type: Option<Vec<Option<bool>>>,
}

#[derive(bff_macros::Project)]
#[allow(dead_code)]
#[project(crate = "::bff_runtime")]
struct Person {
    id: u64,
    #[project(path = "contact.mail")]
    mail: Option<String>,
}

#[test]
fn bodies_are_trimmed_to_the_struct() {
    let cases = [
        (
            r#"{"secret":1,"id":"u1","fullName":"A","profile":{"imageUrl":null,"language":"en","x":[]},"tags":["a", "b"],"score":1.0e1,"manager":{"id":2,"contact":{"mail":"m","phone":"p"}},"team":[{"id":3},null,{"id":4,"contact":null}],"type":[true,null]}"#,
            r#"{"id":"u1","fullName":"A","avatar":null,"language":"en","tags":["a", "b"],"score":1.0e1,"manager":{"id":2,"mail":"m"},"team":[{"id":3,"mail":null},null,{"id":4,"mail":null}],"type":[true,null]}"#,
        ),
        (
            "{}",
            r#"{"id":null,"fullName":null,"avatar":null,"language":null,"tags":null,"score":null,"manager":null,"team":null,"type":null}"#,
        ),
        ("[]", "null"),
    ];
    for (body, want) in cases {
        assert_eq!(
            String::from_utf8(User::project(body).unwrap()).unwrap(),
            want,
            "{body}"
        );
    }
    assert!(User::project("{\"id\":").is_err());
}
