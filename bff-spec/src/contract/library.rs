//! Contracts that were read once, for all specs of one command.
//!
//! A contract is read into sources and types of its own. A spec that uses it takes over the files, and of the types
//! those that the operations it names reach, under ids of its own: so what a spec pays for a contract follows from
//! what it uses of it, and ids depend on that spec alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{Contract, Kind, Lookup, Operation, Response, Type, TypeId, Types, load};
use crate::diagnostic::{Diagnostic, FileId, Place};
use crate::exposure::Sensitive;
use crate::source::{SourceLoader, Sources};

/// The contracts that one loader gives, each read when it is first asked for. May be asked from several threads.
#[derive(Debug, Default)]
pub struct Library {
    contracts: Mutex<HashMap<Key, Arc<OnceLock<Arc<Read>>>>>,
}

/// A contract's path and those of its overlays.
type Key = (String, Vec<String>);

/// A contract that was read; its places and types are its own.
#[derive(Debug)]
struct Read {
    sources: Sources,
    types: Types,
    contract: Option<Contract>,
    diagnostics: Vec<Diagnostic>,
    /// The operations, by position, whose answers hold something sensitive.
    sensitive: Vec<usize>,
}

/// Where what is wrong with a contract as a whole is put while it is read: where it is named, whoever names it.
const NAMED: FileId = FileId(u32::MAX);

impl Library {
    /// A contract with its overlays, for one spec: what was found in its files, and the contract.
    ///
    /// `named` are the places where the spec names the contract and each overlay. The loader must be the same each time.
    pub(crate) fn contract(
        &self,
        loader: &dyn SourceLoader,
        path: &str,
        overlays: &[String],
        named: &[Place],
        sources: &mut Sources,
    ) -> (Option<Used>, Vec<Diagnostic>) {
        let key = (path.to_owned(), overlays.to_vec());
        let slot = {
            let mut contracts = self
                .contracts
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            contracts.entry(key).or_default().clone()
        };
        let read = slot
            .get_or_init(|| Arc::new(Read::new(loader, path, overlays)))
            .clone();
        let files = read
            .sources
            .shared()
            .iter()
            .map(|file| match sources.find(&file.path) {
                Some(known) => known,
                None => sources.share(file.clone()),
            })
            .collect();
        let used = Used {
            named: named.to_vec(),
            files,
            ids: HashMap::new(),
            operations: HashMap::new(),
            read,
        };
        let diagnostics = used.read.diagnostics.iter();
        let diagnostics = diagnostics.map(|found| used.diagnostic(found)).collect();
        let there = used.read.contract.is_some();
        (there.then_some(used), diagnostics)
    }
}

impl Read {
    fn new(loader: &dyn SourceLoader, path: &str, overlays: &[String]) -> Read {
        let mut sources = Sources::default();
        let mut types = Types::default();
        let named = |at: usize| Place {
            file: NAMED,
            start: u32::try_from(at).unwrap_or(u32::MAX),
            end: 0,
        };
        let overlays: Vec<(&str, Place)> = overlays
            .iter()
            .enumerate()
            .map(|(i, overlay)| (overlay.as_str(), named(i + 1)))
            .collect();
        let (contract, diagnostics) = load::load_with(
            &mut sources,
            loader,
            (path, named(0)),
            &overlays,
            &mut types,
        );
        let sensitive = contract
            .as_ref()
            .map(|contract| sensitive(contract, &types))
            .unwrap_or_default();
        Read {
            sources,
            types,
            contract,
            diagnostics,
            sensitive,
        }
    }
}

/// The operations, by position, whose answers hold something sensitive.
fn sensitive(contract: &Contract, types: &Types) -> Vec<usize> {
    let sensitive = Sensitive::of(types);
    let answers = |operation: &Operation| {
        let mut media = operation.responses.iter().flat_map(|r| &r.content);
        media.any(|media| sensitive.holds(media.ty))
    };
    let operations = contract.operations.iter().enumerate();
    operations
        .filter(|(_, operation)| answers(operation))
        .map(|(i, _)| i)
        .collect()
}

/// A contract as one spec uses it.
#[derive(Debug)]
pub(crate) struct Used {
    read: Arc<Read>,
    /// Where the spec names the contract and its overlays.
    named: Vec<Place>,
    /// The contract's files, as the spec's.
    files: Vec<FileId>,
    /// The contract's types that were taken over, as the spec's.
    ids: HashMap<TypeId, TypeId>,
    /// The operations that were taken over, by position.
    operations: HashMap<usize, Operation>,
}

/// What a name finds among the operations of a contract that a spec uses.
pub(crate) enum Found<'u> {
    /// An operation that was [taken over](Used::take).
    One(&'u Operation),
    /// Several share the id: their routes, and where the first stands.
    Several(Vec<String>, Option<Place>),
    /// None, and the nearest name there is.
    None(Option<String>),
}

