//! Names for what a contract calls otherwise: upstreams, calls, parameters.

/// Words that can't name calls: they mean something.
const RESERVED: &[&str] = &[
    "claims", "path", "query", "header", "cookie", "body", "on", "each", "true", "false", "null",
];

/// The name of a contract's upstream, from its file's: `orders.openapi.yaml` → `orders`.
pub(crate) fn upstream(file: &str) -> String {
    let mut stem = file;
    for end in [".yaml", ".yml", ".json"] {
        stem = stem.strip_suffix(end).unwrap_or(stem);
    }
    for end in ["openapi", "swagger"] {
        if let Some(rest) = stem.strip_suffix(end) {
            stem = rest.trim_end_matches(['.', '-', '_']);
        }
    }
    let kebab = kebab(stem);
    let mut parts: Vec<&str> = kebab.split('-').collect();
    while parts.len() > 1 && parts.last().is_some_and(|part| is_version(part)) {
        parts.pop();
    }
    match parts.join("-") {
        name if name.is_empty() => "upstream".to_owned(),
        name => name,
    }
}

/// `v2`, `3`, `swagger2`: what says nothing of the service.
fn is_version(part: &str) -> bool {
    let digits = ["swagger", "openapi", "v"]
        .iter()
        .find_map(|start| part.strip_prefix(start))
        .unwrap_or(part);
    digits.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a name sounds like something to keep secret.
pub(crate) fn sounds_secret(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "password",
        "passwd",
        "secret",
        "apikey",
        "privatekey",
        "ssn",
        "cvv",
        "cvc",
    ];
    let name = folded(name);
    WORDS.iter().any(|word| name.contains(word))
        || (name.ends_with("token") && !name.ends_with("pagetoken"))
}

/// In small letters, with dashes, a letter first.
pub(crate) fn kebab(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    let out = out.trim_matches('-');
    match out.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("v{out}"),
        false => out.to_owned(),
    }
}

/// A call's name from a word of the contract: `order-items` → `orderItems`; one that means something gets a `found` before it.
pub(crate) fn call(word: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for c in word.chars() {
        if !c.is_ascii_alphanumeric() {
            upper = !out.is_empty();
        } else if upper {
            out.push(c.to_ascii_uppercase());
            upper = false;
        } else if out.is_empty() {
            out.push(c.to_ascii_lowercase());
        } else {
            out.push(c);
        }
    }
    let good = out.starts_with(|c: char| c.is_ascii_alphabetic());
    if good && !RESERVED.contains(&out.as_str()) {
        return out;
    }
    let mut first = out.chars();
    match first.next() {
        None => "found".to_owned(),
        Some(c) => format!("found{}{}", c.to_ascii_uppercase(), first.as_str()),
    }
}

/// A name that no other has yet: `order`, `order2`, ….
pub(crate) fn unique(wanted: String, taken: impl Fn(&str) -> bool) -> String {
    if !taken(&wanted) {
        return wanted;
    }
    let mut number = 2_usize;
    loop {
        let name = format!("{wanted}{number}");
        if !taken(&name) {
            return name;
        }
        number += 1;
    }
}

/// As a spec writes it: quoted, unless it is a plain name.
pub(crate) fn word(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

/// `[A-Za-z_][A-Za-z0-9_-]*`
pub(crate) fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// A plain name for a parameter of a path: `account-sid`, `+1` → `p1`.
pub(crate) fn parameter(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let kept: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let kept = kept.trim_matches('_');
    match kept.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => kept.to_owned(),
        false => format!("p{kept}"),
    }
}

/// One of them: `orders` → `order`, `categories` → `category`.
pub(crate) fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    for end in ["sses", "shes", "ches", "xes"] {
        if word.ends_with(end) {
            return word.strip_suffix("es").unwrap_or(word).to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 1 && !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

/// Letters and digits alone, in small letters: how names are compared.
pub(crate) fn folded(text: &str) -> String {
    let kept = text.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

/// What an identifier's name says it identifies: `customerId`, `customer_id`, `CustomerSid` → `customer`.
pub(crate) fn identified(name: &str) -> Option<String> {
    let stem = ["Id", "ID", "_id", "-id", "Uuid", "_uuid", "Sid", "_sid"]
        .iter()
        .find_map(|end| name.strip_suffix(end))?;
    let stem = folded(stem);
    (stem.len() > 1).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (file, name) in [
            ("orders.openapi.yaml", "orders"),
            ("petstore-3.0.yaml", "petstore"),
            ("netlify-swagger2.yaml", "netlify"),
            ("twilio-api-v2010.json", "twilio-api"),
            ("openapi.json", "upstream"),
            ("3scale.yml", "v3scale"),
            ("Users_API-swagger.json", "users-api"),
        ] {
            assert_eq!(upstream(file), name, "{file}");
        }
        for (word, name) in [
            ("orders", "orders"),
            ("order-items", "orderItems"),
            ("Accounts", "accounts"),
            ("path", "foundPath"),
            ("2fa", "found2fa"),
            ("+1", "found1"),
            ("", "found"),
        ] {
            assert_eq!(call(word), name, "{word}");
        }
        for (many, one) in [
            ("orders", "order"),
            ("categories", "category"),
            ("addresses", "address"),
            ("boxes", "box"),
            ("status", "status"),
            ("news", "new"),
            ("s", "s"),
        ] {
            assert_eq!(singular(many), one, "{many}");
        }
        for (name, what) in [
            ("customerId", Some("customer")),
            ("customer_id", Some("customer")),
            ("AccountSid", Some("account")),
            ("id", None),
            ("paid", None),
        ] {
            assert_eq!(identified(name).as_deref(), what, "{name}");
        }
        assert_eq!(word("Idempotency-Key"), "Idempotency-Key");
        assert_eq!(word("+1"), "\"+1\"");
        assert_eq!(parameter("Sid.json"), "Sid_json");
        assert_eq!(unique("a".into(), |name| name == "a"), "a2");
    }
}
