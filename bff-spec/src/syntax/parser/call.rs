//! Calls and their arguments.

use super::super::ast::{Argument, Call};
use super::super::lexer::{DEFAULT, Kind};
use super::Parser;
use crate::diagnostic::Edit;

const FORM: &str = "a call is `upstream.operation(argument = value, …)`";

impl Parser<'_> {
    /// `NAME "." word "(" [ arg { "," arg } [","] ] ")"`
    pub(super) fn call(&mut self) -> Option<Call> {
        if !matches!(self.kind(), Kind::Name(_)) {
            let found = self.found();
            self.fault(format!(
                "here stands {found}, where an upstream's name is expected"
            ))
            .help = Some(FORM.into());
            return None;
        }
        let upstream = self.take_word()?;
        if !self.take_sign('.') {
            let found = self.found();
            self.fault(format!(
                "after `{}` stands {found}, where `.` and an operation are expected",
                upstream.text
            ))
            .help = Some(FORM.into());
            return None;
        }
        let Some(operation) = self.take_word() else {
            let found = self.found();
            self.fault(format!(
                "after `{}.` stands {found}, where an operation is expected",
                upstream.text
            ))
            .help = Some(format!(
                "{FORM}; an id that is no plain name is quoted, as is a route: `{}.\"GET /users/{{id}}\"(…)`",
                upstream.text
            ));
            return None;
        };
        if !self.at_sign('(') {
            let found = self.found();
            let written = self.written(upstream.place, operation.place);
            let end = (self.kind() == &Kind::End).then(|| operation.place.after());
            let fault = self.fault(format!(
                "after `{}.{}` stands {found}, where `(` is expected",
                upstream.text, operation.text
            ));
            fault.help = Some(format!("{FORM}; without arguments, `{written}()`"));
            fault.fix = end.map(|end| Edit::sure(end, "()"));
            return None;
        }
        let opened = self.here();
        self.advance();
        let mut arguments = Vec::new();
        while !self.at_sign(')') {
            if self.kind() == &Kind::End {
                let end = self.here().after();
                let fault = self.fault_at(opened, "`(` is never closed");
                fault.help = Some("close it with `)`".into());
                fault.fix = Some(Edit::sure(end, ")"));
                return None;
            }
            if matches!(self.kind(), Kind::Sign('}' | ']')) {
                self.expected("an argument (`name = value`), or `)`");
                self.advance();
                continue;
            }
            match self.argument() {
                Some(argument) => {
                    arguments.push(argument);
                    if !self.take_sign(',') && !self.at_sign(')') && self.kind() != &Kind::End {
                        let found = self.found();
                        self.fault(format!("here stands {found}, where `,` or `)` is expected"));
                        self.recover();
                    }
                }
                None => self.recover(),
            }
        }
        let close = self.here();
        self.advance();
        Some(Call {
            upstream,
            operation,
            arguments,
            close,
        })
    }

    fn argument(&mut self) -> Option<Argument> {
        let start = self.start();
        let Some(first) = self.take_word() else {
            self.expected("an argument (`name = value`)");
            return None;
        };
        let (location, name) = if self.take_sign('.') {
            match self.take_word() {
                Some(name) => (Some(first), name),
                None => {
                    self.expected("the parameter's name");
                    return None;
                }
            }
        } else {
            (None, first)
        };
        if self.at_sign(':') {
            let place = self.here();
            let fault = self.fault("an argument is bound with `=`, not `:`");
            fault.help = Some("write `name = value`".into());
            fault.fix = Some(Edit::sure(place, " ="));
            return None;
        }
        if !self.take_sign('=') {
            let found = self.found();
            self.fault(format!(
                "after `{}` stands {found}, where `=` and a value are expected",
                name.text
            ))
            .help = Some("every argument names its parameter: `name = value`".into());
            return None;
        }
        let alone = matches!(
            self.kind_after(1),
            Kind::Sign(',' | ')' | '{' | DEFAULT) | Kind::End
        );
        let each = if self.at_name("each") && !self.touches(1) && !alone {
            let place = self.here();
            self.advance();
            Some(place)
        } else {
            None
        };
        let value = self.value()?;
        if self.at_sign(DEFAULT) {
            self.expected("`,` or `)`");
            return None;
        }
        Some(Argument {
            location,
            name,
            each,
            value,
            place: self.place_from(start),
        })
    }
}
