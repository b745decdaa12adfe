//! Blocks and selections: fields, spreads, fragments, variants, `*` and `-`.

use indexmap::IndexMap;

use super::scope::{At, Scene};
use super::value::Want;
use crate::diagnostic::{Code, Place};
use crate::model::{Block, Entry};
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

    /// The names a block gives itself; two of one name are an error.
    pub(crate) fn collect_named(&mut self, fields: &[Field], seen: &mut Names) -> bool {
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

    pub(crate) fn unnamed(&mut self, value: &PathValue) {
        self.error(Code::Syntax, value.place(), "this field has no name")
            .help(format!("`name: {}`", value.path.text));
    }

    /// Takes a name; false if it is taken already, by a field that wins or with a fault that was said.
    pub(crate) fn claim_name(
        &mut self,
        name: &str,
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
        seen.brought.insert(name.to_owned(), by);
        Ok(true)
    }

    pub(crate) fn named(
        &mut self,
        name: &Word,
        value: &ast::Value,
        spot: Spot<'_>,
        seen: &mut Names,
        out: &mut Vec<Entry>,
    ) -> Option<()> {
        if !self.claim_name(&name.text, spot, seen).ok()? {
            return Some(());
        }
        let want = match spot.want {
            Some(want) => Some(self.property(want, name)?),
            None => None,
        };
        let want = want.flatten();
        let valued = self.value(value, spot.at, want.as_ref().map(|(w, _)| w))?;
        self.given(name, &valued, want.as_ref(), spot, seen)?;
        // A property that may be null tells null from absence.
        let copied = want.is_some_and(|(want, _)| self.ty(want.ty).nullable);
        out.push(Entry::Field {
            name: name.text.clone(),
            value: valued.value,
            copied,
            place: name.place,
        });
        Some(())
    }

    pub(crate) fn variant_entry(
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
