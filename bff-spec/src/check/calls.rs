//! One call in full: arguments, body, `when`, `errors`.

use super::heads::{is_json, shown};
use super::scope::{At, Scene};
use super::uses::{Collector, Roots};
use super::value::Want;
use crate::contract::{Kind, Media, Operation, RequestBody};
use crate::diagnostic::{Code, Place};
use crate::model::{Block, Call, CallBody, ErrorAction, ErrorRule, Fan};
use crate::spec::{CallDecl, ErrorActionDecl, ErrorDecl};
use crate::syntax::ast;

const FORM: &str = "application/x-www-form-urlencoded";

/// The media type a body is sent as: the one that was chosen, or JSON, or a form.
pub(crate) fn choose_media<'b>(body: &'b RequestBody, chosen: Option<&str>) -> Option<&'b Media> {
    let named = |name: &str| {
        body.content
            .iter()
            .find(|m| m.name.eq_ignore_ascii_case(name))
    };
    match chosen {
        Some(name) => named(name),
        None => named("application/json")
            .or_else(|| body.content.iter().find(|m| is_json(&m.name)))
            .or_else(|| named(FORM)),
    }
}

impl Scene<'_, '_> {
    /// What a call reads.
    pub(crate) fn roots_of_call(&self, call: &CallDecl) -> (Roots, Roots) {
        let mut arguments = Collector::new(&self.checker.spec.fragments);
        if let Some(ast) = &call.call {
            for argument in &ast.arguments {
                arguments.value(&argument.value, false);
            }
        }
        let mut rest = Collector::new(&self.checker.spec.fragments);
        if let Some((block, _)) = &call.body {
            rest.block(block, false);
        }
        if let Some(when) = &call.when {
            rest.condition(when);
        }
        (arguments.roots, rest.roots)
    }

    /// A call; none if something was wrong with it, which was said. Those it needs were checked before.
    pub(crate) fn call(&mut self, index: usize, needs: Vec<usize>) -> Option<Call> {
        let decl = self.call_decls().get(index)?;
        let before = self.checker.sink.len();
        let when = decl.when.as_ref().map(|w| self.condition(w));
        let errors = self.error_decls(index);
        let (upstream, operation) = self.heads.get(index)?.target.clone()?;
        let ast = decl.call.as_ref()?;
        let bound = self.arguments(decl, ast, &operation);
        let arg_body = bound.as_ref().and_then(|b| b.body.clone());
        let body = self.call_body(decl, &operation, arg_body);
        let bound = bound?;
        self.refine_head(index, bound.fan);
        let retry = self.retry(decl, &upstream, &operation, &bound.arguments);
        if self.failed_since(before) {
            return None;
        }
        let head = self.heads.get(index)?.clone();
        let (in_arguments, in_rest) = self.roots_of_call(decl);
        let client = |roots: &Roots| ["path", "query", "body"].iter().any(|n| roots.has(n));
        let any = |roots: &Roots| client(roots) || roots.has("header") || roots.has("cookie");
        Some(Call {
            name: decl.name.clone(),
            place: decl.place,
            text: decl.text.clone(),
            upstream: self.checker.use_upstream(&upstream)?,
            optional: decl.optional,
            needs,
            after: Vec::new(),
            write: head.write,
            arguments: bound.arguments,
            body: body?,
            fan: bound.fan,
            when: match when {
                Some(when) => Some(when?),
                None => None,
            },
            timeout: decl.timeout,
            retry,
            errors: errors?,
            answer: head.answer,
            nullable: head.nullable,
            client_argument: client(&in_arguments),
            client_input: any(&in_arguments) || any(&in_rest),
            operation,
        })
    }

    pub(crate) fn failed_since(&self, before: usize) -> bool {
        self.checker
            .sink
            .iter()
            .skip(before)
            .any(|d| d.severity == crate::diagnostic::Severity::Error)
    }

    /// What the call's arguments say of its value.
    fn refine_head(&mut self, index: usize, fan: Fan) {
        let list_answer = self
            .heads
            .get(index)
            .and_then(|h| h.answer)
            .is_some_and(|ty| matches!(self.kind(ty), Kind::List(_)));
        if let Some(head) = self.heads.get_mut(index) {
            match fan {
                // With nothing in the list the call isn't made: null, if its answer is no list.
                Fan::One {
                    list_argument: Some(_),
                } => head.nullable |= !list_answer,
                Fan::Split { .. } => {
                    head.nullable |= !list_answer;
                    head.split = true;
                }
                Fan::One { .. } | Fan::Each { .. } => {}
            }
        }
    }

