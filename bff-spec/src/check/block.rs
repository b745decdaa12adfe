//! Blocks and selections: fields, spreads, fragments, variants, `*` and `-`.

use indexmap::IndexMap;

use super::describe::names;
use super::scope::{At, Scene};
use super::value::{Valued, Want};
use crate::contract::{Kind, TypeId};
use crate::diagnostic::{Code, Place, Related};
use crate::model::{Block, Entry, Root, Value};
use crate::nearest::nearest;
use crate::syntax::ast::{self, Field, PathValue, Selection, Start, StepKind, Word};

/// Names given out in one object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    /// Fields named in the block itself: they win over what spreads and `*` bring.
    pub(crate) named: IndexMap<String, Place>,
    /// Those that spreads and `*` brought.
    pub(crate) brought: IndexMap<String, Place>,
    /// What a request's body was given, and whether it may be null: for required properties.
    pub(crate) given: IndexMap<String, (bool, Place)>,
}

/// Where an entry of a block stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot<'w> {
    pub(crate) at: At,
    pub(crate) want: Option<&'w Want>,
    /// Inside a fragment or spread: the place that brought it here.
    pub(crate) brought: Option<Place>,
    /// Values here may be null whatever their path says: what is spread may be absent.
    pub(crate) absent: bool,
    /// Inside `...on X`: required properties aren't asked for.
    pub(crate) variant: bool,
}

impl Scene<'_, '_> {
    /// A block; none if something was wrong in it, which was said. `place` is the whole block's.
    pub(crate) fn block(
        &mut self,
        block: &ast::Block,
        at: At,
        want: Option<&Want>,
        place: Place,
    ) -> Option<Block> {
        let fields = match block {
            ast::Block::Value(value) => {
                let value = self.value(value, at, want)?;
                if value.nullable
                    && let Some(want) = want
                    && !self.ty(want.ty).nullable
                {
                    self.null_into(&value, want, false);
                    return None;
                }
                return Some(Block::Value(Box::new(value.value)));
            }
            ast::Block::Fields(fields) => fields,
        };
        if let Some(want) = want {
            self.takes_object(want, place)?;
        }
        let mut seen = Names::default();
        let mut ok = self.collect_named(fields, &mut seen);
        let mut entries = Vec::new();
        let spot = Spot {
            at,
            want,
            brought: None,
            absent: false,
            variant: false,
        };
        ok &= self.fields(fields, spot, &mut seen, &mut entries);
        if let Some(want) = want
            && ok
        {
            ok = self.required_properties(want, &seen, place);
        }
        ok.then_some(Block::Fields(entries))
    }

    fn takes_object(&mut self, want: &Want, place: Place) -> Option<()> {
        match self.kind(want.ty) {
            Kind::Object(_) | Kind::Any | Kind::Variants(_) => Some(()),
            _ => {
                let what = self.describe(want.ty);
                let list = matches!(self.kind(want.ty), Kind::List(_));
                self.error(
                    Code::Mismatch,
                    place,
                    format!("this makes an object, and {} is {what}", want.what),
                )
                .help(if list {
                    "a list is made from one: `items: body.items { … }`, or written `[ { … } ]`; as the whole block, `= path { … }`"
                } else {
                    "give the value itself: a path, or a literal"
                })
                .maybe_related(want.place, "what it is bound to is here");
                None
            }
        }
    }

    /// The names a block gives itself; two of one name are an error.
    fn collect_named(&mut self, fields: &[Field], seen: &mut Names) -> bool {
        let mut ok = true;
        for field in fields {
            let word = match field {
                Field::Named { name, .. } => Some(name.clone()),
                Field::Path(value) => path_name(&value.path),
                _ => None,
            };
            let Some(word) = word else { continue };
            if let Some(first) = seen.named.get(&word.text).copied() {
                ok = false;
                self.error(
                    Code::DuplicateField,
                    word.place,
                    format!("there are two fields `{}`", word.text),
                )
                .help("rename one: `other: …`")
                .related(first, "the first is here");
            } else {
                seen.named.insert(word.text, word.place);
            }
        }
        ok
    }

