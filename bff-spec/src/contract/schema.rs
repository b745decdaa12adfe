//! Schemas into types.
//!
//! Asking for a schema's type gives an id at once and notes the schema down; [`Schemas::finish`] then reads what was
//! noted, one schema after the other. So neither recursion nor a long chain of schemas ever takes more stack, and a
//! schema that refers to itself finds its own id.

use std::collections::{HashMap, HashSet, VecDeque};

use indexmap::IndexMap;

use super::flatten::{Choice, Extent, Flat, Part, flatten, only_leads_on, says_something};
use super::load::Version;
use super::merge::{Facts, JsonKind, is_true};
use super::reference::{At, Documents, reference_of};
use super::variants::{Discriminator, Member, Undecided};
use super::{Field, Kind, Object, Type, TypeId, Types, Variants};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Node;

/// How often schemas and fields may be looked at, over all types, for each value a contract holds.
const WORK_PER_VALUE: usize = 20;

/// What a small contract may ask for in any case.
const LEAST_WORK: usize = 50_000;

/// How many types one contract may have.
const MAX_TYPES: usize = 200_000;

/// How many alternatives of one member may lead to each other.
const MAX_ROUNDS: usize = 32;

/// The schemas of one contract, becoming types.
pub(super) struct Schemas<'d, 't> {
    pub(super) documents: &'d Documents,
    pub(super) types: &'t mut Types,
    /// Faults by the type that has them.
    pub(super) faults: HashMap<TypeId, Vec<Diagnostic>>,
    version: Version,
    /// Whether what stands beside a `$ref` applies (OpenAPI 3.1).
    siblings: bool,
    known: HashMap<Vec<(usize, Extent)>, TypeId>,
    queue: VecDeque<Wanted<'d>>,
    undecided: Vec<Undecided>,
    work: usize,
}

/// A type that was asked for.
struct Wanted<'d> {
    id: TypeId,
    parts: Vec<Part<'d>>,
    name: Option<String>,
}

impl<'d, 't> Schemas<'d, 't> {
    pub(super) fn new(documents: &'d Documents, types: &'t mut Types, version: Version) -> Self {
        Schemas {
            documents,
            types,
            faults: HashMap::new(),
            version,
            siblings: version == Version::V31,
            known: HashMap::new(),
            queue: VecDeque::new(),
            undecided: Vec::new(),
            work: LEAST_WORK + WORK_PER_VALUE * documents.count(),
        }
    }

    /// The type of a schema; what it is, [`Schemas::finish`] finds out.
    pub(super) fn of(&mut self, at: At<'d>) -> TypeId {
        self.merged(vec![whole(at)], None)
    }

    /// Any value.
    pub(super) fn any(&mut self) -> TypeId {
        self.types.add(Type::of(Kind::Any))
    }

    /// The type of a value that several schemas apply to.
    fn merged(&mut self, mut parts: Vec<Part<'d>>, name: Option<String>) -> TypeId {
        let mut names = Vec::new();
        for part in &mut parts {
            if part.extent == Extent::Whole {
                let (at, name) = self.canonical(part.at);
                part.at = at;
                names.push(name);
            }
        }
        let name = name.or_else(|| match (parts.len(), names.pop()) {
            (1, name) => name.flatten(),
            _ => None,
        });
        let key: Vec<_> = parts.iter().map(|p| (p.at.address(), p.extent)).collect();
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        let id = self.types.add(Type::of(Kind::Any));
        self.known.insert(key, id);
        if self.known.len() > MAX_TYPES {
            self.fault_size(id);
        } else {
            self.queue.push_back(Wanted { id, parts, name });
        }
        id
    }

    /// The schema that one which only leads on leads to, and the name of the first component on the way.
    fn canonical(&self, mut at: At<'d>) -> (At<'d>, Option<String>) {
        let mut name = None;
        for _ in 0..MAX_ROUNDS {
            if !only_leads_on(at.node, self.siblings) {
                break;
            }
            let members = at.node.get("allOf").and_then(Node::as_list);
            at = match (reference_of(at.node), members) {
                (Some((reference, _)), None) => {
                    let Ok(target) = self.documents.resolve(at.file, reference) else {
                        break;
                    };
                    name = name.or(target.name);
                    target.at
                }
                (None, Some([only])) => at.with(only),
                _ => break,
            };
        }
        (at, name)
    }

    /// Reads every schema that was asked for, and decides what tells variants apart.
    pub(super) fn finish(&mut self) {
        while let Some(wanted) = self.queue.pop_front() {
            if self.work == 0 {
                self.fault_size(wanted.id);
                continue;
            }
            let id = wanted.id;
            let ty = self.read(wanted);
            self.types.set(id, ty);
        }
        let undecided = std::mem::take(&mut self.undecided);
        for id in super::variants::decide(self.types, &undecided, &mut self.work) {
            self.fault_size(id);
        }
    }

