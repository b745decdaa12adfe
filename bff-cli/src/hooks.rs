//! A team's `hooks.rs` beside what its spec names: what is missing, what must change, what nobody names.
//!
//! The file is read, never written.

use bff_codegen::HookFinding;

use crate::checking::Frontend;
use crate::console::{Console, Tone};
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

/// Tells what is to do in a frontend's `hooks.rs`. Whether its crate can't be compiled before that is done.
pub(crate) fn tell(workspace: &Workspace, frontend: &Frontend, console: Console) -> Result<bool> {
    let path = format!("bffs/{}/src/hooks.rs", frontend.model.name);
    let file = workspace.path(&path);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Failure::io("read", &file, &error)),
    };
    let note =
        |text: String| console.say(&format!("{}: {text}", console.paint(Tone::Name, "note")));
    let spec = &frontend.model.file;
    if bff_codegen::hook_functions(&frontend.model).is_empty() {
        note(format!(
            "{path} is no part of its crate, since no endpoint of {spec} has a `transform`; remove it if it is done with"
        ));
        return Ok(false);
    }
    let mut broken = false;
    for finding in bff_codegen::review_hooks(&frontend.model, &text) {
        broken |= !matches!(finding, HookFinding::Unnamed { .. });
        match finding {
            HookFinding::Unreadable(why) => console.warn(&format!("{path} is no Rust: {why}")),
            HookFinding::Missing(function) => console.warn(&format!(
                "{path} has no function `{}`, which `{}` names; add it:\n\n{}\n",
                function.name,
                function.endpoint,
                function.first()
            )),
            HookFinding::Differs {
                function,
                line,
                why,
            } => console.warn(&format!(
                "{path}:{line}: `{}` is not what `{}` needs: {why}. It must be\n\n{}\n",
                function.name,
                function.endpoint,
                function.signature()
            )),
            HookFinding::Unnamed { name, line } => note(format!(
                "{path}:{line}: no endpoint of {spec} names `{name}`"
            )),
        }
    }
    Ok(broken)
}
