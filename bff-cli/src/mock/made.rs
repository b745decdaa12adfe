//! Values made from schemas, where the contract gives no example: always the same ones.

use bff_spec::contract::{Bounds, Kind, Type, TypeId, Types, Variant, VariantTest};
use serde_json::{Map, Value, json};

/// How many values one is made of; above, what may be left out is.
const ENOUGH: usize = 2_000;

/// A value of this type: its example, its default, or what its schema allows.
pub(crate) fn made(types: &Types, ty: TypeId) -> Value {
    made_as(types, ty, "value", 1)
}

/// The same, of something that has a name, as the `number`th of its kind.
pub(crate) fn made_as(types: &Types, ty: TypeId, name: &str, number: usize) -> Value {
    Maker::new(types).value(ty, name, number)
}

/// What a contract shows of this type, as far as its schema allows that.
pub(super) fn fitted(types: &Types, ty: TypeId, shown: Value) -> Option<Value> {
    Maker::new(types).fitted(ty, shown, "value")
}

/// An answer of this type that holds what was asked for: the same, but texts and numbers stay whatever their bounds.
pub(super) fn answered(types: &Types, ty: TypeId, value: Value) -> Value {
    let mut maker = Maker::new(types);
    maker.unbound = true;
    let fitted = maker.fitted(ty, value, "value");
    fitted.unwrap_or_else(|| made(types, ty))
}

/// Makes one value.
pub(super) struct Maker<'a> {
    pub(super) types: &'a Types,
    made: usize,
    /// The objects and lists being made: one inside itself is left out, as far as its schema allows.
    pub(super) inside: Vec<TypeId>,
    /// Whether scalars that are there may be out of bounds.
    pub(super) unbound: bool,
}

