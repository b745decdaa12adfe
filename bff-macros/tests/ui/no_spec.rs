// A runtime under another name, with nothing in it but what stands in for a gateway that can't be made.
mod rt {
    pub mod plan {
        pub struct Bff;
        impl Bff {
            pub const NONE: Bff = Bff;
        }
    }
}

bff_macros::bff!("specs/none.yaml", crate = crate::rt);

fn main() {
    let _ = &BFF;
}