impl Used {
    /// Takes over the operation of this name, if there is one, with the types it reaches.
    pub(crate) fn take(&mut self, name: &str, types: &mut Types) {
        let read = self.read.clone();
        let Some((at, operation)) = found(&read, name) else {
            return;
        };
        if self.operations.contains_key(&at) {
            return;
        }
        let operation = self.operation(operation, types);
        self.operations.insert(at, operation);
    }

    /// The operation of this name. One that wasn't [taken over](Used::take) isn't found.
    pub(crate) fn find(&self, name: &str) -> Found<'_> {
        let Some(contract) = &self.read.contract else {
            return Found::None(None);
        };
        match contract.operation(name) {
            Lookup::Found(_) => found(&self.read, name)
                .and_then(|(at, _)| self.operations.get(&at))
                .map_or(Found::None(None), Found::One),
            Lookup::Ambiguous(several) => Found::Several(
                several.iter().map(|operation| operation.route()).collect(),
                several.first().map(|first| self.place(first.place)),
            ),
            Lookup::Unknown(near) => Found::None(near),
        }
    }

    /// Every operation of the contract. Places and types are not the spec's.
    pub(crate) fn all(&self) -> &[Operation] {
        let contract = self.read.contract.as_ref();
        contract.map_or(&[], |contract| contract.operations.as_slice())
    }

    /// The operations, by position, whose answers hold something sensitive.
    pub(crate) fn sensitive(&self) -> &[usize] {
        &self.read.sensitive
    }

    fn place(&self, place: Place) -> Place {
        if place.file == NAMED {
            let named = self.named.get(place.start as usize);
            return named.or(self.named.first()).copied().unwrap_or(place);
        }
        let file = self.files.get(place.file.0 as usize);
        Place {
            file: file.copied().unwrap_or(place.file),
            ..place
        }
    }

    fn diagnostic(&self, found: &Diagnostic) -> Diagnostic {
        let mut found = found.clone();
        found.place = self.place(found.place);
        for related in &mut found.related {
            related.place = self.place(related.place);
        }
        if let Some(fix) = &mut found.fix {
            fix.place = self.place(fix.place);
        }
        found
    }

    fn operation(&mut self, operation: &Operation, types: &mut Types) -> Operation {
        let mut operation = operation.clone();
        let mut open = Vec::new();
        operation.place = self.place(operation.place);
        for parameter in &mut operation.parameters {
            parameter.place = self.place(parameter.place);
            parameter.ty = self.ty(parameter.ty, types, &mut open);
        }
        if let Some(body) = &mut operation.body {
            body.place = self.place(body.place);
            for media in &mut body.content {
                media.ty = self.ty(media.ty, types, &mut open);
            }
        }
        for response in &mut operation.responses {
            let Response {
                place,
                headers,
                content,
                ..
            } = response;
            *place = self.place(*place);
            for header in headers {
                header.ty = self.ty(header.ty, types, &mut open);
            }
            for media in content {
                media.ty = self.ty(media.ty, types, &mut open);
            }
        }
        operation.faults = operation
            .faults
            .iter()
            .map(|f| self.diagnostic(f))
            .collect();
        let read = self.read.clone();
        while let Some((theirs, ours)) = open.pop() {
            let ty = self.copy(read.types.get(theirs), types, &mut open);
            types.set(ours, ty);
        }
        operation
    }

    /// The spec's id for one of the contract's types; what it is, is still to be copied if it goes to `open`.
    fn ty(
        &mut self,
        theirs: TypeId,
        types: &mut Types,
        open: &mut Vec<(TypeId, TypeId)>,
    ) -> TypeId {
        *self.ids.entry(theirs).or_insert_with(|| {
            let ours = types.add(Type::of(Kind::Any));
            open.push((theirs, ours));
            ours
        })
    }

    fn copy(&mut self, ty: &Type, types: &mut Types, open: &mut Vec<(TypeId, TypeId)>) -> Type {
        let mut ty = ty.clone();
        ty.place = ty.place.map(|place| self.place(place));
        match &mut ty.kind {
            Kind::List(element) => *element = self.ty(*element, types, open),
            Kind::Object(object) => {
                for field in object.fields.values_mut() {
                    field.place = field.place.map(|place| self.place(place));
                    field.ty = self.ty(field.ty, types, open);
                }
                if let Some(rest) = &mut object.rest {
                    *rest = self.ty(*rest, types, open);
                }
            }
            Kind::Variants(variants) => {
                for member in &mut variants.members {
                    member.ty = self.ty(member.ty, types, open);
                }
            }
            Kind::Any
            | Kind::Null
            | Kind::Boolean
            | Kind::Integer
            | Kind::Number
            | Kind::String
            | Kind::Scalars(_) => {}
        }
        ty
    }
}

/// The one operation of this name, and its position.
fn found<'r>(read: &'r Read, name: &str) -> Option<(usize, &'r Operation)> {
    let contract = read.contract.as_ref()?;
    let Lookup::Found(operation) = contract.operation(name) else {
        return None;
    };
    let at = contract
        .operations
        .iter()
        .position(|other| std::ptr::eq(other, operation))?;
    Some((at, operation))
}
