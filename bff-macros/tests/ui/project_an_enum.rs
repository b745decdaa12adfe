mod rt {
    pub use bff_json as json;
}

#[derive(bff_macros::Project)]
#[project(crate = "rt")]
enum Choice {
    One,
}

fn main() {
    let _ = <Choice as bff_json::Project>::project("{}");
}
