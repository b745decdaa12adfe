//! Lints that look at several specs at once: what none of them uses, what they all write out.
//!
//! What `lints` of one spec says holds for that spec: it is no longer among those a finding is about. If one that is
//! left denies it, it is an error.

use super::levels::Fate;
use super::repeated::Written;
use super::unused;
use crate::Checked;
use crate::diagnostic::{Code, Diagnostic, FileId, Place, Severity};
use crate::source::Sources;

/// How often a selection is written before it is told.
const TIMES: usize = 3;

/// What was found in several specs at once.
#[derive(Debug, Default)]
pub struct Together {
    /// The files that the findings point into.
    pub sources: Sources,
    /// The findings, by file and place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks what only several specs together can be wrong about. `all`: they are all that there are, so that what none of
/// them uses is unused. Each spec's own findings are in its [`Checked`].
pub fn check_together(specs: &mut [Checked], all: bool) -> Together {
    let mut together = Together::default();
    let sound = specs.iter().all(|spec| spec.survey.sound);
    if all && sound {
        together.unused(specs);
    }
    together.repeated(specs);
    if all && sound {
        for spec in specs.iter_mut() {
            for diagnostic in spec.survey.levels.unused(true) {
                let applied = spec.survey.levels.apply(diagnostic.place, diagnostic);
                together.add(applied, &spec.sources);
            }
        }
    }
    let sources = &together.sources;
    together.diagnostics.sort_by(|a, b| {
        let key = |d: &Diagnostic| {
            let path = sources.get(d.place.file).map(|f| f.path.clone());
            (path, d.place.start, d.code)
        };
        key(a).cmp(&key(b))
    });
    together
}

/// Where something stands: a file's path, and a place in it.
type Spot = (String, u32, u32);

fn spot(sources: &Sources, place: Place) -> Spot {
    let path = sources.get(place.file).map(|f| f.path.clone());
    (path.unwrap_or_default(), place.start, place.end)
}

/// One selection, wherever it is written.
struct Group {
    text: String,
    fields: usize,
    /// By spec, in order.
    at: Vec<(usize, Written, Spot)>,
}

impl Together {
    fn unused(&mut self, specs: &mut [Checked]) {
        let mut names: Vec<(Spot, unused::Name, Vec<usize>)> = Vec::new();
        for (i, spec) in specs.iter().enumerate() {
            for name in &spec.survey.shared {
                let at = spot(&spec.sources, name.place);
                match names.iter_mut().find(|(known, ..)| *known == at) {
                    Some((_, known, who)) => {
                        known.used |= name.used;
                        who.push(i);
                    }
                    None => names.push((at, name.clone(), vec![i])),
                }
            }
        }
        for (_, name, who) in names.into_iter().filter(|(_, name, _)| !name.used) {
            let Some(severity) = fate(specs, Code::UnusedName, &who, name.place) else {
                continue;
            };
            let Some(spec) = who.first().and_then(|i| specs.get(*i)) else {
                continue;
            };
            let found = unused::finding(&name).diagnostic;
            let found = Diagnostic {
                message: format!("no spec uses the {} `{}`", name.what, name.name),
                severity,
                ..found
            };
            self.add(Some(found), &spec.sources);
        }
    }

    fn repeated(&mut self, specs: &mut [Checked]) {
        let mut groups: Vec<Group> = Vec::new();
        let mut known = std::collections::HashMap::new();
        let mut seen = std::collections::HashSet::new();
        for (i, spec) in specs.iter().enumerate() {
            for written in &spec.survey.written {
                let at = spot(&spec.sources, written.place);
                if !seen.insert((at.clone(), written.text.clone())) {
                    continue;
                }
                let group = *known.entry(written.text.clone()).or_insert_with(|| {
                    groups.push(Group {
                        text: written.text.clone(),
                        fields: written.fields,
                        at: Vec::new(),
                    });
                    groups.len() - 1
                });
                if let Some(group) = groups.get_mut(group) {
                    group.at.push((i, written.clone(), at));
                }
            }
        }
        // The largest first: what is inside one that is told isn't told again.
        groups.retain(|group| group.at.len() >= TIMES);
        groups.sort_by_key(|group| std::cmp::Reverse(group.fields));
        let mut told: Vec<Spot> = Vec::new();
        for group in groups {
            let inside = |at: &Spot| {
                told.iter()
                    .any(|t| t.0 == at.0 && t.1 <= at.1 && at.2 <= t.2)
            };
            let fresh = group.at.iter().filter(|(.., at)| !inside(at)).count();
            // Those inside what is told become one, in its fragment.
            let left = fresh + usize::from(fresh < group.at.len());
            if left < TIMES {
                continue;
            }
            let mut about: Vec<(usize, Written)> = Vec::new();
            let mut worst = None;
            for (i, written, _) in &group.at {
                if let Some(severity) = fate(specs, Code::RepeatedSelection, &[*i], written.place) {
                    worst = Some(worst.map_or(severity, |worst: Severity| worst.min(severity)));
                    about.push((*i, written.clone()));
                }
            }
            let Some(severity) = worst.filter(|_| about.len() >= TIMES) else {
                continue;
            };
            told.extend(group.at.iter().map(|(.., at)| at.clone()));
            self.tell(specs, &group.text, &about, severity);
        }
    }

