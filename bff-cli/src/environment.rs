//! The variables a frontend reads, and what its texts come to with them.

use bff_spec::model::{KeySource, Model, SchemeKind, Text, TextPart};
use indexmap::IndexMap;

/// A variable a frontend reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    /// What stands in for it when it isn't set; none if it must be.
    pub(crate) default: Option<String>,
    /// What it is for: `upstream users: url`.
    pub(crate) purpose: String,
}

/// Every variable a frontend reads, in order of first use.
pub(crate) fn variables(model: &Model) -> IndexMap<String, Variable> {
    let mut all: IndexMap<String, Variable> = IndexMap::new();
    for (purpose, text) in texts(model) {
        for part in &text.parts {
            let TextPart::Variable { name, default } = part else {
                continue;
            };
            let entry = all.entry(name.clone()).or_insert_with(|| Variable {
                default: default.clone(),
                purpose: purpose.clone(),
            });
            if default.is_none() {
                entry.default = None;
            }
        }
    }
    all
}

/// Every file that a frontend's texts hold, in order of first use.
pub(crate) fn files(model: &Model) -> Vec<&str> {
    let parts = texts(model).into_iter().flat_map(|(_, text)| &text.parts);
    let mut all: Vec<&str> = Vec::new();
    for part in parts {
        if let TextPart::File(path) = part
            && !all.contains(&path.as_str())
        {
            all.push(path);
        }
    }
    all
}

/// Every text with its purpose.
fn texts(model: &Model) -> Vec<(String, &Text)> {
    let mut all = Vec::new();
    for upstream in &model.upstreams {
        all.push((format!("upstream {}: url", upstream.name), &upstream.url));
        for (header, text) in &upstream.headers {
            all.push((format!("upstream {}: header {header}", upstream.name), text));
        }
    }
    for (at, pair) in model.server.listener.tls.iter().enumerate() {
        all.push((format!("server: tls[{at}]: cert"), &pair.cert));
        all.push((format!("server: tls[{at}]: key"), &pair.key));
    }
    for scheme in &model.schemes {
        let jwt = match &scheme.kind {
            SchemeKind::Jwt(jwt) => jwt,
            SchemeKind::ApiKey(api_key) => {
                all.push((format!("auth {}: keys", scheme.name), &api_key.keys));
                continue;
            }
        };
        let (what, text) = match &jwt.keys {
            KeySource::Issuer(text) => ("issuer", text),
            KeySource::Jwks(text) => ("jwks", text),
            KeySource::Key(text) => ("key", text),
        };
        all.push((format!("auth {}: {what}", scheme.name), text));
        for text in &jwt.audience {
            all.push((format!("auth {}: audience", scheme.name), text));
        }
    }
    all
}

/// What a text comes to; nothing if a variable without a default isn't set, or if it reads a file.
pub(crate) fn resolve(text: &Text, set: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut whole = String::new();
    for part in &text.parts {
        match part {
            TextPart::Literal(literal) => whole.push_str(literal),
            TextPart::Variable { name, default } => {
                whole.push_str(&set(name).or_else(|| default.clone())?)
            }
            TextPart::File(_) => return None,
        }
    }
    Some(whole)
}

/// The process's own variable; one set to nothing counts as not set, as it does for a gateway.
pub(crate) fn process(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_resolve_with_what_is_set() {
        let variable = |name: &str, default: Option<&str>| TextPart::Variable {
            name: name.to_owned(),
            default: default.map(str::to_owned),
        };
        let set = |name: &str| (name == "SET").then(|| "s".to_owned());
        for (parts, expected) in [
            (
                vec![TextPart::Literal("a".to_owned()), variable("SET", None)],
                Some("as"),
            ),
            (vec![variable("SET", Some("d"))], Some("s")),
            (vec![variable("UNSET", Some("d"))], Some("d")),
            (vec![variable("UNSET", None)], None),
            (vec![TextPart::File("f".to_owned())], None),
        ] {
            let text = Text {
                parts,
                secret: false,
            };
            assert_eq!(resolve(&text, &set).as_deref(), expected);
        }
    }
}
