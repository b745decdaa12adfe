bff_macros::bff!("specs/none.yaml", hook = crate::hooks);

fn main() {}