    /// The entries of a block; false if something was wrong.
    pub(crate) fn fields(
        &mut self,
        fields: &[Field],
        spot: Spot<'_>,
        seen: &mut Names,
        out: &mut Vec<Entry>,
    ) -> bool {
        let mut ok = true;
        let except: Vec<&Word> = fields
            .iter()
            .filter_map(|f| match f {
                Field::Except(word) => Some(word),
                _ => None,
            })
            .collect();
        let has_all = fields.iter().any(|f| matches!(f, Field::All(_)));
        for field in fields {
            let fine = match field {
                Field::Named { name, value } => self.named(name, value, spot, seen, out),
                Field::Path(value) => match path_name(&value.path) {
                    Some(name) => {
                        let value = ast::Value::Path(value.clone());
                        self.named(&name, &value, spot, seen, out)
                    }
                    None => {
                        self.unnamed(value);
                        None
                    }
                },
                Field::On { variant, select } => {
                    self.variant_entry(variant, select, spot, seen, out)
                }
                Field::Spread {
                    path,
                    select,
                    place,
                } => self.spread(path, select.as_ref(), *place, spot, seen, out),
                Field::All(place) => self.all(*place, &except, spot, seen, out),
                Field::Except(word) if !has_all => {
                    self.error(
                        Code::UnknownField,
                        word.place,
                        format!("`-{}` takes nothing away: there is no `*` here", word.text),
                    )
                    .help("`* -name` is every documented field but that one");
                    None
                }
                Field::Except(_) => Some(()),
            };
            ok &= fine.is_some();
        }
        ok
    }

    fn unnamed(&mut self, value: &PathValue) {
        self.error(Code::Syntax, value.place(), "this field has no name")
            .help(format!("`name: {}`", value.path.text));
    }

    /// Takes a name; false if it is taken already, by a field that wins or with a fault that was said.
    pub(crate) fn claim_name(
        &mut self,
        name: &str,
        place: Place,
        spot: Spot<'_>,
        seen: &mut Names,
    ) -> Result<bool, ()> {
        let Some(by) = spot.brought else {
            return Ok(true);
        };
        if seen.named.contains_key(name) {
            return Ok(false);
        }
        if let Some(first) = seen.brought.get(name).copied() {
            self.error(
                Code::DuplicateField,
                by,
                format!("a second field `{name}` comes in here"),
            )
            .help(format!(
                "name it beside both, and that one counts: `{name}: …`"
            ))
            .related(first, "the first comes in here");
            return Err(());
        }
        let _ = place;
        seen.brought.insert(name.to_owned(), by);
        Ok(true)
    }

    fn named(
        &mut self,
        name: &Word,
        value: &ast::Value,
        spot: Spot<'_>,
        seen: &mut Names,
        out: &mut Vec<Entry>,
    ) -> Option<()> {
        if !self.claim_name(&name.text, name.place, spot, seen).ok()? {
            return Some(());
        }
        let want = match spot.want {
            Some(want) => Some(self.property(want, name)?),
            None => None,
        };
        let want = want.flatten();
        let valued = self.value(value, spot.at, want.as_ref().map(|(w, _)| w))?;
        self.given(name, &valued, want.as_ref(), spot, seen)?;
        out.push(Entry::Field {
            name: name.text.clone(),
            value: valued.value,
            copied: false,
            place: name.place,
        });
        Some(())
    }

    /// Notes that a property of a request's body was given.
    pub(crate) fn given(
        &mut self,
        name: &Word,
        valued: &Valued,
        want: Option<&(Want, bool)>,
        spot: Spot<'_>,
        seen: &mut Names,
    ) -> Option<()> {
        let nullable = valued.nullable || spot.absent;
        if let Some((want, true)) = want
            && nullable
        {
            self.null_into(valued, want, spot.absent);
            return None;
        }
        seen.given
            .insert(name.text.clone(), (nullable, valued.place));
        Some(())
    }

    pub(crate) fn null_into(&mut self, valued: &Valued, want: &Want, absent: bool) {
        let text = match &valued.value {
            Value::Path { path, .. } => format!("`{}`", path.text),
            _ => "this".into(),
        };
        let help = match &valued.value {
            _ if absent => {
                "what is spread here may be absent: end its path in `!` if it always is there"
                    .to_owned()
            }
            Value::Path { path, .. } if matches!(path.root, Root::Input(_) | Root::Body) => {
                "give it a default: `?? …`, or declare it required under `params`".into()
            }
            Value::Path { path, .. } => format!(
                "`{}!` if it always is there, or `{} ?? …` for a value in its place",
                path.text, path.text
            ),
            _ => "take it out: what is null is left out".into(),
        };
        self.error(
            Code::NullIntoRequired,
            valued.place,
            format!("{text} may be null, and {} is required", want.what),
        )
        .help(help)
        .maybe_related(want.place, format!("{} is here", want.what));
    }

