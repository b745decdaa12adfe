//! `params` of an endpoint, and the names under its `body`.

use super::keys::{Keys, Takes, key};
use super::reader::{Reader, Table};
use super::{BodyDecl, BodyName, ParamDecl, ParamType};
use crate::diagnostic::{Code, Edit, Place};
use crate::document::{Key, Node};
use crate::model::ScalarKind;
use crate::syntax::ast;

pub(crate) const PARAM: Keys = Keys {
    of: "a parameter",
    known: &[
        key(
            "type",
            Takes::Word(&["string", "integer", "number", "boolean", "array", "object"]),
            "What it is, where what it is bound to leaves that open.",
        ),
        key("enum", Takes::List, "The values it may have."),
        key("min", Takes::Number, "The least it may be."),
        key("max", Takes::Number, "The most it may be."),
        key(
            "default",
            Takes::Anything,
            "What is sent upstream where the client says nothing.",
        ),
        key(
            "required",
            Takes::Boolean,
            "Whether the client must say it.",
        ),
        key(
            "description",
            Takes::Text,
            "What it is, for the frontend's own contract.",
        ),
    ],
    later: &[],
};

impl Reader<'_> {
    pub(crate) fn body(&mut self, node: &Node) -> Option<BodyDecl> {
        let block = self.block(node, "`body`")?;
        let names = match &block {
            ast::Block::Fields(fields) => self.body_names(fields),
            ast::Block::Value(value) => {
                self.error(
                    Code::Syntax,
                    value.place(),
                    "`body` of an endpoint lists names",
                )
                .help =
                    Some("`body = body` in a call's arguments passes the client's as it is".into());
                return None;
            }
        };
        Some(BodyDecl { names })
    }

    pub(crate) fn body_names(&mut self, fields: &[ast::Field]) -> Vec<BodyName> {
        let mut names: Vec<BodyName> = Vec::new();
        for field in fields {
            let (word, inner) = match field {
                ast::Field::Path(ast::PathValue {
                    path:
                        ast::Path {
                            start: ast::Start::Plain(word),
                            steps,
                            ..
                        },
                    select,
                    default: None,
                }) if steps.is_empty() => (word.clone(), select.as_ref()),
                ast::Field::Named { name, value } => {
                    self.error(
                        Code::Syntax,
                        name.place.to(value.place()),
                        "`body` of an endpoint lists names alone",
                    )
                    .help = Some(format!(
                        "`{}` stands alone here: its type is that of the parameters it is bound to",
                        name.text
                    ));
                    continue;
                }
                other => {
                    self.error(
                        Code::Syntax,
                        field_place(other),
                        "`body` of an endpoint lists names alone",
                    )
                    .help = Some("`items { sku qty } note`: what the client sends".into());
                    continue;
                }
            };
            if let Some(first) = names.iter().find(|n| n.word.text == word.text) {
                let first = first.word.place;
                let diagnostic = self.error(
                    Code::DuplicateField,
                    word.place,
                    format!("`{}` stands here twice", word.text),
                );
                diagnostic.related.push(crate::diagnostic::Related {
                    message: "the first is here".into(),
                    place: first,
                });
                continue;
            }
            let inner = match inner.map(|s| &s.block) {
                Some(ast::Block::Fields(fields)) => self.body_names(fields),
                _ => Vec::new(),
            };
            names.push(BodyName { word, names: inner });
        }
        names
    }

    pub(crate) fn params(&mut self, node: &Node) -> Vec<ParamDecl> {
        let mut params = Vec::new();
        for (key, node) in self.map(node, "`params`").unwrap_or_default() {
            let mut names = key.text.split('.').map(|n| n.trim_matches('"').to_owned());
            let root = names.next().unwrap_or_default();
            let names: Vec<String> = names.collect();
            let known = ["path", "query", "header", "cookie", "body"].contains(&root.as_str());
            let count = if root == "body" { 1..=16 } else { 1..=1 };
            if !known || !count.contains(&names.len()) || names.iter().any(String::is_empty) {
                let alone = names.is_empty() && super::is_name(&key.text) && !known;
                let diagnostic = self.error(
                    Code::BadName,
                    key.place,
                    format!("`{}` is no input", key.text),
                );
                diagnostic.fix = alone.then(|| Edit::likely(key.place.before(), "query."));
                diagnostic.help = Some("`query.NAME`, `path.NAME`, `header.NAME`, `cookie.NAME`, or a name in the body: `body.NAME`".into());
                continue;
            }
            let Some(table) = self.table(node, &PARAM) else {
                continue;
            };
            params.push(self.param(key, root, names, &table));
        }
        params
    }

    pub(crate) fn param(
        &mut self,
        key: &Key,
        root: String,
        names: Vec<String>,
        table: &Table<'_>,
    ) -> ParamDecl {
        let names = if root == "header" {
            names.into_iter().map(|n| n.to_lowercase()).collect()
        } else {
            names
        };
        let ty = table.get("type").and_then(|n| {
            self.word(
                n,
                "`type`",
                &[
                    ("string", ParamType::Scalar(ScalarKind::String)),
                    ("integer", ParamType::Scalar(ScalarKind::Integer)),
                    ("number", ParamType::Scalar(ScalarKind::Number)),
                    ("boolean", ParamType::Scalar(ScalarKind::Boolean)),
                    ("array", ParamType::List),
                    ("object", ParamType::Object),
                ],
            )
        });
        let one_of = match table.get("enum") {
            Some(node) => match node.as_list() {
                Some(items) => items.iter().map(Node::json_text).collect(),
                None => {
                    let found = node.describe();
                    self.error(
                        Code::WrongKind,
                        node.place,
                        format!("`enum` is a list, not {found}"),
                    );
                    Vec::new()
                }
            },
            None => Vec::new(),
        };
        ParamDecl {
            root,
            names,
            place: key.place,
            ty,
            one_of,
            min: table.get("min").and_then(|n| self.bound(n, "`min`")),
            max: table.get("max").and_then(|n| self.bound(n, "`max`")),
            default: table.get("default").map(|n| (n.json_text(), n.place)),
            required: table
                .get("required")
                .and_then(|n| self.boolean(n, "`required`")),
            description: table
                .get("description")
                .and_then(|n| self.text(n, "`description`")),
        }
    }

    pub(crate) fn bound(&mut self, node: &Node, what: &str) -> Option<String> {
        let number = node.as_scalar().and_then(|s| s.json_number());
        match number {
            Some(number) => Some(number.into_owned()),
            None => {
                self.error(Code::BadValue, node.place, format!("{what} is a number"));
                None
            }
        }
    }
}

fn field_place(field: &ast::Field) -> Place {
    match field {
        ast::Field::Named { name, value } => name.place.to(value.place()),
        ast::Field::Path(value) => value.place(),
        ast::Field::On { variant, select } => variant.place.to(select.place),
        ast::Field::Spread { place, .. } | ast::Field::All(place) => *place,
        ast::Field::Except(word) => word.place,
    }
}
