//! Tables as Rust expressions that a static can hold.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::names::Names;
use crate::ir::{
    Absent, Block, BlockRef, Condition, Elements, Entry, Fields, Frame, Hop, Key, Kinds, Node,
    OnList, OnObject, Operand, Path, Pick, Pool, Root, Shape, Slot, Template, Test,
};

/// What the tables of a pool are called.
#[derive(Debug)]
pub(crate) struct PoolNames {
    frames: Vec<TokenStream>,
    elements: Vec<TokenStream>,
    fields: Vec<TokenStream>,
    blocks: Vec<TokenStream>,
}

impl PoolNames {
    /// Names for a pool's tables, behind `prefix`.
    pub(crate) fn new(pool: &Pool, prefix: &str, names: &mut Names) -> PoolNames {
        let mut name = |hint: &str, suffix: &str| {
            let name = names.constant(&format!("{prefix}_{hint}{suffix}"));
            quote! { #name }
        };
        let frames = pool.frames.iter().map(|named| name(&named.name, "_within"));
        let frames = frames.collect();
        let elements = pool.elements.iter().map(|named| name(&named.name, "_list"));
        let elements = elements.collect();
        let fields = pool.fields.iter().map(|named| name(&named.name, "_fields"));
        let fields = fields.collect();
        let blocks = pool.blocks.iter().map(|named| name(&named.name, ""));
        PoolNames {
            frames,
            elements,
            fields,
            blocks: blocks.collect(),
        }
    }

    /// A pool of which every table is another type's, by its `Project`.
    pub(crate) fn of_projects(
        pool: &Pool,
        nested: &[(String, TokenStream)],
        runtime: &TokenStream,
    ) -> PoolNames {
        let project = |name: &str| {
            let ty = nested
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, ty)| ty);
            quote! { <#ty as #runtime::json::Project> }
        };
        let elements = |named: &crate::ir::Named<Elements>| {
            let (slot, project) = (
                number(named.table.slot),
                project(&named.table.frame.node.at),
            );
            let first = Literal::u32_suffixed(named.table.first);
            quote! { Elements { slot: #slot, first: #first, frame: #project::FRAME } }
        };
        let frame = |name: &str| {
            let project = project(name);
            quote! { #project::FRAME }
        };
        let block = |name: &str| {
            let project = project(name);
            quote! { *#project::BLOCK }
        };
        PoolNames {
            frames: pool.frames.iter().map(|named| frame(&named.name)).collect(),
            elements: pool.elements.iter().map(elements).collect(),
            fields: Vec::new(),
            blocks: pool.blocks.iter().map(|named| block(&named.name)).collect(),
        }
    }

    /// The pool's tables as statics.
    pub(crate) fn statics(&self, pool: &Pool) -> TokenStream {
        let mut items = TokenStream::new();
        for (name, fields) in self.fields.iter().zip(&pool.fields) {
            let doc = format!(" What is kept of every `{}`, however deep.", fields.name);
            let value = self.fields_of(&fields.table);
            items.extend(quote! { #[doc = #doc] static #name: Fields = #value; });
        }
        for (name, frame) in self.frames.iter().zip(&pool.frames) {
            let doc = format!(" A `{}` within another value.", frame.name);
            let value = self.frame(&frame.table);
            items.extend(quote! { #[doc = #doc] static #name: Frame = #value; });
        }
        for (name, elements) in self.elements.iter().zip(&pool.elements) {
            let doc = format!(" A list of `{}`.", elements.name);
            let value = self.elements(&elements.table);
            items.extend(quote! { #[doc = #doc] static #name: Elements = #value; });
        }
        for (name, block) in self.blocks.iter().zip(&pool.blocks) {
            let doc = format!(" What is written of every `{}`, however deep.", block.name);
            let value = self.block(&block.table);
            items.extend(quote! { #[doc = #doc] static #name: Block = #value; });
        }
        items
    }

    /// `Shape::new(…)`
    pub(crate) fn shape(&self, shape: &Shape) -> TokenStream {
        let (width, node) = (number(shape.root.width), self.node(&shape.root.node));
        quote! { Shape::new(#width, #node) }
    }

    /// `Frame::new(…)`
    pub(crate) fn frame(&self, frame: &Frame) -> TokenStream {
        let (width, node) = (number(frame.width), self.node(&frame.node));
        quote! { Frame::new(#width, #node) }
    }

    fn elements(&self, elements: &Elements) -> TokenStream {
        let (slot, width) = (number(elements.slot), number(elements.frame.width));
        let node = self.node(&elements.frame.node);
        let first = match elements.first {
            Elements::ALL => None,
            first => {
                let first = Literal::u32_unsuffixed(first);
                Some(quote! { .first(#first) })
            }
        };
        quote! { Elements::new(#slot, #width, #node) #first }
    }

    fn node(&self, node: &Node) -> TokenStream {
        let at = &node.at;
        let (first, end) = (number(node.first), number(node.end));
        let promised = without_null(node.kinds);
        let plain = |form: Kinds| promised == form;
        let short = match (&node.object, &node.list, node.own) {
            (OnObject::Reject, OnList::Reject, Some(slot))
                if node.first == slot && node.end == slot + 1 =>
            {
                let (slot, kinds) = (number(slot), kinds(node.kinds));
                return quote! { Node::scalar(#at, #slot, #kinds) };
            }
            (OnObject::Whole, OnList::Whole, Some(slot)) if node.kinds == Kinds::ANY => {
                let slot = number(slot);
                return quote! { Node::any(#at, #slot) };
            }
            (OnObject::Reject, OnList::Scalars(each), Some(slot)) if plain(Kinds::LIST) => {
                let (slot, each) = (number(slot), kinds(*each));
                Some(quote! { Node::scalars(#at, #slot, #each) })
            }
            (OnObject::Framed { slot, frame }, OnList::Reject, own) if plain(Kinds::OBJECT) => {
                let (slot, frame) = (number(*slot), self.frames.get(*frame));
                let own = own.map(number).map(|slot| quote! { .own(#slot) });
                Some(quote! { Node::framed(#at, #slot, &#frame) #own })
            }
            (OnObject::Fields(_) | OnObject::Shared(_), OnList::Reject, own)
                if plain(Kinds::OBJECT) =>
            {
                let fields = self.fields(&node.object);
                let own = own.map(number).map(|slot| quote! { .own(#slot) });
                Some(quote! { Node::object(#at, #first, #end, #fields) #own })
            }
            (OnObject::Reject, OnList::Elements(_) | OnList::Shared(_), own)
                if plain(Kinds::LIST) =>
            {
                let elements = self.elements_of(&node.list);
                let own = own.map(number).map(|slot| quote! { .own(#slot) });
                Some(match &node.list {
                    // What leads back to itself can't be read while it is made, so the slot is said here.
                    OnList::Shared(_) => {
                        let slot = number(node.end.saturating_sub(1));
                        quote! { Node::list_at(#at, #slot, #elements) #own }
                    }
                    _ => quote! { Node::list(#at, #elements) #own },
                })
            }
            _ => None,
        };
        if let Some(short) = short {
            let null = (promised != node.kinds).then(|| quote! { .or_null() });
            return quote! { #short #null };
        }
        let kinds = kinds(node.kinds);
        let own = option(node.own.map(number));
        let object = match &node.object {
            OnObject::Reject => quote! { OnObject::Reject },
            OnObject::Whole => quote! { OnObject::Whole },
            OnObject::Fields(_) | OnObject::Shared(_) => {
                let fields = self.fields(&node.object);
                quote! { OnObject::Fields(#fields) }
            }
            OnObject::Framed { slot, frame } => {
                let (slot, frame) = (number(*slot), self.frames.get(*frame));
                quote! { OnObject::Framed { slot: #slot, frame: &#frame } }
            }
        };
        let list = match &node.list {
            OnList::Reject => quote! { OnList::Reject },
            OnList::Whole => quote! { OnList::Whole },
            OnList::Scalars(each) => {
                let each = self::kinds(*each);
                quote! { OnList::Scalars(#each) }
            }
            OnList::Elements(_) | OnList::Shared(_) => {
                let elements = self.elements_of(&node.list);
                quote! { OnList::Elements(#elements) }
            }
        };
        quote! {
            Node { at: #at, kinds: #kinds, first: #first, end: #end, own: #own, object: #object, list: #list }
        }
    }

    fn elements_of(&self, list: &OnList) -> TokenStream {
        match list {
            OnList::Elements(elements) => {
                let elements = self.elements(elements);
                quote! { &#elements }
            }
            OnList::Shared(place) => {
                let name = self.elements.get(*place);
                quote! { &#name }
            }
            _ => TokenStream::new(),
        }
    }

    fn fields(&self, object: &OnObject) -> TokenStream {
        match object {
            OnObject::Fields(fields) => {
                let fields = self.fields_of(fields);
                quote! { &#fields }
            }
            OnObject::Shared(place) => {
                let name = self.fields.get(*place);
                quote! { &#name }
            }
            _ => TokenStream::new(),
        }
    }

    fn fields_of(&self, fields: &Fields) -> TokenStream {
        let keys = fields.keys.iter().map(|key| self.key(key));
        match &fields.rest {
            None => quote! { Fields::of(&[#(#keys),*]) },
            Some(rest) => {
                let (slot, width) = (number(rest.slot), number(rest.frame.width));
                let node = self.node(&rest.frame.node);
                quote! { Fields::map(&[#(#keys),*], &Entries::new(#slot, #width, #node)) }
            }
        }
    }

    fn key(&self, key: &Key) -> TokenStream {
        let (name, node) = (&key.name, self.node(&key.node));
        if key.required {
            quote! { Key::required(#name, #node) }
        } else {
            quote! { Key::optional(#name, #node) }
        }
    }

    /// `Template::…`
    pub(crate) fn template(&self, template: &Template) -> TokenStream {
        match template {
            Template::Literal(json) => quote! { Template::Literal(#json) },
            Template::Copy { path, default } => {
                let path = self::path(path);
                match default {
                    None => quote! { Template::copy(#path) },
                    Some(json) => quote! { Template::copy_or(#path, #json) },
                }
            }
            Template::Select {
                path,
                block,
                default,
            } => {
                let path = self::path(path);
                let block = match block {
                    BlockRef::Inline(block) => self.block(block),
                    BlockRef::Shared(place) => {
                        let name = self.blocks.get(*place);
                        quote! { #name }
                    }
                };
                match default {
                    None => quote! { Template::select(#path, &#block) },
                    Some(json) => quote! { Template::select_or(#path, &#block, #json) },
                }
            }
            Template::Entries { path, value } => {
                let (path, value) = (self::path(path), self.template(value));
                quote! { Template::Entries { path: #path, value: &#value } }
            }
            Template::Block(block) => {
                let block = self.block(block);
                quote! { Template::Block(&#block) }
            }
            Template::Promised(value) => {
                let value = self.template(value);
                quote! { Template::Promised(&#value) }
            }
            Template::List(values) => {
                let values = values.iter().map(|value| self.template(value));
                quote! { Template::List(&[#(#values),*]) }
            }
            Template::Choice(cases) => {
                let cases = cases.iter().map(|(test, template)| {
                    let (test, template) = (self::test(test), self.template(template));
                    quote! { (#test, #template) }
                });
                quote! { Template::Choice(&[#(#cases),*]) }
            }
        }
    }

    /// `Block::…`
    pub(crate) fn block(&self, block: &Block) -> TokenStream {
        match block {
            Block::Value(value) => {
                let value = self.template(value);
                quote! { Block::Value(#value) }
            }
            Block::Fields(entries) => {
                let entries = self.entries(entries);
                quote! { Block::Fields(#entries) }
            }
        }
    }

    fn entries(&self, entries: &[Entry]) -> TokenStream {
        let entries = entries.iter().map(|entry| self.entry(entry));
        quote! { &[#(#entries),*] }
    }

    fn entry(&self, entry: &Entry) -> TokenStream {
        match entry {
            Entry::Field { key, value, absent } => {
                let value = self.template(value);
                match absent {
                    Absent::Null => quote! { Entry::field(#key, #value) },
                    Absent::Copied => quote! { Entry::copied(#key, #value) },
                    Absent::Omit => quote! { Entry::given(#key, #value) },
                    Absent::Promised => quote! { Entry::promised(#key, #value) },
                }
            }
            Entry::When(test, entries) => {
                let (test, entries) = (self::test(test), self.entries(entries));
                quote! { Entry::When(#test, #entries) }
            }
            Entry::Spread(path, entries) => {
                let (path, entries) = (self::path(path), self.entries(entries));
                quote! { Entry::Spread(#path, #entries) }
            }
            Entry::Rest { path, value } => {
                let (path, value) = (self::path(path), self.template(value));
                quote! { Entry::Rest { path: #path, value: &#value } }
            }
        }
    }
}

/// `Path::…`
pub(crate) fn path(path: &Path) -> TokenStream {
    let hops = path.hops.iter().map(hop);
    match path.root {
        Root::Tape(number) => {
            let number = Literal::u8_unsuffixed(number);
            quote! { Path::tape(#number, &[#(#hops),*]) }
        }
        Root::Current => quote! { Path::here(&[#(#hops),*]) },
    }
}

fn hop(hop: &Hop) -> TokenStream {
    match hop {
        Hop::Value(slot) => {
            let slot = number(*slot);
            quote! { Hop::Value(#slot) }
        }
        Hop::Each(slot, pick) => {
            let (slot, pick) = (number(*slot), self::pick(pick));
            quote! { Hop::Each(#slot, #pick) }
        }
        Hop::Into(slot) => {
            let slot = number(*slot);
            quote! { Hop::Into(#slot) }
        }
        Hop::Is(test) => {
            let test = self::test(test);
            quote! { Hop::Is(&#test) }
        }
    }
}

fn pick(pick: &Pick) -> TokenStream {
    match pick {
        Pick::All => quote! { Pick::All },
        Pick::Index(at) => {
            let at = Literal::i32_unsuffixed(*at);
            quote! { Pick::Index(#at) }
        }
        Pick::Slice(from, to) => {
            let from = option(from.map(Literal::i32_unsuffixed));
            let to = option(to.map(Literal::i32_unsuffixed));
            quote! { Pick::Slice(#from, #to) }
        }
        Pick::First(keys) => {
            let keys = matching(keys);
            quote! { Pick::First(#keys) }
        }
        Pick::Every(keys) => {
            let keys = matching(keys);
            quote! { Pick::Every(#keys) }
        }
    }
}

fn matching(keys: &[(Slot, Operand)]) -> TokenStream {
    let keys = keys.iter().map(|(slot, operand)| {
        let (slot, operand) = (number(*slot), self::operand(operand));
        quote! { (#slot, #operand) }
    });
    quote! { &Match { keys: &[#(#keys),*] } }
}

fn operand(operand: &Operand) -> TokenStream {
    match operand {
        Operand::Path(path) => {
            let path = self::path(path);
            quote! { Operand::Path(#path) }
        }
        Operand::Literal(json) => quote! { Operand::Literal(#json) },
    }
}

/// `Condition::…`
pub(crate) fn condition(condition: &Condition) -> TokenStream {
    match condition {
        Condition::Holds(operand) => {
            let operand = self::operand(operand);
            quote! { Condition::Holds(#operand) }
        }
        Condition::Equal(one, other) => {
            let (one, other) = (operand(one), operand(other));
            quote! { Condition::Equal(#one, #other) }
        }
    }
}

fn test(test: &Test) -> TokenStream {
    match test {
        Test::Kind(slot, kinds) => {
            let (slot, kinds) = (number(*slot), self::kinds(*kinds));
            quote! { Test::Kind(#slot, #kinds) }
        }
        Test::Equals(slot, values) => {
            let slot = number(*slot);
            quote! { Test::Equals(#slot, &[#(#values),*]) }
        }
        Test::Present(slot) => {
            let slot = number(*slot);
            quote! { Test::Present(#slot) }
        }
    }
}

fn kinds(kinds: Kinds) -> TokenStream {
    if kinds == Kinds::ANY {
        return quote! { Kinds::ANY };
    }
    let number = if kinds.contains(Kinds::NUMBER) {
        Some(quote! { Kinds::NUMBER })
    } else {
        kinds
            .contains(Kinds::INTEGER)
            .then(|| quote! { Kinds::INTEGER })
    };
    let has = |kind: Kinds, name: TokenStream| kinds.contains(kind).then_some(name);
    let mut names = [
        has(Kinds::BOOLEAN, quote! { Kinds::BOOLEAN }),
        number,
        has(Kinds::STRING, quote! { Kinds::STRING }),
        has(Kinds::OBJECT, quote! { Kinds::OBJECT }),
        has(Kinds::LIST, quote! { Kinds::LIST }),
    ]
    .into_iter()
    .flatten();
    let null = kinds.contains(Kinds::NULL);
    match (names.next(), null) {
        (None, true) => quote! { Kinds::NULL },
        (None, false) => quote! { Kinds::NONE },
        (Some(first), null) => {
            let null = null.then(|| quote! { .or_null() });
            quote! { #first #(.or(#names))* #null }
        }
    }
}

/// The kinds but `null`.
fn without_null(kinds: Kinds) -> Kinds {
    [
        Kinds::BOOLEAN,
        Kinds::INTEGER,
        Kinds::NUMBER,
        Kinds::STRING,
        Kinds::OBJECT,
        Kinds::LIST,
    ]
    .into_iter()
    .filter(|kind| kinds.contains(*kind))
    .fold(Kinds::NONE, Kinds::or)
}

/// A slot, a width.
pub(crate) fn number(slot: Slot) -> Literal {
    Literal::u16_unsuffixed(slot)
}

/// `Some(…)` or `None`.
pub(crate) fn option(value: Option<impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote! { Some(#value) },
        None => quote! { None },
    }
}