    fn tell(
        &mut self,
        specs: &[Checked],
        text: &str,
        written: &[(usize, Written)],
        severity: Severity,
    ) {
        let fragment = written.iter().find(|(_, w)| w.fragment);
        let mut rest = written.iter().filter(|(_, w)| !w.fragment);
        let Some((first, primary)) = rest.next() else {
            return;
        };
        let times = written.iter().filter(|(_, w)| !w.fragment).count();
        let known = fragment.and_then(|(_, w)| w.name.as_ref());
        let message = match known {
            Some(name) => format!("what the fragment `{name}` says is written out {times} times"),
            None => format!("this selection is written {times} times"),
        };
        let help = match known {
            Some(name) => format!("`{{ ...{name} }}` says it too"),
            None => {
                let name = fragment_name(primary.name.as_deref());
                let files: Vec<usize> = written.iter().map(|(i, _)| *i).collect();
                let file = home(specs, &files);
                let text = text.replace('"', "\\\"");
                format!(
                    "in {file}, `fragments: {{ {name}: \"{text}\" }}`, and here `{{ ...{name} }}`"
                )
            }
        };
        let Some(spec) = specs.get(*first) else {
            return;
        };
        let mut found = Diagnostic::new(
            Code::RepeatedSelection,
            self.bring(&spec.sources, primary.place),
            message,
        )
        .help(help);
        for (i, other) in rest {
            if let Some(spec) = specs.get(*i) {
                found = found.related(self.bring(&spec.sources, other.place), "and here");
            }
        }
        if let Some((i, own)) = fragment
            && let Some(spec) = specs.get(*i)
        {
            found = found.related(self.bring(&spec.sources, own.place), "the fragment is here");
        }
        self.diagnostics.push(Diagnostic { severity, ..found });
    }

    /// Adds a finding of one spec.
    fn add(&mut self, found: Option<Diagnostic>, sources: &Sources) {
        let Some(mut found) = found else { return };
        found.place = self.bring(sources, found.place);
        for related in &mut found.related {
            related.place = self.bring(sources, related.place);
        }
        self.diagnostics.push(found);
    }

    /// A place of one spec's files as a place of all their files.
    fn bring(&mut self, from: &Sources, place: Place) -> Place {
        let file = match from.get(place.file) {
            Some(file) => match self.sources.find(&file.path) {
                Some(known) => known,
                None => self.sources.add(file.path.clone(), file.text.clone()),
            },
            None => FileId(u32::MAX),
        };
        Place { file, ..place }
    }
}

/// How bad a finding is to the specs it is about; none if they all allow it.
fn fate(specs: &mut [Checked], code: Code, who: &[usize], owner: Place) -> Option<Severity> {
    let mut worst = None;
    for i in who {
        let Some(spec) = specs.get_mut(*i) else {
            continue;
        };
        let severity = match spec.survey.levels.fate(code, owner) {
            Fate::Stays => code.severity(),
            Fate::Dropped => continue,
            Fate::Becomes(severity, ..) => severity,
        };
        worst = Some(worst.map_or(severity, |worst: Severity| worst.min(severity)));
    }
    worst
}

/// A name for a fragment, from what it would be applied to: `orders` → `Orders`.
fn fragment_name(applied_to: Option<&str>) -> String {
    let mut name = String::new();
    let mut up = true;
    for c in applied_to.unwrap_or_default().chars() {
        if !c.is_ascii_alphanumeric() {
            up = true;
        } else if up {
            name.extend(c.to_uppercase());
            up = false;
        } else {
            name.push(c);
        }
    }
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name
    } else {
        "Name".into()
    }
}

/// A file where all of these specs would find a fragment.
fn home(specs: &[Checked], who: &[usize]) -> String {
    let own = |i: &usize| specs.get(*i);
    let Some(first) = who.first().and_then(own) else {
        return "the spec".into();
    };
    if who.iter().all(|i| Some(i) == who.first()) {
        return first.survey.file.clone();
    }
    let shared = first.survey.uses.iter().find(|file| {
        who.iter()
            .filter_map(own)
            .all(|spec| spec.survey.uses.contains(file))
    });
    match shared {
        Some(file) => file.clone(),
        None => "a file that they all `use`".into(),
    }
}
