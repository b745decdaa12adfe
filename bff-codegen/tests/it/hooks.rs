//! Answers on their way through typed functions: what a struct reads it writes again, and what a team's file lacks is told.

use bff_codegen::interpret::{interpret, plan_of};
use bff_codegen::{HookFinding, hook_functions, review_hooks};
use bff_runtime::serde::Serialize;
use bff_runtime::serde::de::DeserializeOwned;
use bff_runtime::{HookError, serde_json};
use bff_spec::contract::{Kind, TypeId};
use bff_spec::model::{Model, Work};

use crate::bodies;
use crate::golden::kitchen::{hooks, types};

const SPEC: &str = "specs/kitchen.yaml";

/// Values that an upstream may send, drawn from a seed.
struct Draw<'m> {
    model: &'m Model,
    state: u64,
}

impl Draw<'_> {
    fn below(&mut self, end: usize) -> usize {
        // splitmix64
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap()
    }

    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }

    /// A value of a type: JSON as upstreams write it, all its variety within the contract.
    fn value(&mut self, ty: TypeId, depth: usize) -> String {
        let this = self.model.types.get(ty);
        if this.nullable && self.below(3) == 0 {
            return "null".to_owned();
        }
        match &this.kind {
            Kind::Boolean => self.one_of(&["true", "false"]).to_owned(),
            Kind::Integer => self
                .one_of(&["0", "-0", "7", "3.0", "98765432109876543210"])
                .to_owned(),
            Kind::Number => self
                .one_of(&["0", "1.50", "-2e3", "1E+400", "0.1000000000000000055"])
                .to_owned(),
            Kind::String => match this.one_of.len() {
                0 => self
                    .one_of(&["\"\"", "\"plain\"", "\"größe 🍽\"", "\"a\\\"b\\\\c\\n\""])
                    .to_owned(),
                several => this.one_of[self.below(several)].clone(),
            },
            Kind::List(element) => {
                let count = if depth > 5 { 0 } else { self.below(4) };
                let elements: Vec<String> = (0..count)
                    .map(|_| self.value(*element, depth + 1))
                    .collect();
                format!("[{}]", elements.join(","))
            }
            Kind::Object(object) => {
                let mut members = vec!["\"undocumented\":{\"a\":[1]}".to_owned()];
                for (name, field) in &object.fields {
                    if field.required || (depth < 5 && self.below(2) == 0) {
                        let value = self.value(field.ty, depth + 1);
                        let at = self.below(members.len() + 1);
                        members.insert(at, format!("\"{name}\":{value}"));
                    }
                }
                if let Some(rest) = object.rest {
                    members.retain(|member| !member.starts_with("\"undocumented"));
                    for name in ["z", "a", "ä"] {
                        if self.below(2) == 0 {
                            members.push(format!("\"{name}\":{}", self.value(rest, depth + 1)));
                        }
                    }
                }
                format!("{{{}}}", members.join(","))
            }
            Kind::Variants(variants) => {
                let member = self.below(variants.members.len());
                let text = self.value(variants.members[member].ty, depth);
                let name = ["head", "sous", "circle", "square"]
                    .into_iter()
                    .find(|name| variants.members[member].names.iter().any(|own| own == name));
                // What tells it apart, last: it counts.
                let property = if name == Some("head") || name == Some("sous") {
                    "rank"
                } else {
                    "kind"
                };
                let text = text.strip_suffix('}').unwrap();
                format!("{text},\"{property}\":\"{}\"}}", name.unwrap())
            }
            other => panic!("the contract has no {other:?}"),
        }
    }
}

/// What goes in comes out, by way of the struct and the function that `bff generate` writes first.
fn through<T: Serialize + DeserializeOwned>(
    hook: fn(T) -> Result<T, HookError>,
) -> impl Fn(&str) -> String {
    move |text| {
        let answer = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        serde_json::to_string(&hook(answer).unwrap()).unwrap()
    }
}

