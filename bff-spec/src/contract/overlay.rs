//! Overlays (OpenAPI Overlay 1.0): changes to a contract that somebody else writes, made before anything is read of it.
//!
//! Each action selects values of the contract by a query (RFC 9535) and merges something into them, or removes them.
//! What comes out is the contract's tree; what an overlay put there stands in the overlay, so a finding about it points
//! there. An action that changes nothing is an error: the contract has moved on, or the overlay was never right.

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::document::query::{Location, Query, TooMuch, at_mut};
use crate::document::{Data, MAX_DEPTH, MAX_NODES, Node};

/// Applies an overlay's actions, in order.
pub(super) fn apply(root: &mut Node, overlay: &Node, out: &mut Vec<Diagnostic>) {
    let Some(actions) = actions(overlay, out) else {
        return;
    };
    let mut size = root.count();
    for action in actions {
        let Some(action) = Action::read(action, out) else {
            continue;
        };
        if let Err(fault) = action.apply(root, &mut size) {
            out.push(*fault);
        }
    }
}

fn actions<'n>(overlay: &'n Node, out: &mut Vec<Diagnostic>) -> Option<&'n [Node]> {
    let mut shape = |place: Place, message: String, help: &str| {
        out.push(Diagnostic::new(Code::OverlayShape, place, message).help(help));
        None
    };
    let Some(entries) = overlay.as_map() else {
        let message = format!("an overlay is a map, not {}", overlay.describe());
        return shape(
            overlay.place.before(),
            message,
            "start it with `overlay: 1.0.0`",
        );
    };
    let Some((key, version)) = overlay.entry("overlay") else {
        let message = "this is no overlay: it has no `overlay` key".to_owned();
        return shape(
            overlay.place.before(),
            message,
            "start it with `overlay: 1.0.0`",
        );
    };
    let text = version.as_str().unwrap_or_default();
    if !(text == "1" || text.starts_with("1.")) {
        let message = format!("Overlay `{text}` is not read; 1.0 is");
        return shape(
            key.place.to(version.place),
            message,
            "write it for `overlay: 1.0.0`",
        );
    }
    for (key, _) in entries {
        let known = ["overlay", "info", "extends", "actions"];
        if !known.contains(&key.text.as_str()) && !key.text.starts_with("x-") {
            let message = format!("an overlay has no `{}`", key.text);
            shape(
                key.place,
                message,
                "it has `overlay`, `info`, `extends` and `actions`",
            );
        }
    }
    match overlay.entry("actions") {
        Some((_, list)) if list.as_list().is_some_and(|list| !list.is_empty()) => list.as_list(),
        Some((key, _)) => {
            let message = "`actions` is a list of one action or more".to_owned();
            shape(
                key.place,
                message,
                "`- target: $.info`, and `update: …` below it",
            )
        }
        None => {
            let message = "an overlay without `actions` changes nothing".to_owned();
            shape(
                overlay.place.before(),
                message,
                "`actions:`, a list of them",
            )
        }
    }
}

/// One action that was read.
struct Action<'n> {
    target: &'n Node,
    query: Query,
    /// None: what is selected is removed.
    update: Option<&'n Node>,
}

