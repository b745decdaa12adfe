//! `tracestate`: read from however many headers, passed on as one if all of it is valid.

use http::{HeaderMap, HeaderValue};

use super::TRACESTATE;

/// How many members a list has at most.
const MEMBERS: usize = 32;
/// How long a key, and a value, is at most.
const LONGEST: usize = 256;

/// What a request says, in one value; `None` if it says nothing, or anything that isn't valid. Of two members with the
/// same key the first is the later one, and counts.
pub(super) fn given(headers: &HeaderMap) -> Option<HeaderValue> {
    let values = headers.get_all(TRACESTATE).iter();
    let mut members: Vec<(&[u8], &[u8])> = Vec::new();
    let mut count = 0;
    for text in values.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')) {
        let text = text.trim_ascii();
        if text.is_empty() {
            continue;
        }
        count += 1;
        let key = key(text).filter(|_| count <= MEMBERS)?;
        if !members.iter().any(|(known, _)| *known == key) {
            members.push((key, text));
        }
    }
    let members: Vec<&[u8]> = members.into_iter().map(|(_, text)| text).collect();
    let value = HeaderValue::from_bytes(&members.join(&b',')).ok()?;
    (!members.is_empty()).then_some(value)
}

/// The key of a member that is valid.
fn key(member: &[u8]) -> Option<&[u8]> {
    let equals = member.iter().position(|byte| *byte == b'=')?;
    let (key, value) = member.split_at_checked(equals)?;
    let value = value.get(1..)?;
    let first = *key.first()?;
    let in_key = |byte: &u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'_' | b'-' | b'*' | b'/' | b'@')
    };
    let in_value = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'=');
    let valid = (first.is_ascii_lowercase() || first.is_ascii_digit())
        && key.len() <= LONGEST
        && key.iter().all(in_key)
        && (1..=LONGEST).contains(&value.len())
        && value.iter().all(in_value);
    valid.then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(given: &[&str]) -> Option<String> {
        let values = given
            .iter()
            .filter_map(|text| HeaderValue::from_str(text).ok());
        let headers: HeaderMap = values.map(|value| (TRACESTATE, value)).collect();
        let value = super::given(&headers)?;
        value.to_str().ok().map(str::to_owned)
    }

    #[test]
    fn what_is_valid_goes_on() {
        for (given, sent) in [
            (&["a=1"][..], "a=1"),
            (&["a=1,b=2"], "a=1,b=2"),
            (&["b=1,a=2"], "b=1,a=2"),
            // Several headers are one list, in their order.
            (&["a=1", "b=2,c=3"], "a=1,b=2,c=3"),
            (&["a=1", ""], "a=1"),
            (&["", "a=1"], "a=1"),
            // White space around members, and members that are nothing else.
            (&["a=1 \t , \t b=2"], "a=1,b=2"),
            (&["a=1,"], "a=1"),
            (&[",a=1"], "a=1"),
            (&["a=1,,,b=2"], "a=1,b=2"),
            (&["a=1, \t ,b=2"], "a=1,b=2"),
            // A value's own spaces stay.
            (&["a= 1 2"], "a= 1 2"),
            (&["a=1;:.<>!~\"#"], "a=1;:.<>!~\"#"),
            // Keys: of level 1, with a tenant or not, and of level 2.
            (&["a_-*/9=1"], "a_-*/9=1"),
            (&["t@v=1"], "t@v=1"),
            (&["0t-_*/@v0=1"], "0t-_*/@v0=1"),
            (&["0=1"], "0=1"),
            (&["a@b@c=1"], "a@b@c=1"),
            // The first of two is the later one.
            (&["a=1,b=2,a=3"], "a=1,b=2"),
            (&["a=1", "a=1"], "a=1"),
        ] {
            assert_eq!(on(given).as_deref(), Some(sent), "{given:?}");
        }
    }

    #[test]
    fn what_is_not_valid_does_not() {
        for given in [
            &[][..],
            &[""],
            &[" "],
            &[","],
            &["a"],
            &["=1"],
            &["a="],
            &["a=1=2"],
            &["a =1"],
            &["A=1"],
            &["aB=1"],
            &["_a=1"],
            &["-a=1"],
            &["*a=1"],
            &["@v=1"],
            &["/a=1"],
            &["a.b=1"],
            &["a:b=1"],
            &["a=\u{e9}"],
            &["a=1\t2"],
            // One that isn't spoils all.
            &["a=1,B=2"],
            &["a=1", "b"],
            &["a=1;b=2,c"],
        ] {
            assert_eq!(on(given), None, "{given:?}");
        }
    }

    #[test]
    fn sizes() {
        let long = |length: usize| "x".repeat(length);
        for (given, there) in [
            (format!("{}=1", long(256)), true),
            (format!("{}=1", long(257)), false),
            (format!("a={}", long(256)), true),
            (format!("a={}", long(257)), false),
            (format!("{}@{}=1", long(241), long(14)), true),
            (format!("{}@{}=1", long(242), long(14)), false),
        ] {
            assert_eq!(on(&[&given]).is_some(), there, "{given}");
        }
        let many = |count: usize| {
            let members: Vec<String> = (0..count).map(|number| format!("k{number}=1")).collect();
            members.join(",")
        };
        assert_eq!(on(&[&many(32)]), Some(many(32)));
        assert_eq!(on(&[&many(33)]), None);
        // Members that are nothing don't count, those that are there twice do.
        assert_eq!(on(&[&format!(",{},,", many(32))]), Some(many(32)));
        assert_eq!(on(&[&many(32), "k0=1"]), None);
        // Far more than the 512 characters that anybody must pass on.
        let large: Vec<String> = (0..30)
            .map(|number| format!("k{number}={}", long(250)))
            .collect();
        assert_eq!(on(&[&large.join(",")]), Some(large.join(",")));
    }
}