    fn fault_size(&mut self, id: TypeId) {
        let Some(root) = self.documents.root() else {
            return;
        };
        let place = root
            .node
            .entry("components")
            .map_or(root.node.place, |(key, _)| key.place);
        let message = "this contract's schemas multiply beyond what is read";
        self.fault(id, Diagnostic::new(Code::ContractSize, place, message));
    }

    fn fault(&mut self, id: TypeId, diagnostic: Diagnostic) {
        let faults = self.faults.entry(id).or_default();
        if !faults.contains(&diagnostic) {
            faults.push(diagnostic);
        }
    }

    fn read(&mut self, wanted: Wanted<'d>) -> Type {
        let Wanted { id, parts, name } = wanted;
        let mut roots: HashSet<usize> = parts.iter().map(|part| part.at.address()).collect();
        let flat = self.flatten(id, &parts);
        let Flat {
            mut own,
            choices,
            name: inner,
            ..
        } = flat;
        let mut name = name.or(inner);
        let mut null = false;
        let mut sets = Vec::new();
        let mut open: VecDeque<Choice<'d>> = choices.into();
        for _ in 0..MAX_ROUNDS {
            let Some(mut choice) = open.pop_front() else {
                break;
            };
            let all = choice.members.len();
            choice.members.retain(|member| !self.is_null(*member));
            null |= choice.members.len() < all;
            match choice.members.as_slice() {
                [] => {}
                [only] => {
                    let (target, _) = self.canonical(*only);
                    roots.insert(target.address());
                    let sub = self.flatten(id, &[whole(*only)]);
                    if !own.iter().any(|part| says_something(part.at.node)) {
                        name = name.or(sub.name);
                    }
                    own.extend(sub.own);
                    open.extend(sub.choices);
                }
                members if members.iter().all(|member| only_requires(member.node)) => {}
                _ => sets.push(choice),
            }
        }
        let mut facts = Facts::of(&own, &roots, self.version);
        self.work = self.work.saturating_sub(own.len() + facts.fields.len());
        facts.nullable |= null;
        for fault in std::mem::take(&mut facts.faults) {
            self.fault(id, fault);
        }
        self.note_hidden_children(id, &own, &roots, !sets.is_empty());
        let place = parts.first().map(|part| part.at.node.place);
        let mut ty = Type {
            nullable: facts.nullable,
            name,
            description: facts.description.clone(),
            format: facts.format.clone(),
            one_of: facts.values.clone().unwrap_or_default(),
            default: facts.default.clone(),
            example: facts.example.clone(),
            bounds: facts.bounds.clone(),
            sensitive: facts.sensitive,
            place,
            ..Type::of(Kind::Any)
        };
        let mut sets = sets.into_iter();
        ty.kind = match sets.next() {
            Some(set) => {
                for other in sets {
                    let message = "a second set of alternatives for one value is not followed: \
                                   the fields its members add are not known";
                    let place = other.at.node.place;
                    self.fault(id, Diagnostic::new(Code::ContractLeftOut, place, message));
                }
                self.variants(id, &set, &own)
            }
            None => self.kind(id, &facts, &ty),
        };
        ty.nullable |= ty.kind == Kind::Null;
        ty
    }

