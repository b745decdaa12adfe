//! A schema taken apart: `$ref`s followed and `allOf` opened, into the keywords that all apply to one value.
//!
//! Works on the document alone and never on types, so that recursion through a schema that is still being read is no
//! matter.

use std::collections::HashSet;

use super::reference::{At, Documents, reference_of};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Node;

/// How many levels of `allOf` and `$ref` may lead to one schema.
const MAX_DEPTH: usize = 64;

/// A schema that applies to a value, perhaps together with others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'d> {
    /// The schema.
    pub(super) at: At<'d>,
    /// How much of it applies.
    pub(super) extent: Extent,
}

/// How much of a schema applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// Its own keywords, without `$ref`, `allOf`, `oneOf` and `anyOf`.
    Own,
    /// What may stand beside a `$ref` in OpenAPI 3.0: `nullable`, a description, an example, a default.
    Beside,
}

/// What a schema comes apart into.
#[derive(Default)]
pub(super) struct Flat<'d> {
    /// Schemas whose own keywords all apply.
    pub(super) own: Vec<Part<'d>>,
    /// Sets of alternatives, each of which applies too.
    pub(super) choices: Vec<Choice<'d>>,
    /// The name of the one component it is, where all else only annotates.
    pub(super) name: Option<String>,
    /// What is wrong.
    pub(super) faults: Vec<Diagnostic>,
}

/// A `oneOf` or `anyOf`.
pub(super) struct Choice<'d> {
    /// The schema it stands in.
    pub(super) at: At<'d>,
    /// Its members.
    pub(super) members: Vec<At<'d>>,
}

/// Keywords that say nothing of a value's shape.
const ANNOTATIONS: &[&str] = &[
    "$comment",
    "$ref",
    "$schema",
    "allOf",
    "anyOf",
    "default",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "examples",
    "externalDocs",
    "nullable",
    "oneOf",
    "readOnly",
    "summary",
    "title",
    "writeOnly",
    "xml",
];

/// Whether a keyword says nothing of a value's shape.
pub(super) fn annotates(key: &str) -> bool {
    ANNOTATIONS.contains(&key) || key.starts_with("x-")
}

/// Whether a schema's own keywords say anything of a value's shape.
pub(super) fn says_something(node: &Node) -> bool {
    node.as_map()
        .is_some_and(|entries| entries.iter().any(|(key, _)| !annotates(&key.text)))
}

/// Whether nothing stands beside a schema's `$ref` or one `allOf` that makes another type of it.
///
/// `siblings`: whether what stands beside a `$ref` applies at all.
pub(super) fn only_leads_on(node: &Node, siblings: bool) -> bool {
    let changes = |key: &str| {
        matches!(
            key,
            "nullable" | "x-nullable" | "default" | "example" | "examples"
        )
    };
    let alternatives = |key: &str| matches!(key, "oneOf" | "anyOf" | "discriminator");
    let ignored = !siblings && node.get("$ref").is_some();
    node.as_map().is_some_and(|entries| {
        entries.iter().all(|(key, _)| {
            let key = key.text.as_str();
            !changes(key) && (ignored || annotates(key) && !alternatives(key))
        })
    })
}

/// Takes schemas that all apply to one value apart.
///
/// `siblings`: whether what stands beside a `$ref` applies too, as from OpenAPI 3.1 on. `work` counts down.
pub(super) fn flatten<'d>(
    documents: &'d Documents,
    parts: &[Part<'d>],
    siblings: bool,
    work: &mut usize,
) -> Flat<'d> {
    let mut walk = Walk {
        documents,
        siblings,
        work,
        path: Vec::new(),
        seen: HashSet::new(),
        names: Vec::new(),
        flat: Flat::default(),
    };
    for part in parts {
        walk.part(*part, None);
    }
    walk.finish()
}

struct Walk<'d, 'w> {
    documents: &'d Documents,
    siblings: bool,
    work: &'w mut usize,
    /// The schemas being opened, outermost first.
    path: Vec<usize>,
    seen: HashSet<usize>,
    /// For each of `flat.own` that says something, the component it came from.
    names: Vec<Option<String>>,
    flat: Flat<'d>,
}

impl<'d> Walk<'d, '_> {
    fn part(&mut self, part: Part<'d>, name: Option<&str>) {
        if part.extent == Extent::Whole {
            self.whole(part.at, name);
        } else {
            self.own(part, name);
        }
    }

    fn whole(&mut self, at: At<'d>, name: Option<&str>) {
        let address = at.address();
        if self.path.contains(&address) {
            let message = "this schema is made of itself";
            let diagnostic = Diagnostic::new(Code::ContractReference, at.node.place, message);
            self.flat.faults.push(diagnostic);
            return;
        }
        if !self.seen.insert(address) {
            return;
        }
        *self.work = self.work.saturating_sub(1);
        if self.path.len() >= MAX_DEPTH {
            let message = format!("schemas lead to each other over more than {MAX_DEPTH} steps");
            let diagnostic = Diagnostic::new(Code::ContractReference, at.node.place, message);
            self.flat.faults.push(diagnostic);
            return;
        }
        self.path.push(address);
        self.open(at, name);
        self.path.pop();
    }

    fn open(&mut self, at: At<'d>, name: Option<&str>) {
        let mut extent = Extent::Own;
        if let Some((reference, place)) = reference_of(at.node) {
            match self.documents.resolve(at.file, reference) {
                Ok(target) => {
                    let name = name.or(target.name.as_deref());
                    self.whole(target.at, name);
                }
                Err((message, help)) => {
                    let mut fault = Diagnostic::new(Code::ContractReference, place, message);
                    fault.help = help;
                    self.flat.faults.push(fault);
                }
            }
            if !self.siblings {
                extent = Extent::Beside;
            }
        }
        if extent == Extent::Own {
            // A name holds for all that is merged into it.
            for member in list(at, "allOf") {
                self.whole(member, name);
            }
        }
        self.own(Part { at, extent }, name);
        if extent == Extent::Own {
            for key in ["oneOf", "anyOf"] {
                let mut members = list(at, key);
                members.retain(|member| !self.leads_to(*member, at));
                if !members.is_empty() && !self.goes_back(&members) {
                    self.flat.choices.push(Choice { at, members });
                }
            }
        }
    }

    fn own(&mut self, part: Part<'d>, name: Option<&str>) {
        if part.extent != Extent::Beside && says_something(part.at.node) {
            self.names.push(name.map(str::to_owned));
        }
        self.flat.own.push(part);
    }

    /// Whether a schema is, or leads to, another.
    fn leads_to(&self, from: At<'d>, to: At<'d>) -> bool {
        let target = self.documents.follow(from);
        target.is_ok_and(|target| target.at.address() == to.address())
    }

    /// Whether an alternative is a schema being opened: a base that lists its children, read as part of a child.
    fn goes_back(&self, members: &[At<'d>]) -> bool {
        members.iter().any(|member| {
            let target = self.documents.follow(*member);
            target.is_ok_and(|target| self.path.contains(&target.at.address()))
        })
    }

    fn finish(mut self) -> Flat<'d> {
        let mut names = self.names.into_iter();
        if let Some(Some(first)) = names.next()
            && names.all(|name| name.as_ref() == Some(&first))
        {
            self.flat.name = Some(first);
        }
        self.flat
    }
}

/// The members of a list of schemas.
fn list<'d>(at: At<'d>, key: &str) -> Vec<At<'d>> {
    let items = at.node.get(key).and_then(Node::as_list).unwrap_or_default();
    items.iter().map(|item| at.with(item)).collect()
}
