//! Pass-through of one operation: its arguments are a call's, its body and answer are nobody's but the client's and the
//! upstream's.

use super::heads::shown;
use super::scope::Scene;
use crate::diagnostic::Code;
use crate::model::{Call, Fan};

impl Scene<'_, '_> {
    /// The operation; none if something was wrong with it, which was said.
    pub(crate) fn stream(&mut self) -> Option<Call> {
        let decl = self.call_decls().first()?;
        let ast = decl.call.as_ref()?;
        let (upstream, operation) = self.heads.first()?.target.clone()?;
        let before = self.checker.sink.len();
        let endpoint = self.decl;
        if endpoint.route.method.as_deref() != Some(operation.method.as_str()) {
            let method = &operation.method;
            let path = &endpoint.route.path;
            self.error(
                Code::EndpointKey,
                endpoint.place,
                format!(
                    "`{}` is {method}, and it passes through where it is asked by that method alone",
                    shown(&operation)
                ),
            )
            .help(format!("`{method} {path}`"))
            .related(operation.place, "the operation is here");
        }
        let bound = self.arguments(decl, ast, &operation);
        let body = bound.as_ref().and_then(|bound| bound.body.as_ref());
        if let Some(place) = body.map(crate::syntax::ast::Value::place) {
            self.error(
                Code::RequestBody,
                place,
                "the body of a pass-through is not bound: it passes as it comes",
            )
            .help("take the argument out");
        }
        let bound = bound?;
        if bound.fan
            != (Fan::One {
                list_argument: None,
            })
        {
            let help = match bound.fan {
                Fan::Each { .. } => "take `each` out, and bind one value",
                _ => "bind a list that is no longer than the parameter's `maxItems`",
            };
            self.error(
                Code::Fan,
                decl.call_place,
                "a pass-through is one request, and this could become several",
            )
            .help(help);
        }
        if self.failed_since(before) {
            return None;
        }
        let head = self.heads.first()?.clone();
        let (arguments, _) = self.roots_of_call(decl);
        let client = ["path", "query"].iter().any(|name| arguments.has(name));
        Some(Call {
            name: "proxy".to_owned(),
            place: decl.place,
            text: decl.text.clone(),
            upstream: self.checker.use_upstream(&upstream)?,
            optional: false,
            needs: Vec::new(),
            after: Vec::new(),
            write: head.write,
            arguments: bound.arguments,
            body: None,
            fan: bound.fan,
            when: None,
            timeout: None,
            retry: 0,
            errors: Vec::new(),
            answer: None,
            nullable: false,
            client_argument: client,
            client_input: client || arguments.has("header") || arguments.has("cookie"),
            operation,
        })
    }
}