impl<'a> Maker<'a> {
    pub(super) fn new(types: &'a Types) -> Maker<'a> {
        Maker {
            types,
            made: 0,
            inside: Vec::new(),
            unbound: false,
        }
    }

    /// The `number`th value of this type under this name.
    pub(super) fn value(&mut self, id: TypeId, name: &str, number: usize) -> Value {
        self.made += 1;
        let ty = self.types.get(id);
        let again = self.inside.contains(&id);
        let shown = [&ty.example, &ty.default].into_iter().flatten();
        let mut shown = shown
            .filter(|_| !again)
            .chain(ty.one_of.first())
            .filter_map(|text| serde_json::from_str(text).ok());
        if let Some(value) = shown.find_map(|shown| self.fitted(id, shown, name)) {
            return value;
        }
        match &ty.kind {
            Kind::Any => json!({}),
            Kind::Null => Value::Null,
            Kind::List(_) if again => json!([]),
            Kind::List(item) => {
                self.inside.push(id);
                let least = ty.bounds.min_items.unwrap_or(0);
                let wanted = if self.leaves_out(*item) {
                    least
                } else {
                    least.max(2)
                };
                let number = wanted.min(ty.bounds.max_items.unwrap_or(2)).min(20);
                let items = (1..=usize::try_from(number).unwrap_or(2))
                    .map(|n| self.value(*item, name, n))
                    .collect();
                self.inside.pop();
                items
            }
            Kind::Object(_) if again => {
                if ty.nullable {
                    Value::Null
                } else {
                    json!({})
                }
            }
            Kind::Object(object) => {
                self.inside.push(id);
                let mut fields = Map::new();
                for (key, field) in &object.fields {
                    if !field.write_only && (field.required || !self.leaves_out(field.ty)) {
                        fields.insert(key.clone(), self.value(field.ty, key, number));
                    }
                }
                if let Some(rest) = object.rest
                    && !self.leaves_out(rest)
                {
                    fields.insert("key".to_owned(), self.value(rest, "key", number));
                }
                self.inside.pop();
                Value::Object(fields)
            }
            Kind::Variants(variants) => {
                let plain = variants
                    .members
                    .iter()
                    .find(|member| !self.inside.contains(&member.ty));
                match plain.or(variants.members.first()) {
                    Some(member) => self.variant(member, name, number),
                    None => Value::Null,
                }
            }
            Kind::Scalars(kinds) => kinds
                .first()
                .map_or(Value::Null, |kind| scalar(kind, ty, name, number)),
            kind => scalar(kind, ty, name, number),
        }
    }

    /// Whether a value of this type is left out where it may be.
    fn leaves_out(&self, id: TypeId) -> bool {
        self.made > ENOUGH || self.inside.contains(&id)
    }

    fn variant(&mut self, variant: &Variant, name: &str, number: usize) -> Value {
        let mut value = self.value(variant.ty, name, number);
        if let (Some(VariantTest::Property(property, values)), Value::Object(fields)) =
            (&variant.test, &mut value)
            && let Some(first) = values.first()
        {
            fields.insert(property.clone(), json!(first));
        }
        value
    }
}

fn scalar(kind: &Kind, ty: &Type, name: &str, number: usize) -> Value {
    match kind {
        Kind::Boolean => json!(true),
        Kind::Integer => json!(within(&ty.bounds, number as f64) as i64),
        Kind::Number => json!(within(&ty.bounds, number as f64)),
        Kind::String => json!(text(ty, name, number)),
        _ => Value::Null,
    }
}

/// The number within the bounds that is nearest to the one that is wanted.
pub(super) fn within(bounds: &Bounds, wanted: f64) -> f64 {
    let limit = |limit: &bff_spec::contract::Limit, inward: f64| {
        limit.value.parse::<f64>().ok().map(|value| {
            if limit.exclusive {
                value + inward
            } else {
                value
            }
        })
    };
    let least = bounds
        .minimum
        .as_ref()
        .and_then(|minimum| limit(minimum, 1.0))
        .unwrap_or(f64::MIN);
    let most = bounds
        .maximum
        .as_ref()
        .and_then(|maximum| limit(maximum, -1.0))
        .unwrap_or(f64::MAX);
    wanted.max(least).min(most)
}

fn text(ty: &Type, name: &str, number: usize) -> String {
    let by_format = match ty.format.as_deref() {
        Some("date-time") => Some(format!("2026-01-{:02}T12:00:00Z", number.clamp(1, 28))),
        Some("date") => Some(format!("2026-01-{:02}", number.clamp(1, 28))),
        Some("time") => Some("12:00:00Z".to_owned()),
        Some("duration") => Some("PT1H".to_owned()),
        Some("uuid") => Some(format!("00000000-0000-4000-8000-{number:012}")),
        Some("email" | "idn-email") => Some(format!("{}{number}@example.com", name.to_lowercase())),
        Some("uri" | "url" | "iri") => Some(format!("https://example.com/{name}/{number}")),
        Some("uri-reference") => Some(format!("/{name}/{number}")),
        Some("hostname" | "idn-hostname") => Some("example.com".to_owned()),
        Some("ipv4") => Some(format!("192.0.2.{}", number.clamp(1, 254))),
        Some("ipv6") => Some(format!("2001:db8::{number}")),
        Some("byte") => Some("ZXhhbXBsZQ==".to_owned()),
        _ => None,
    };
    if let Some(text) = by_format {
        return text;
    }
    if let Some(text) = ty
        .bounds
        .pattern
        .as_deref()
        .and_then(|pattern| by_pattern(pattern, &ty.bounds))
    {
        return text;
    }
    let mut text = format!("{name}-{number}");
    let least = ty
        .bounds
        .min_length
        .and_then(|least| usize::try_from(least).ok())
        .unwrap_or(0)
        .min(10_000);
    while text.chars().count() < least {
        text.push('x');
    }
    match ty
        .bounds
        .max_length
        .and_then(|most| usize::try_from(most).ok())
    {
        Some(most) => text.chars().take(most).collect(),
        None => text,
    }
}

/// The plainest text a regular expression matches, if it can be told from the expression alone.
fn by_pattern(pattern: &str, bounds: &Bounds) -> Option<String> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let least = bounds
        .min_length
        .and_then(|least| u32::try_from(least).ok())
        .unwrap_or(0);
    // Repetitions as often as they must, or a little more where the text would be too short.
    [0, 1, 2, 4, 8, 16, 32, 64].into_iter().find_map(|more| {
        let mut text = String::new();
        plainest(&hir, more, &mut text)?;
        (text.chars().count() >= least as usize).then_some(text)
    })
}