    /// What a property of a request's body must be, and whether it is required; an inner none if anything goes.
    #[allow(clippy::option_option)]
    pub(crate) fn property(&mut self, want: &Want, name: &Word) -> Option<Option<(Want, bool)>> {
        let object = match self.kind(want.ty).clone() {
            Kind::Object(object) => object,
            Kind::Variants(variants) => {
                // The first variant that has it; which one it becomes is the upstream's to say.
                let found = variants.members.iter().find_map(|m| match self.kind(m.ty) {
                    Kind::Object(object) => object.fields.get(&name.text).map(|f| (f.ty, f.place)),
                    _ => None,
                });
                if let Some((ty, place)) = found {
                    return Some(Some((self.want_property(want, name, ty, place), false)));
                }
                let schema = self.ty(want.ty).place;
                self.error(
                    Code::RequestBody,
                    name.place,
                    format!("no variant of {} has a property `{}`", want.what, name.text),
                )
                .maybe_related(schema, "its schema is here");
                return None;
            }
            _ => return Some(None),
        };
        if let Some(field) = object.fields.get(&name.text) {
            if field.read_only {
                self.error(
                    Code::RequestBody,
                    name.place,
                    format!(
                        "`{}` is only ever answered (`readOnly`), never sent",
                        name.text
                    ),
                )
                .maybe_related(field.place, "the property is here");
                return None;
            }
            let inner = self.want_property(want, name, field.ty, field.place);
            return Some(Some((inner, field.required)));
        }
        if let Some(rest) = object.rest {
            return Some(Some((self.want_property(want, name, rest, None), false)));
        }
        let known: Vec<&str> = object
            .fields
            .iter()
            .filter(|(_, f)| !f.read_only)
            .map(|(n, _)| n.as_str())
            .collect();
        let near = nearest(&name.text, known.iter().copied()).map(str::to_owned);
        let help = match &near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it takes {}", names(known.iter().copied())),
        };
        let schema = self.ty(want.ty).place;
        self.error(
            Code::RequestBody,
            name.place,
            format!("{} has no property `{}`", want.what, name.text),
        )
        .help(help)
        .maybe_related(schema.or(want.place), "its schema is here");
        None
    }

    fn want_property(&self, want: &Want, name: &Word, ty: TypeId, place: Option<Place>) -> Want {
        Want {
            ty,
            parameter: false,
            what: format!("property `{}`", name.text),
            place: place.or(self.ty(ty).place).or(want.place),
        }
    }

    /// Every required property must be given.
    fn required_properties(&mut self, want: &Want, seen: &Names, place: Place) -> bool {
        let Kind::Object(object) = self.kind(want.ty).clone() else {
            return true;
        };
        let mut missing = Vec::new();
        let mut at = None;
        for (name, field) in &object.fields {
            if field.required && !field.read_only && !seen.given.contains_key(name) {
                missing.push(name.as_str());
                at = at.or(field.place);
            }
        }
        if missing.is_empty() {
            return true;
        }
        let (plural, verb) = if missing.len() == 1 {
            ("property", "is")
        } else {
            ("properties", "are")
        };
        self.error(
            Code::RequestBody,
            place,
            format!(
                "required {plural} {} of {} {verb} not given",
                names(missing.iter().copied()),
                want.what
            ),
        )
        .help(format!("add `{}: …`", missing.join(": …`, `")))
        .maybe_related(at.or(want.place), "the contract asks for it here");
        false
    }

    fn variant_entry(
        &mut self,
        word: &Word,
        select: &Selection,
        spot: Spot<'_>,
        seen: &mut Names,
        out: &mut Vec<Entry>,
    ) -> Option<()> {
        let Some(current) = spot.at.current else {
            self.error(
                Code::NoCurrent,
                word.place,
                "there is no current value here whose variants could be told",
            )
            .help("`...on` stands inside a selection: `payment { ...on card { last4 } }`");
            return None;
        };
        let variant = self.variant(current, word)?;
        let test = variant.test?;
        let ast::Block::Fields(fields) = &select.block else {
            self.error(
                Code::Variant,
                select.place,
                "a variant brings fields, not a value",
            );
            return None;
        };
        // Two variants may have fields of one name; one that the block itself has is a second.
        let mut inner = seen.clone();
        inner.brought = IndexMap::new();
        let mut own = Names::default();
        let mut ok = self.collect_named(fields, &mut own);
        for (name, place) in &own.named {
            if let Some(first) = seen.named.get(name).or(seen.brought.get(name)).copied() {
                ok = false;
                self.error(
                    Code::DuplicateField,
                    *place,
                    format!("there are two fields `{name}`"),
                )
                .help("rename one: `other: …`")
                .related(first, "the first is here");
            }
        }
        inner.named.extend(own.named);
        let mut entries = Vec::new();
        let spot = Spot {
            at: At::on(variant.ty),
            brought: None,
            variant: true,
            ..spot
        };
        ok &= self.fields(fields, spot, &mut inner, &mut entries);
        if !ok {
            return None;
        }
        out.push(Entry::Variant {
            test,
            ty: variant.ty,
            entries,
        });
        Some(())
    }

    fn spread(
        &mut self,
        path: &ast::Path,
        select: Option<&Selection>,
        place: Place,
        spot: Spot<'_>,
        seen: &mut Names,
        out: &mut Vec<Entry>,
    ) -> Option<()> {
        if let (Start::Plain(word), []) = (&path.start, path.steps.as_slice()) {
            if self.fragment(word).is_some() {
                return self.spread_fragment(word, select, place, spot, seen, out);
            }
            let known = match spot.at.current {
                Some(ty) => self.field_names(ty).contains(&word.text) || self.is_open(ty),
                None => {
                    self.root(&word.text).is_some()
                        || self.call_decls().iter().any(|c| c.name == word.text)
                }
            };
            if !known && select.is_none() {
                self.unknown_fragment(word);
                return None;
            }
        }
        let walk = self.walk(path, spot.at)?;
        let ty = walk.ty;
        let path = walk.finish(path);
        if path.many || matches!(self.kind(ty), Kind::List(_)) {
            self.error(
                Code::NothingToSelect,
                path.place,
                format!(
                    "`{}` is a list: its fields can't be spread into one object",
                    path.text
                ),
            )
            .help("pick one: `[0]`, or the one that matches: `[key = .field]`");
            return None;
        }
        let Some(select) = select else {
            let known = self.field_names(ty);
            let what = self.describe(ty);
            self.error(
                Code::NeedsSelection,
                path.place,
                format!("`{}` is {what}: a spread needs a selection", path.text),
            )
            .help(if known.is_empty() {
                "only an object's fields can be spread".to_owned()
            } else {
                format!(
                    "select of {}, or `{{ * }}` for all",
                    names(known.iter().map(String::as_str))
                )
            });
            return None;
        };
        self.selectable_here(&path, ty, select)?;
        let ast::Block::Fields(fields) = &select.block else {
            self.error(
                Code::NothingToSelect,
                select.place,
                "a spread brings fields, not a value",
            );
            return None;
        };
        let mut own = Names::default();
        let ok = self.collect_named(fields, &mut own);
        let mut entries = Vec::new();
        let inner = Spot {
            at: At::on(ty),
            want: spot.want,
            brought: spot.brought.or(Some(place)),
            absent: spot.absent || path.nullable,
            variant: spot.variant,
        };
        if !(self.spread_fields(fields, &own, inner, seen, &mut entries) && ok) {
            return None;
        }
        out.push(Entry::Spread { path, entries });
        Some(())
    }

    /// Fields named in a spread win over what its own `*` brings.
    fn spread_fields(
        &mut self,
        fields: &[Field],
        own: &Names,
        spot: Spot<'_>,
        seen: &mut Names,
        entries: &mut Vec<Entry>,
    ) -> bool {
        let has_all = fields.iter().any(|f| matches!(f, Field::All(_)));
        if !has_all {
            return self.fields(fields, spot, seen, entries);
        }
        // `*` is told which names the spread gives itself, as if they were left out of it.
        let mut shadowed: Vec<Field> = fields.to_vec();
        if let Some(ty) = spot.at.current {
            let known = self.field_names(ty);
            for (name, place) in &own.named {
                if known.contains(name) {
                    shadowed.push(Field::Except(Word {
                        text: name.clone(),
                        place: *place,
                    }));
                }
            }
        }
        self.fields(&shadowed, spot, seen, entries)
    }

    fn selectable_here(
        &mut self,
        path: &crate::model::Path,
        ty: TypeId,
        select: &Selection,
    ) -> Option<()> {
        if matches!(self.kind(ty), Kind::Object(_) | Kind::Variants(_)) {
            return Some(());
        }
        let what = self.describe(ty);
        self.error(
            Code::NothingToSelect,
            select.place,
            format!("`{}` is {what}, and has no fields to spread", path.text),
        );
        None
    }

    fn unknown_fragment(&mut self, word: &Word) {
        if !self.checker.complete {
            return;
        }
        let all: Vec<String> = self.checker.spec.fragments.keys().cloned().collect();
        let near = nearest(&word.text, all.iter().map(String::as_str)).map(str::to_owned);
        let help = match &near {
            Some(near) => format!("did you mean `{near}`?"),
            None if all.is_empty() => {
                format!("declare it: `fragments: {{ {}: \"{{ … }}\" }}`", word.text)
            }
            None => format!("fragments are {}", names(all.iter().map(String::as_str))),
        };
        let report = self
            .error(
                Code::UnknownFragment,
                word.place,
                format!("there is no fragment `{}`", word.text),
            )
            .help(help);
        if let Some(near) = near {
            report.fix(word.place, near);
        }
    }

    fn spread_fragment(
        &mut self,
        word: &Word,
        select: Option<&Selection>,
        place: Place,
        spot: Spot<'_>,
        seen: &mut Names,
        out: &mut Vec<Entry>,
    ) -> Option<()> {
        let (block, defined, broken) = self.fragment(word)?;
        let clash = match spot.at.current {
            Some(ty) => self.field_names(ty).contains(&word.text).then_some("field"),
            None => None,
        };
        let clash = clash.or(self
            .heads
            .iter()
            .any(|h| h.name == word.text)
            .then_some("call"));
        if let Some(what) = clash {
            self.error(
                Code::FragmentClash,
                word.place,
                format!("`{}` is a fragment, and a {what} here", word.text),
            )
            .help("rename the fragment; those in capitals never clash with fields")
            .related(defined, "the fragment is here");
            return None;
        }
        if let Some(select) = select {
            self.error(
                Code::NothingToSelect,
                select.place,
                format!(
                    "`{}` is a fragment: it says itself what it takes",
                    word.text
                ),
            )
            .related(defined, "the fragment is here");
            return None;
        }
        if broken {
            return None;
        }
        if self.spreading.contains(&word.text) {
            self.error(
                Code::UnknownFragment,
                word.place,
                format!("fragment `{}` spreads itself", word.text),
            )
            .related(defined, "it is here");
            return None;
        }
        self.spreads += 1;
        if self.spreads >= super::uses::MAX_SPREADS {
            if self.spreads == super::uses::MAX_SPREADS {
                self.error(
                    Code::TooManySpreads,
                    word.place,
                    format!(
                        "this endpoint spreads more than {} fragments",
                        super::uses::MAX_SPREADS
                    ),
                )
                .help("a fragment that spreads another twice doubles what it brings");
            }
            return None;
        }
        let ast::Block::Fields(fields) = block else {
            self.error(
                Code::NothingToSelect,
                word.place,
                format!(
                    "fragment `{}` is a value (`= …`), and can't be spread",
                    word.text
                ),
            )
            .related(defined, "the fragment is here");
            return None;
        };
        self.spreading.push(word.text.clone());
        let before = self.checker.sink.len();
        let mut own = Names::default();
        let mut ok = self.collect_named(fields, &mut own);
        let inner = Spot {
            brought: spot.brought.or(Some(place)),
            ..spot
        };
        ok &= self.spread_fields(fields, &own, inner, seen, out);
        self.spreading.pop();
        let fresh = if self.spreading.is_empty() {
            before
        } else {
            usize::MAX
        };
        for diagnostic in self.checker.sink.iter_mut().skip(fresh) {
            if !(place.file == diagnostic.place.file
                && place.start <= diagnostic.place.start
                && diagnostic.place.end <= place.end)
            {
                diagnostic.related.push(Related {
                    message: format!("`{}` is spread here", word.text),
                    place,
                });
            }
        }
        ok.then_some(())
    }
}

/// The name of a field that is only a path: its last step's.
pub(crate) fn path_name(path: &ast::Path) -> Option<Word> {
    for step in path.steps.iter().rev() {
        match &step.kind {
            StepKind::Field(word) | StepKind::Header(word) => return Some(word.clone()),
            _ => {}
        }
    }
    match &path.start {
        Start::Plain(word) | Start::Root(word) | Start::Field(word) => Some(word.clone()),
        Start::Current => None,
    }
}
