//! For people who write Rust by hand: a whole gateway in place, and structs that trim JSON.
//!
//! Both expand to what `bff generate` would write; all they do themselves is read files.

use std::path::PathBuf;

use bff_spec::source::SourceLoader;
use proc_macro::TokenStream;

/// The gateway of a spec, where the macro stands: its modules, and `pub static BFF`.
///
/// The path is relative to the folder of the crate's manifest, as are those within the spec. The macro is expanded again when
/// one of the files changes. `crate = path` says where the runtime is, if not at `::bff_runtime`.
///
/// The functions that the spec names with `transform` are those of a module `hooks` beside the macro, or of the one that
/// `hooks = path` names. Their types are in the module `types` that the macro makes.
///
/// ```ignore
/// bff_macros::bff!("specs/web.yaml");
///
/// fn main() -> std::process::ExitCode {
///     bff_runtime::main(&BFF)
/// }
/// ```
#[proc_macro]
pub fn bff(arguments: TokenStream) -> TokenStream {
    bff_codegen::in_place(arguments.into(), &Disk::default()).into()
}

/// Makes a struct say which part of a body to keep: see `bff_runtime::json::Project`.
///
/// A field is kept under its name. `#[project(rename = "imageUrl")]` gives the name it has in JSON, `#[project(path =
/// "profile.imageUrl")]` where to take it from. Fields are bools, numbers, Strings, structs that derive `Project`, and Options
/// and Vecs of them. `#[project(crate = "path")]` on the struct says where the runtime is, if not at `::bff_runtime`.
#[proc_macro_derive(Project, attributes(project))]
pub fn project(input: TokenStream) -> TokenStream {
    bff_codegen::project(input.into()).into()
}

/// Files below the folder of the manifest of the crate that is compiled.
struct Disk(PathBuf);

impl Default for Disk {
    fn default() -> Disk {
        Disk(
            std::env::var_os("CARGO_MANIFEST_DIR")
                .map(PathBuf::from)
                .unwrap_or_default(),
        )
    }
}

impl SourceLoader for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(path)).map_err(|error| error.to_string())
    }
}