    fn flatten(&mut self, id: TypeId, parts: &[Part<'d>]) -> Flat<'d> {
        let mut flat = flatten(self.documents, parts, self.siblings, &mut self.work);
        for fault in std::mem::take(&mut flat.faults) {
            self.fault(id, fault);
        }
        flat
    }

    /// The kind of a value without alternatives.
    fn kind(&mut self, id: TypeId, facts: &Facts<'d>, like: &Type) -> Kind {
        if facts.only_null {
            return Kind::Null;
        }
        let Some(kinds) = &facts.kinds else {
            return Kind::Any;
        };
        let scalars: Vec<Kind> = kinds.iter().filter_map(|kind| scalar(*kind)).collect();
        match kinds.iter().copied().collect::<Vec<_>>().as_slice() {
            [] => Kind::Null,
            [JsonKind::Object] => self.object(id, facts),
            [JsonKind::Array] => self.list(facts),
            [one] => scalar(*one).unwrap_or(Kind::Any),
            all if scalars.len() == all.len() => Kind::Scalars(scalars),
            all => self.kinds(id, all, facts, like),
        }
    }

    /// `type: [string, object]`: alternatives by JSON kind.
    fn kinds(&mut self, id: TypeId, kinds: &[JsonKind], facts: &Facts<'d>, like: &Type) -> Kind {
        let mut members = Vec::new();
        for kind in kinds {
            let kind = match kind {
                JsonKind::Object => self.object(id, facts),
                JsonKind::Array => self.list(facts),
                other => scalar(*other).unwrap_or(Kind::Any),
            };
            let ty = self.types.add(Type {
                kind,
                nullable: false,
                name: None,
                default: None,
                ..like.clone()
            });
            members.push(Member {
                ty,
                name: None,
                mapped: Vec::new(),
            });
        }
        self.undecided.push(Undecided {
            id,
            members,
            discriminator: None,
        });
        Kind::Variants(Variants {
            members: Vec::new(),
        })
    }

    fn object(&mut self, id: TypeId, facts: &Facts<'d>) -> Kind {
        let mut fields = IndexMap::with_capacity(facts.fields.len());
        for (name, (schemas, place)) in &facts.fields {
            let ty = self.merged(schemas.iter().map(|at| whole(*at)).collect(), None);
            let flag = |key: &str| schemas.iter().any(|at| self.flagged(*at, key));
            let own_text = schemas
                .iter()
                .rev()
                .find_map(|at| at.node.get("description")?.as_str());
            let field = Field {
                ty,
                required: facts.required.contains(name),
                read_only: flag("readOnly"),
                write_only: flag("writeOnly"),
                sensitive: flag("x-sensitive"),
                description: own_text.map(str::to_owned),
                place: Some(*place),
            };
            fields.insert((*name).to_owned(), field);
        }
        let rest = if facts.rest.is_empty() {
            self.open_rest(id, facts)
        } else {
            Some(self.merged(facts.rest.iter().map(|at| whole(*at)).collect(), None))
        };
        if fields.is_empty() && rest.is_none() && !facts.closed {
            return Kind::Any;
        }
        Kind::Object(Object { fields, rest })
    }

    /// The type of fields that aren't named, where `additionalProperties` is no schema.
    fn open_rest(&mut self, id: TypeId, facts: &Facts<'d>) -> Option<TypeId> {
        match (facts.fields.is_empty(), facts.patterns.as_slice()) {
            (true, [only]) => Some(self.of(*only)),
            (true, []) if facts.open => Some(self.any()),
            (_, []) => None,
            (no_fields, [first, ..]) => {
                let effect = if no_fields {
                    "of several, any value is taken to stand there"
                } else {
                    "beside `properties`, the fields it adds are not known"
                };
                let message = format!("`patternProperties` is not followed: {effect}");
                self.fault(
                    id,
                    Diagnostic::new(Code::ContractLeftOut, first.node.place, message),
                );
                no_fields.then(|| self.any())
            }
        }
    }

    fn list(&mut self, facts: &Facts<'d>) -> Kind {
        if facts.first_items.is_empty() {
            return Kind::List(match facts.items.as_slice() {
                [] => self.any(),
                items => self.merged(items.iter().map(|at| whole(*at)).collect(), None),
            });
        }
        // A tuple: each element is one of them all.
        let mut all = facts.first_items.clone();
        all.extend(facts.items.iter().filter(|at| at.node.as_map().is_some()));
        let mut members: Vec<Member> = Vec::new();
        for at in all {
            let (_, name) = self.canonical(at);
            let ty = self.of(at);
            if members.iter().all(|member| member.ty != ty) {
                members.push(Member {
                    ty,
                    name,
                    mapped: Vec::new(),
                });
            }
        }
        if let [only] = members.as_slice() {
            return Kind::List(only.ty);
        }
        let element = self.types.add(Type::of(Kind::Any));
        self.undecided.push(Undecided {
            id: element,
            members,
            discriminator: None,
        });
        Kind::List(element)
    }

    /// `oneOf` or `anyOf` of several.
    fn variants(&mut self, id: TypeId, set: &Choice<'d>, own: &[Part<'d>]) -> Kind {
        let base: Vec<Part<'d>> = own
            .iter()
            .filter(|part| part.extent == Extent::Own && shapes(part.at.node))
            .copied()
            .collect();
        let discriminator = set.at.node.get("discriminator");
        let mapping = self.mapping(id, set, discriminator);
        let mut members = Vec::new();
        for member in &set.members {
            let (at, name) = self.canonical(*member);
            let title = at
                .node
                .get("title")
                .and_then(Node::as_str)
                .filter(|title| is_word(title));
            let name = name.or_else(|| title.map(str::to_owned));
            let ty = if base.is_empty() {
                self.of(*member)
            } else {
                let mut parts = vec![whole(*member)];
                parts.extend(&base);
                self.merged(parts, name.clone())
            };
            let mapped = mapping
                .iter()
                .filter(|(_, target)| *target == at.address())
                .map(|(value, _)| value.clone())
                .collect();
            members.push(Member { ty, name, mapped });
        }
        let property = discriminator
            .and_then(|d| d.get("propertyName"))
            .and_then(Node::as_str);
        self.undecided.push(Undecided {
            id,
            members,
            discriminator: property.map(|property| Discriminator {
                property: property.to_owned(),
            }),
        });
        Kind::Variants(Variants {
            members: Vec::new(),
        })
    }

    /// A discriminator's mapping: values, and the schemas they stand for.
    fn mapping(
        &mut self,
        id: TypeId,
        set: &Choice<'d>,
        discriminator: Option<&'d Node>,
    ) -> Vec<(String, usize)> {
        let entries = discriminator
            .and_then(|d| d.get("mapping"))
            .and_then(Node::as_map);
        let mut mapping = Vec::new();
        for (value, target) in entries.unwrap_or_default() {
            let text = target.as_str().unwrap_or_default();
            let component = format!("#/components/schemas/{text}");
            let found = if text.contains(['#', '/']) {
                self.documents.resolve(set.at.file, text)
            } else {
                let by_name = self.documents.resolve(set.at.file, &component);
                by_name.or_else(|_| self.documents.resolve(set.at.file, text))
            };
            match found {
                Ok(found) => {
                    let (at, _) = self.canonical(found.at);
                    mapping.push((value.text.clone(), at.address()));
                }
                Err((message, help)) => {
                    let mut fault = Diagnostic::new(Code::ContractReference, target.place, message);
                    fault.help = help;
                    self.fault(id, fault);
                }
            }
        }
        mapping
    }

    /// A base with a discriminator and no list of its children: only its own fields are known.
    fn note_hidden_children(
        &mut self,
        id: TypeId,
        own: &[Part<'d>],
        roots: &HashSet<usize>,
        alternatives: bool,
    ) {
        let root = |part: &&Part<'d>| roots.contains(&part.at.address());
        if alternatives {
            return;
        }
        for part in own.iter().filter(root) {
            let node = part.at.node;
            let lists = node.get("oneOf").is_some() || node.get("anyOf").is_some();
            if let Some((key, _)) = node.entry("discriminator").filter(|_| !lists) {
                let message = "a discriminator without `oneOf`: only the fields written here are known, \
                               not those of the schemas built on it";
                self.fault(
                    id,
                    Diagnostic::new(Code::ContractLeftOut, key.place, message),
                );
            }
        }
    }

    /// Whether a schema, or the one it leads to, has a flag.
    fn flagged(&self, at: At<'d>, key: &str) -> bool {
        is_true(at.node, key) || {
            let members = at.node.get("allOf").and_then(Node::as_list);
            let on = match members {
                Some([only]) => at.with(only),
                _ => at,
            };
            let target = self.documents.follow(on);
            target.is_ok_and(|target| is_true(target.at.node, key))
        }
    }

    /// Whether a schema admits null alone.
    fn is_null(&self, at: At<'d>) -> bool {
        let Ok(target) = self.documents.follow(at) else {
            return false;
        };
        let node = target.at.node;
        let null_type = node.get("type").is_some_and(|ty| {
            ty.as_str() == Some("null")
                || matches!(ty.as_list(), Some([only]) if only.as_str() == Some("null"))
        });
        let null_value = node
            .get("enum")
            .and_then(Node::as_list)
            .is_some_and(|values| !values.is_empty() && values.iter().all(Node::is_null));
        null_type || null_value || node.get("const").is_some_and(Node::is_null)
    }
}

fn whole(at: At<'_>) -> Part<'_> {
    Part {
        at,
        extent: Extent::Whole,
    }
}

fn scalar(kind: JsonKind) -> Option<Kind> {
    match kind {
        JsonKind::Boolean => Some(Kind::Boolean),
        JsonKind::Integer => Some(Kind::Integer),
        JsonKind::Number => Some(Kind::Number),
        JsonKind::String => Some(Kind::String),
        JsonKind::Array | JsonKind::Object => None,
    }
}

/// Whether an alternative only says which fields must be there: it makes no other shape.
fn only_requires(node: &Node) -> bool {
    node.get("required").is_some()
        && node.as_map().is_some_and(|entries| {
            entries.iter().all(|(key, _)| {
                matches!(
                    key.text.as_str(),
                    "required" | "type" | "title" | "description" | "not"
                )
            })
        })
}

/// Whether a schema beside alternatives makes other types of them: `type: object` alone doesn't.
fn shapes(node: &Node) -> bool {
    let object = node.get("type").and_then(Node::as_str) == Some("object");
    node.as_map().is_some_and(|entries| {
        let others = entries
            .iter()
            .filter(|(key, _)| !(object && key.text == "type"));
        let shaping = others.filter(|(key, _)| key.text != "additionalProperties");
        let rest: Vec<_> = shaping.collect();
        rest.iter()
            .any(|(key, _)| !super::flatten::annotates(&key.text))
    })
}

/// Whether a title can be a name in a spec.
fn is_word(title: &str) -> bool {
    title.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && title
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}
