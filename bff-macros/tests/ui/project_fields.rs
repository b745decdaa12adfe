mod rt {
    pub use bff_json as json;
}

#[derive(bff_macros::Project)]
#[project(crate = "rt")]
struct User {
    #[project(path = "profile..imageUrl")]
    avatar: String,
    #[project(renamed = "fullName")]
    full_name: String,
    pair: (u8, u8),
    profile: String,
    #[project(path = "profile.language")]
    language: String,
}

fn main() {
    let _ = <User as bff_json::Project>::project("{}");
}
