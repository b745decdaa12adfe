//! A certificate for development, for gateways whose spec names one that nobody has set.
//!
//! It signs itself, for this machine's own names, and lasts as long as the command runs: nothing of it is kept.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use bff_spec::model::{Model, Pair, Text, TextPart};

use crate::failure::{Failure, Result};

/// Who is meant by it.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A certificate and its key, in PEM.
struct Made {
    cert: String,
    key: String,
}

/// Whether a gateway speaks TLS alone.
pub(crate) fn is_secured(model: &Model) -> bool {
    !model.server.listener.tls.is_empty()
}

/// Sets the variables that bring a certificate and its key, where neither is set.
pub(super) fn set_certificates(
    pairs: &[Pair],
    set: &dyn Fn(&str) -> Option<String>,
    environment: &mut BTreeMap<String, String>,
) -> Result<()> {
    for pair in pairs {
        if let (Some(cert), Some(key)) = (unset(&pair.cert, set), unset(&pair.key, set)) {
            let made = made()?;
            environment.insert(cert.to_owned(), made.cert.clone());
            environment.insert(key.to_owned(), made.key.clone());
        }
    }
    Ok(())
}

/// The variable that is the whole of a text, if it has no value.
fn unset<'t>(text: &'t Text, set: &dyn Fn(&str) -> Option<String>) -> Option<&'t str> {
    match text.parts.as_slice() {
        [
            TextPart::Variable {
                name,
                default: None,
            },
        ] if set(name).is_none() => Some(name),
        _ => None,
    }
}

fn made() -> Result<&'static Made> {
    static MADE: OnceLock<std::result::Result<Made, String>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let made = rcgen::generate_simple_self_signed(NAMES.map(str::to_owned));
        made.map_err(|error| error.to_string()).map(|made| Made {
            cert: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
        })
    });
    let words = "cannot make a certificate for development";
    made.as_ref()
        .map_err(|error| Failure::new(format!("{words}: {error}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_set_stays() {
        let variable = |name: &str| Text {
            parts: vec![TextPart::Variable {
                name: name.to_owned(),
                default: None,
            }],
            ..Text::default()
        };
        let pairs = ["ONE", "TWO"].map(|name| Pair {
            cert: variable(&format!("{name}_CERT")),
            key: variable(&format!("{name}_KEY")),
        });
        let set = |name: &str| (name == "TWO_KEY").then(|| "there".to_owned());
        let mut environment = BTreeMap::new();
        set_certificates(&pairs, &set, &mut environment).unwrap();
        let names: Vec<_> = environment.keys().map(String::as_str).collect();
        assert_eq!(names, ["ONE_CERT", "ONE_KEY"]);
        assert!(environment["ONE_CERT"].starts_with("-----BEGIN CERTIFICATE-----"));
    }
}