#[test]
fn a_hook_that_changes_nothing_changes_nothing() {
    let (model, _) = crate::golden::model("kitchen", SPEC);
    let bff = interpret(&model);
    type Way = Box<dyn Fn(&str) -> String>;
    let ways: [(&str, Way); 5] = [
        ("/plates", Box::new(through(hooks::plate_up))),
        ("/plates/ids", Box::new(through(hooks::type_plates))),
        ("/prices", Box::new(through(hooks::price_up))),
        ("/mixed", Box::new(through(hooks::mix))),
        (
            "/shapes",
            Box::new(through(
                hooks::a_function_with_a_name_that_takes_more_room_than_one_line_has,
            )),
        ),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for (path, through) in &ways {
        let place = bff.routes.iter().position(|route| route.pattern == *path);
        let place = place.unwrap();
        let plan = plan_of(&bff.routes[place]).unwrap();
        let Work::Calls(calls) = &model.endpoints[place].work else {
            panic!("{path} makes no calls")
        };
        for seed in 0..400 {
            let mut draw = Draw {
                model: &model,
                state: seed,
            };
            let bodies: Vec<String> = calls
                .calls
                .iter()
                .map(|call| match draw.below(6) {
                    0 if call.optional => String::new(),
                    _ => draw.value(call.answer.unwrap(), 0),
                })
                .collect();
            let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
            let answer = bodies::answer(plan, &bodies);
            assert_eq!(through(&answer), answer, "{path}, seed {seed}: {bodies:?}");
            seen.insert(answer);
        }
    }
    assert!(seen.len() > 1000, "{} different answers", seen.len());
}

#[test]
fn types_are_what_a_team_needs() {
    let text = r#"{"shapes":[{"size":1.50,"r":2},{"size":2,"edge":7}]}"#;
    let answer: types::GetShapes = serde_json::from_str(text).unwrap();
    assert_eq!(answer.shapes[0].size.as_f64(), 1.5);
    assert_eq!(answer.shapes[0].edge, None);
    let edge = answer.shapes[1].edge.as_ref().unwrap().as_ref().unwrap();
    assert_eq!(edge.read::<u8>().unwrap(), 7);
}

#[test]
fn what_a_teams_file_lacks() {
    let (model, _) = crate::golden::model("kitchen", SPEC);
    let first = include_str!("../golden/kitchen/expected/src/hooks.rs");
    assert_eq!(review_hooks(&model, first), []);
    let wanted = hook_functions(&model);
    let names: Vec<&str> = wanted
        .iter()
        .map(|function| function.name.as_str())
        .collect();
    assert_eq!(names[..2], ["plate_up", "type_plates"]);
    assert_eq!(
        wanted[1].signature(),
        "pub fn type_plates(answer: types::GetPlatesIds) -> Result<types::GetPlatesIds, HookError>"
    );

    let edited = first
        .replace("pub fn plate_up", "pub fn plate_down")
        .replace("pub fn mix(", "async fn mix(")
        .replace("answer: types::GetPrices", "answer: types::GetPlain");
    let told: Vec<String> = review_hooks(&model, &edited)
        .into_iter()
        .map(|finding| match finding {
            HookFinding::Missing(function) => format!("{} is missing", function.name),
            HookFinding::Differs {
                function,
                line,
                why,
            } => {
                let text = edited.lines().nth(line - 1).unwrap();
                assert!(text.contains(&function.name), "{line}: {text}");
                format!("{}: {why}", function.name)
            }
            HookFinding::Unnamed { name, .. } => format!("{name} is unnamed"),
            HookFinding::Unreadable(why) => why,
        })
        .collect();
    assert_eq!(
        told,
        [
            "plate_up is missing",
            "price_up: what it takes is no `GetPrices`",
            "mix: it is not `pub`",
            "plate_down is unnamed",
        ]
    );
    let broken = review_hooks(&model, "pub fn plate_up(");
    assert!(matches!(broken.as_slice(), [HookFinding::Unreadable(_)]));
    // What comes from elsewhere can't be judged here; the compiler does.
    assert_eq!(review_hooks(&model, "pub use super::own::*;"), []);
}
