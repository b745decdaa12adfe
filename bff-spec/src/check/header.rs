//! `name@Header`: a response header of a call.

use super::path::Walk;
use super::scope::Scene;
use crate::contract::{Kind, Type};
use crate::diagnostic::{Code, Place};
use crate::model::{Root, Step};
use crate::syntax::ast::Word;

impl Scene<'_, '_> {
    pub(crate) fn header(&mut self, walk: &mut Walk, word: &Word, place: Place) -> Option<()> {
        let Root::Call(call) = walk.root else {
            self.error(
                Code::HeaderStep,
                place,
                "`@` reads a response header of a call",
            )
            .help("it stands right after the call's name: `created@Location`");
            return None;
        };
        let head = self.heads.get(call)?.clone();
        if !walk.steps.is_empty() {
            self.error(
                Code::HeaderStep,
                place,
                "`@` stands right after a call's name",
            )
            .help(format!("`{}@{}`", head.name, word.text));
            return None;
        }
        if head.each.is_some() || head.split {
            let why = if head.each.is_some() {
                "it is called once per value"
            } else {
                "its list may be split into several requests"
            };
            self.error(
                Code::HeaderStep,
                place,
                format!(
                    "`{}` has no one answer to read a header of: {why}",
                    head.name
                ),
            );
            return None;
        }
        if !crate::spec::is_header_name(&word.text) {
            self.error(
                Code::HeaderStep,
                place,
                format!("`{}` can't be a header's name", word.text),
            );
            return None;
        }
        self.note_undocumented(&head, word);
        walk.header = true;
        walk.results = None;
        walk.null = true;
        walk.ty = self.checker.types.add(Type::of(Kind::String));
        walk.steps.push(Step::Header(word.text.to_lowercase()));
        Some(())
    }

    pub(crate) fn note_undocumented(&mut self, head: &super::scope::Head, word: &Word) {
        let Some((_, operation)) = &head.target else {
            return;
        };
        let success = |r: &&crate::contract::Response| (200..300).contains(&r.first);
        let documented = operation.responses.iter().filter(success).any(|r| {
            r.headers
                .iter()
                .any(|h| h.name.eq_ignore_ascii_case(&word.text))
        });
        if documented {
            return;
        }
        self.error(
            Code::UndocumentedHeader,
            word.place,
            format!(
                "`{}` doesn't document the header `{}`",
                super::heads::shown(operation),
                word.text
            ),
        )
        .help("without it the value is null")
        .related(operation.place, "the operation is here");
    }
}
