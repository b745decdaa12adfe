//! `bff!("specs/web.yaml")`: a whole gateway where the macro stands.
//!
//! In come the macro's arguments and a loader, out come modules and `BFF`, or an error for each finding that is one and a
//! gateway without endpoints beside them, so that one mistake is one error.

use bff_spec::Checked;
use bff_spec::diagnostic::Severity;
use bff_spec::source::SourceLoader;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitStr, Token};

/// The gateway of the spec the arguments name, as items. Paths are relative to what the loader reads from, which must be the
/// folder of the manifest.
///
/// Functions that the spec names with `transform` stand in the module `hooks` beside the gateway, or where `hooks = path` says.
/// Each is held to its type:
///
/// ```
/// mod gateway {
///     mod hooks {
///         use super::types::GetHello;
///         use bff_runtime::HookError;
///
///         pub fn greet(mut answer: GetHello) -> Result<GetHello, HookError> {
///             answer.greeting.push('!');
///             Ok(answer)
///         }
///     }
///     bff_macros::bff!("tests/in_place/hello.yaml");
/// }
/// ```
///
/// ```compile_fail,E0308
/// mod gateway {
///     mod hooks {
///         use super::types::GetHello;
///         use bff_runtime::HookError;
///
///         pub fn greet(answer: &GetHello) -> Result<GetHello, HookError> {
///             Ok(answer.clone())
///         }
///     }
///     bff_macros::bff!("tests/in_place/hello.yaml");
/// }
/// ```
pub fn in_place(arguments: TokenStream, loader: &dyn SourceLoader) -> TokenStream {
    let arguments: Arguments = match syn::parse2(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return error.into_compile_error(),
    };
    let runtime = &arguments.runtime;
    let checked = bff_spec::check(loader, &arguments.spec.value());
    // The compiler expands the macro again when one of these changes. One that can't be read has no text.
    let files = checked.sources.iter().filter(|file| !file.text.is_empty()).map(|file| {
        let path = &file.path;
        quote! { const _: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/", #path)); }
    });
    let files: TokenStream = files.collect();
    let items = match &checked.model {
        Some(model) => {
            crate::emit::in_place(model, &checked.sources, runtime, arguments.hooks.as_ref())
        }
        None => {
            let errors = errors(&checked)
                .into_iter()
                .map(|words| syn::Error::new(arguments.spec.span(), words));
            let errors = errors.map(syn::Error::into_compile_error);
            quote! { #(#errors)* #[doc = " No gateway: its spec has errors."] pub static BFF: #runtime::plan::Bff = #runtime::plan::Bff::NONE; }
        }
    };
    quote! { #files #items }
}

/// `"specs/web.yaml"`, perhaps with `hooks = path` and `crate = path` behind it.
struct Arguments {
    spec: LitStr,
    /// Where the functions are that the spec names with `transform`.
    hooks: Option<syn::Path>,
    runtime: TokenStream,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Arguments> {
        let spec = input.parse()?;
        let mut runtime = quote! { ::bff_runtime };
        let mut hooks = None;
        while input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            if input.peek(Token![crate]) {
                input.parse::<Token![crate]>()?;
                input.parse::<Token![=]>()?;
                runtime = input.parse::<syn::Path>()?.into_token_stream();
                continue;
            }
            let name: Ident = input.parse()?;
            if name != "hooks" {
                return Err(syn::Error::new(
                    name.span(),
                    "`hooks = path` says where the functions are that the spec names, `crate = path` where the runtime is",
                ));
            }
            input.parse::<Token![=]>()?;
            hooks = Some(input.parse()?);
        }
        Ok(Arguments {
            spec,
            hooks,
            runtime,
        })
    }
}

/// Each error in words, with its place at the end.
fn errors(checked: &Checked) -> Vec<String> {
    let errors = checked
        .diagnostics
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    errors
        .map(|finding| {
            let help = finding
                .help
                .as_ref()
                .map(|help| format!("\nhelp: {help}"))
                .unwrap_or_default();
            let (start, _) = checked.sources.lines(finding.place);
            let file = checked
                .sources
                .get(finding.place.file)
                .map_or("?", |file| file.path.as_str());
            let (code, message) = (finding.code.as_str(), &finding.message);
            format!(
                "{code}: {message}{help}\n --> {file}:{}:{}",
                start.line, start.column
            )
        })
        .collect()
}