    /// The body; the outer none is a fault that was said.
    #[allow(clippy::option_option)]
    fn call_body(
        &mut self,
        decl: &CallDecl,
        operation: &Operation,
        argument: Option<ast::Value>,
    ) -> Option<Option<CallBody>> {
        let id = shown(operation);
        let written = decl
            .body
            .as_ref()
            .map(|(_, place)| *place)
            .or(argument.as_ref().map(ast::Value::place));
        let Some(body) = &operation.body else {
            if let Some(place) = written {
                self.error(Code::RequestBody, place, format!("`{id}` takes no body"))
                    .help("take it out")
                    .related(operation.place, "the operation is here");
                return None;
            }
            return Some(None);
        };
        if let (Some((_, place)), Some(argument)) = (&decl.body, &argument) {
            self.error(
                Code::Contradiction,
                argument.place(),
                "the body is given twice: as an argument, and under `body`",
            )
            .help("take one of the two out")
            .related(*place, "`body` is here");
            return None;
        }
        let Some(place) = written else {
            // A call that was broken may have had one.
            if body.required && decl.call.is_some() {
                self.error(
                    Code::RequestBody,
                    decl.call_place,
                    format!("`{id}` needs a body, and none is given"),
                )
                .help("`body: |` beside `call`, or `body = body` among the arguments to pass the client's")
                .related(body.place, "the contract asks for it here");
                return None;
            }
            return Some(None);
        };
        let media = self.media(decl, body, &id, place)?;
        let want = Want {
            ty: media.ty,
            parameter: false,
            what: format!("the body of `{id}`"),
            place: Some(body.place),
        };
        let value = match (&decl.body, argument) {
            (Some((block, place)), _) => self.block(block, At::ROOTS, Some(&want), *place)?,
            (None, Some(value)) => {
                let value = self.value(&value, At::ROOTS, Some(&want))?;
                if value.nullable && body.required {
                    self.null_into(&value, &want, false);
                    return None;
                }
                Block::Value(Box::new(value.value))
            }
            (None, None) => return Some(None),
        };
        if media.name.eq_ignore_ascii_case(FORM)
            && matches!(&value, Block::Value(_))
            && !matches!(self.kind(media.ty), Kind::Object(_))
        {
            self.error(Code::RequestBody, place, "a form is made of fields");
            return None;
        }
        Some(Some(CallBody {
            media: media.name,
            ty: media.ty,
            value,
        }))
    }

    fn media(
        &mut self,
        decl: &CallDecl,
        body: &RequestBody,
        id: &str,
        place: Place,
    ) -> Option<Media> {
        let all: Vec<&str> = body.content.iter().map(|m| m.name.as_str()).collect();
        let chosen = decl.media.as_ref().map(|(name, _)| name.as_str());
        let Some(media) = choose_media(body, chosen) else {
            let list = crate::spec::list(all.iter().copied());
            if let Some((name, place)) = &decl.media {
                self.error(
                    Code::RequestBody,
                    *place,
                    format!("`{id}` takes no `{name}`"),
                )
                .help(format!("it takes {list}"))
                .related(body.place, "its body is here");
            } else {
                self.checker.unsupported(
                    place,
                    &format!("a body of {list}"),
                    "bodies are JSON or forms; others pass through (`proxy`)",
                );
            }
            return None;
        };
        if !is_json(&media.name) && !media.name.eq_ignore_ascii_case(FORM) {
            let place = decl.media.as_ref().map_or(place, |(_, p)| *p);
            self.checker.unsupported(
                place,
                &format!("a body of `{}`", media.name),
                "bodies are JSON or forms; others pass through (`proxy`)",
            );
            return None;
        }
        Some(media.clone())
    }