fn plainest(hir: &regex_syntax::hir::Hir, more: u32, text: &mut String) -> Option<()> {
    use regex_syntax::hir::{Class, HirKind};
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = || class.ranges().iter();
            let nice = |range: &&regex_syntax::hir::ClassUnicodeRange| {
                range.start().is_ascii_alphanumeric()
            };
            text.push(ranges().find(nice).or_else(|| ranges().next())?.start());
        }
        HirKind::Class(Class::Bytes(class)) => {
            text.push(char::from(class.ranges().first()?.start()))
        }
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX);
            for _ in 0..repetition.min.saturating_add(more).min(most).min(1000) {
                plainest(&repetition.sub, 0, text)?;
            }
        }
        HirKind::Capture(capture) => plainest(&capture.sub, more, text)?,
        HirKind::Concat(parts) => {
            for part in parts {
                plainest(part, more, text)?;
            }
        }
        HirKind::Alternation(options) => plainest(options.first()?, more, text)?,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bff_spec::contract::{Field, Limit, Object};

    fn text_of(change: impl FnOnce(&mut Type)) -> String {
        let mut ty = Type::of(Kind::String);
        change(&mut ty);
        text(&ty, "name", 1)
    }

    #[test]
    fn texts_keep_to_their_schema() {
        for (format, expected) in [
            ("date-time", "2026-01-01T12:00:00Z"),
            ("uuid", "00000000-0000-4000-8000-000000000001"),
            ("email", "name1@example.com"),
            ("unheard-of", "name-1"),
        ] {
            assert_eq!(text_of(|ty| ty.format = Some(format.to_owned())), expected);
        }
        for (pattern, min_length, expected) in [
            ("^o-[0-9]{4,10}$", None, "o-0000"),
            ("^(a|b)[A-Z]?x+$", None, "ax"),
            ("[a-z]*", Some(3), "aaaa"),
            ("(", None, "name-1"),
        ] {
            let made = text_of(|ty| {
                ty.bounds.pattern = Some(pattern.to_owned());
                ty.bounds.min_length = min_length;
            });
            assert_eq!(made, expected, "{pattern}");
        }
        assert_eq!(text_of(|ty| ty.bounds.min_length = Some(8)), "name-1xx");
        assert_eq!(text_of(|ty| ty.bounds.max_length = Some(3)), "nam");
    }

    #[test]
    fn numbers_keep_to_their_bounds() {
        let limit = |value: &str, exclusive| {
            Some(Limit {
                value: value.to_owned(),
                exclusive,
            })
        };
        for (minimum, maximum, expected) in [
            (None, None, 1.0),
            (limit("5", false), None, 5.0),
            (limit("5", true), None, 6.0),
            (None, limit("-2", false), -2.0),
            (None, limit("1", true), 0.0),
        ] {
            let bounds = Bounds {
                minimum,
                maximum,
                ..Bounds::default()
            };
            assert_eq!(within(&bounds, 1.0), expected);
        }
    }

    #[test]
    fn recursion_ends() {
        let mut types = Types::default();
        let node = types.add(Type::of(Kind::Any));
        let list = types.add(Type::of(Kind::List(node)));
        let field = |ty, required| Field {
            ty,
            required,
            read_only: false,
            write_only: false,
            sensitive: false,
            description: None,
            place: None,
        };
        let fields = [("next", field(node, true)), ("all", field(list, true))];
        let fields = fields
            .map(|(name, field)| (name.to_owned(), field))
            .into_iter()
            .collect();
        types.set(node, Type::of(Kind::Object(Object { fields, rest: None })));
        assert_eq!(made(&types, node), json!({ "next": {}, "all": [] }));
    }
}