impl<'n> Action<'n> {
    fn read(node: &'n Node, out: &mut Vec<Diagnostic>) -> Option<Action<'n>> {
        let mut shape = |place: Place, message: String, help: &str| {
            out.push(Diagnostic::new(Code::OverlayShape, place, message).help(help));
        };
        let Some(entries) = node.as_map() else {
            let message = format!("an action is a map, not {}", node.describe());
            shape(
                node.place,
                message,
                "`target: …`, with `update: …` or `remove: true`",
            );
            return None;
        };
        let mut sound = true;
        for (key, _) in entries {
            let known = ["target", "description", "update", "remove"];
            if known.contains(&key.text.as_str()) || key.text.starts_with("x-") {
                continue;
            }
            let help = if key.text == "copy" {
                "that is of a later version: write what is to be there under `update`"
            } else {
                "it has `target`, `description`, `update` and `remove`"
            };
            shape(key.place, format!("an action has no `{}`", key.text), help);
            sound = false;
        }
        let remove = match node.get("remove") {
            Some(value) => value.as_bool().or_else(|| {
                let help = "`remove: true` removes what is selected";
                shape(
                    value.place,
                    "`remove` is `true` or `false`".to_owned(),
                    help,
                );
                sound = false;
                None
            }),
            None => None,
        };
        let update = node.get("update").filter(|_| remove != Some(true));
        if sound && update.is_none() && remove != Some(true) {
            let message = "an action that neither updates nor removes".to_owned();
            shape(node.place, message, "`update: …` or `remove: true`");
            sound = false;
        }
        let target = node
            .get("target")
            .filter(|target| target.as_scalar().is_some());
        let Some(target) = target else {
            let message = "an action without a `target`".to_owned();
            shape(
                node.place,
                message,
                "`target: $.paths['/users'].get` selects what is changed",
            );
            return None;
        };
        let text = target.as_str().unwrap_or_default();
        let query = Query::parse(text).map_err(|wrong| {
            let at = wrong.at.min(text.len());
            let next = text.get(at..).and_then(|rest| rest.chars().next());
            let end = at + next.map_or(0, char::len_utf8);
            let place = target
                .as_scalar()
                .map_or(target.place, |scalar| scalar.place(target.place, at..end));
            let message = format!("`target` is no JSONPath: {}", wrong.message);
            out.push(Diagnostic::new(Code::OverlayTarget, place, message));
        });
        Some(Action {
            target,
            query: query.ok().filter(|_| sound)?,
            update,
        })
    }

    /// Changes what is selected. `size` is how many values the tree holds.
    fn apply(&self, root: &mut Node, size: &mut usize) -> Result<(), Box<Diagnostic>> {
        let selected = self.query.select(root).map_err(|TooMuch| {
            let message = "this selects from more values than is looked at";
            Box::new(Diagnostic::new(
                Code::ContractSize,
                self.target.place,
                message,
            ))
        })?;
        if selected.is_empty() {
            return Err(self.nothing(root));
        }
        match self.update {
            None => self.remove(root, &selected),
            Some(update) => self.merge(root, &selected, update, size),
        }
    }

    /// What is said where nothing is selected: the first name that isn't there, and the nearest one that is.
    fn nothing(&self, root: &Node) -> Box<Diagnostic> {
        let missing = self.query.missing(root);
        let message = match &missing {
            Some((name, _)) => format!("this selects nothing: there is no `{name}`"),
            None => "this selects nothing in the contract".to_owned(),
        };
        let mut fault = Diagnostic::new(Code::OverlayTarget, self.target.place, message);
        let names = missing.as_ref().map(|(name, names)| (name, names));
        let near = names.and_then(|(name, names)| {
            crate::nearest::nearest(name, names.iter().map(String::as_str))
        });
        fault.help = Some(match near {
            Some(near) => format!("there is `{near}`"),
            None => "take the action out if the contract no longer needs it".to_owned(),
        });
        Box::new(fault)
    }

    fn remove(&self, root: &mut Node, selected: &[Location]) -> Result<(), Box<Diagnostic>> {
        // From the last to the first, so that positions stay what they are.
        for location in selected.iter().rev() {
            let Some((position, parent)) = location.split_last() else {
                let message = "the whole contract can't be removed";
                let place = self.target.place;
                return Err(Box::new(Diagnostic::new(
                    Code::OverlayTarget,
                    place,
                    message,
                )));
            };
            match at_mut(root, parent).map(|parent| &mut parent.data) {
                Some(Data::List(items)) if *position < items.len() => drop(items.remove(*position)),
                Some(Data::Map(entries)) if *position < entries.len() => {
                    drop(entries.remove(*position));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn merge(
        &self,
        root: &mut Node,
        selected: &[Location],
        update: &Node,
        size: &mut usize,
    ) -> Result<(), Box<Diagnostic>> {
        let deepest = selected.iter().map(Vec::len).max().unwrap_or_default();
        let more = update.count().saturating_mul(selected.len());
        if deepest + 1 + update.depth() > MAX_DEPTH || size.saturating_add(more) > MAX_NODES {
            let message = "what this overlay makes of the contract is larger than what is read";
            let place = self.target.place;
            return Err(Box::new(Diagnostic::new(
                Code::ContractSize,
                place,
                message,
            )));
        }
        *size += more;
        for location in selected {
            let Some(target) = at_mut(root, location) else {
                continue;
            };
            let (what, place) = (target.describe(), target.place);
            match (&mut target.data, &update.data) {
                (Data::Map(entries), Data::Map(with)) => into_map(entries, with),
                (Data::List(items), _) => items.push(update.clone()),
                (Data::Map(_), _) => {
                    let what = update.describe();
                    let message = format!("what is merged into a map is a map, not {what}");
                    return Err(Box::new(
                        Diagnostic::new(Code::OverlayShape, update.place, message)
                            .related(place, "the map is here"),
                    ));
                }
                (Data::Scalar(_), _) => {
                    let message =
                        format!("this selects {what}, and only maps and lists are updated");
                    return Err(Box::new(
                        Diagnostic::new(Code::OverlayTarget, self.target.place, message)
                            .help("select the map it stands in, and write its key under `update`")
                            .related(place, "it is here"),
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Merges entries into a map: maps into maps, lists behind lists; anything else takes the place of what was there.
fn into_map(
    entries: &mut Vec<(crate::document::Key, Node)>,
    with: &[(crate::document::Key, Node)],
) {
    for (key, value) in with {
        let Some((known, there)) = entries.iter_mut().find(|(k, _)| k.text == key.text) else {
            entries.push((key.clone(), value.clone()));
            continue;
        };
        match (&mut there.data, &value.data) {
            (Data::Map(there), Data::Map(with)) => into_map(there, with),
            (Data::List(there), Data::List(more)) => there.extend(more.iter().cloned()),
            _ => {
                *known = key.clone();
                *there = value.clone();
            }
        }
    }
}