    /// `errors` of the call and, for it, of the endpoint.
    fn error_decls(&mut self, index: usize) -> Option<Vec<ErrorRule>> {
        let decl = self.call_decls().get(index)?;
        let endpoint = self.decl;
        let beside = endpoint
            .errors
            .iter()
            .filter(|(word, _)| word.text == decl.name)
            .flat_map(|(_, errors)| errors);
        let all: Vec<&ErrorDecl> = decl.errors.iter().chain(beside).collect();
        let operation = self
            .heads
            .get(index)
            .and_then(|h| h.target.as_ref())
            .map(|(_, o)| o.clone());
        let mut rules = Vec::new();
        let mut ok = true;
        let mut seen: Vec<(u16, u16, Place)> = Vec::new();
        for error in all {
            if let Some((_, _, first)) = seen
                .iter()
                .find(|(a, b, _)| (*a, *b) == (error.first, error.last))
            {
                let first = *first;
                self.error(
                    Code::DefinedTwice,
                    error.place,
                    format!("what `{}` means is said twice", error.status),
                )
                .related(first, "it is said first here");
                ok = false;
                continue;
            }
            seen.push((error.first, error.last, error.place));
            let Some(operation) = &operation else {
                continue;
            };
            match self.error_action(error, operation) {
                Some(action) => rules.push(ErrorRule {
                    first: error.first,
                    last: error.last,
                    action,
                }),
                None => ok = false,
            }
        }
        // One status counts before a kind that holds it.
        rules.sort_by_key(|r| r.last - r.first);
        ok.then_some(rules)
    }

    fn error_action(&mut self, error: &ErrorDecl, operation: &Operation) -> Option<ErrorAction> {
        let (block, place) = match &error.action {
            ErrorActionDecl::Absent => return Some(ErrorAction::Absent),
            ErrorActionDecl::Pass => return Some(ErrorAction::Pass),
            ErrorActionDecl::Select(block, place) => (block, *place),
        };
        let documented = operation
            .responses
            .iter()
            .filter(|r| r.first == error.first && r.last == error.last)
            .chain(
                operation
                    .responses
                    .iter()
                    .filter(|r| r.first <= error.first && error.last <= r.last),
            )
            .chain(operation.responses.iter().filter(|r| r.first == 0))
            .find(|r| r.content.iter().any(|m| is_json(&m.name)));
        let ty = documented
            .and_then(|r| r.content.iter().find(|m| is_json(&m.name)))
            .map(|m| m.ty);
        let Some(ty) = ty else {
            self.error(
                Code::UnknownError,
                error.place,
                format!(
                    "`{}` documents no JSON answer for `{}` to select from",
                    shown(operation),
                    error.status
                ),
            )
            .help("`pass` keeps the status alone")
            .related(operation.place, "the operation is here");
            return None;
        };
        if !matches!(self.kind(ty), Kind::Object(_) | Kind::Variants(_)) {
            let what = self.describe(ty);
            let schema = self.ty(ty).place;
            self.error(
                Code::NothingToSelect,
                place,
                format!("the error's body is {what}, and has no fields to select"),
            )
            .help("`pass` keeps the status alone")
            .maybe_related(schema, "its schema is here");
            return None;
        }
        if let ast::Block::Value(value) = block {
            self.error(
                Code::Syntax,
                value.place(),
                "what is selected of an error joins the problem: fields, not a value",
            );
            return None;
        }
        let mut reads = Collector::new(&self.checker.spec.fragments);
        reads.block(block, true);
        if let Some((name, place)) = reads.roots.names.first() {
            self.error(
                Code::Step,
                *place,
                format!("`${name}` can't be read here: of an error, only its own fields are"),
            );
            return None;
        }
        let block = self.block(block, At::on(ty), None, place)?;
        Some(ErrorAction::Select { ty, block })
    }

    /// Names in the endpoint's `errors` that are no calls.
    pub(crate) fn unknown_error_calls(&mut self) {
        let decl = self.decl;
        for (word, _) in &decl.errors {
            self.known_call(word, "errors");
        }
    }

    /// A call by name, or a report.
    pub(crate) fn known_call(&mut self, word: &ast::Word, key: &str) -> Option<usize> {
        if let Some(at) = self.heads.iter().position(|h| h.name == word.text) {
            return Some(at);
        }
        if self.decl.broken && self.decl.calls.is_empty() {
            return None;
        }
        let all: Vec<String> = self.heads.iter().map(|h| h.name.clone()).collect();
        let near =
            crate::nearest::nearest(&word.text, all.iter().map(String::as_str)).map(str::to_owned);
        self.error(
            Code::UnknownCall,
            word.place,
            format!("`{key}` names `{}`, and there is no such call", word.text),
        )
        .help(match &near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "calls are {}",
                super::describe::names(all.iter().map(String::as_str))
            ),
        })
        .meant(word.place, &word.text, near.as_deref());
        None
    }
}
