//! Which roots a text reads: calls by name, and the request's parts. No types are needed for it.

use indexmap::{IndexMap, IndexSet};

use crate::diagnostic::Place;
use crate::spec::FragmentDecl;
use crate::syntax::ast::{
    Block, Condition, Field, Operand, Path, PathValue, Selection, Start, StepKind, Value,
};

/// How many fragments one endpoint may spread, with those inside them: doubling ones would never end.
pub(crate) const MAX_SPREADS: usize = 4_000;

/// What was read.
#[derive(Debug, Default, Clone)]
pub(crate) struct Roots {
    /// Names at roots, with where each was first read.
    pub(crate) names: IndexMap<String, Place>,
    /// Path parameters.
    pub(crate) path: IndexSet<String>,
}

impl Roots {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    pub(crate) fn add(&mut self, other: &Roots) {
        for (name, place) in &other.names {
            self.names.entry(name.clone()).or_insert(*place);
        }
        self.path.extend(other.path.iter().cloned());
    }
}

/// Collects roots.
pub(crate) struct Collector<'a> {
    pub(crate) fragments: &'a IndexMap<String, FragmentDecl>,
    pub(crate) roots: Roots,
    spreading: Vec<String>,
    spreads: usize,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(fragments: &'a IndexMap<String, FragmentDecl>) -> Collector<'a> {
        Collector {
            fragments,
            roots: Roots::default(),
            spreading: Vec::new(),
            spreads: 0,
        }
    }

    /// `inside`: within a selection, where a plain word is a field.
    pub(crate) fn path(&mut self, path: &Path, inside: bool) {
        let root = match &path.start {
            Start::Root(word) => Some(word),
            Start::Plain(word) if !inside => Some(word),
            _ => None,
        };
        if let Some(word) = root {
            self.roots
                .names
                .entry(word.text.clone())
                .or_insert(path.place);
            if word.text == "path"
                && let Some(StepKind::Field(name)) = path.steps.first().map(|s| &s.kind)
            {
                self.roots.path.insert(name.text.clone());
            }
        }
        for step in &path.steps {
            if let StepKind::Join { keys, .. } = &step.kind {
                for key in keys {
                    if let Operand::Path(path) = &key.equals {
                        // A plain word there is a fault; as a root it would be what was meant.
                        self.path(path, inside);
                    }
                }
            }
        }
    }

    pub(crate) fn condition(&mut self, condition: &Condition) {
        for operand in [Some(&condition.left), condition.right.as_ref()]
            .into_iter()
            .flatten()
        {
            if let Operand::Path(path) = operand {
                self.path(path, false);
            }
        }
    }

    pub(crate) fn value(&mut self, value: &Value, inside: bool) {
        match value {
            Value::Literal(_) => {}
            Value::List(values, _) => values.iter().for_each(|v| self.value(v, inside)),
            Value::Group(select) => self.block(&select.block, inside),
            Value::Path(path) => self.path_value(path, inside),
        }
    }

    fn path_value(&mut self, value: &PathValue, inside: bool) {
        self.path(&value.path, inside);
        self.selection(value.select.as_ref());
    }

    fn selection(&mut self, select: Option<&Selection>) {
        if let Some(select) = select {
            self.block(&select.block, true);
        }
    }

    pub(crate) fn block(&mut self, block: &Block, inside: bool) {
        let fields = match block {
            Block::Value(value) => return self.value(value, inside),
            Block::Fields(fields) => fields,
        };
        for field in fields {
            match field {
                Field::Named { value, .. } => self.value(value, inside),
                Field::Path(value) => self.path_value(value, inside),
                Field::On { select, .. } => self.block(&select.block, true),
                Field::Spread { path, select, .. } => {
                    if select.is_none()
                        && path.steps.is_empty()
                        && let Start::Plain(word) = &path.start
                        && let Some(fragment) = self.fragments.get(&word.text)
                    {
                        self.spreads += 1;
                        if !self.spreading.contains(&word.text) && self.spreads < MAX_SPREADS {
                            self.spreading.push(word.text.clone());
                            self.block(&fragment.block, inside);
                            self.spreading.pop();
                        }
                        continue;
                    }
                    self.path(path, inside);
                    self.selection(select.as_ref());
                }
                Field::All(_) | Field::Except(_) => {}
            }
        }
    }
}
