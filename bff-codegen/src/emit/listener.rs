//! What a spec says of the public port: fields of `Server`, and the certificates it ends TLS with.

use std::time::Duration;

use bff_spec::model::{Listener, Pair};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::duration;
use super::upstreams::text;

/// The item that names TLS, where there is some; and the fields that aren't as usual.
pub(crate) fn listener(listener: &Listener) -> (TokenStream, TokenStream) {
    let bounds = bounds(listener);
    let mut fields = match bounds.is_empty() {
        true => TokenStream::new(),
        false => quote! { listener: Listener { #bounds ..Listener::USUAL }, },
    };
    if listener.tls.is_empty() {
        return (TokenStream::new(), fields);
    }
    let pairs = listener.tls.iter().map(|Pair { cert, key }| {
        let (cert, key) = (text(cert), text(key));
        quote! { Pair { cert: #cert, key: #key } }
    });
    fields.extend(quote! { tls: Some(&TLS), });
    let item = quote! {
        #[doc = " The certificates of the public port."]
        static TLS: Tls = Tls { pairs: &[#(#pairs),*] };
    };
    (item, fields)
}

fn bounds(listener: &Listener) -> TokenStream {
    let number = |number: &Option<u32>| {
        number.map(|number| {
            let number = Literal::u32_unsuffixed(number);
            quote! { #number }
        })
    };
    let time = |time: &Option<Duration>| time.map(duration);
    let fields = [
        (quote! { head_size }, number(&listener.head_size)),
        (quote! { head_count }, number(&listener.head_count)),
        (quote! { handshake }, time(&listener.handshake)),
        (quote! { header }, time(&listener.header)),
        (quote! { body }, time(&listener.body)),
        (quote! { write }, time(&listener.write)),
        (quote! { idle }, time(&listener.idle)),
        (quote! { min_rate }, number(&listener.min_rate)),
        (quote! { max }, number(&listener.max)),
        (quote! { per_address }, number(&listener.per_address)),
        (quote! { streams }, number(&listener.streams)),
        (quote! { resets }, number(&listener.resets)),
    ];
    fields
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| quote! { #name: #value, }))
        .collect()
}
