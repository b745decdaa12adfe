//! The order of calls: data flow, cycles, writes, and what nothing reads.

use std::collections::BTreeSet;

use super::scope::Scene;
use super::uses::Roots;
use crate::diagnostic::{Code, Place, Related};
use crate::model::{Call, Clause};

/// Which calls wait for which.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// Whose values each reads.
    pub(crate) needs: Vec<BTreeSet<usize>>,
    /// What `after` adds.
    pub(crate) after: Vec<BTreeSet<usize>>,
    /// An order in which every call comes after those it waits for; none where there is a cycle.
    pub(crate) order: Option<Vec<usize>>,
}

impl Graph {
    /// All that a call waits for, directly or not.
    pub(crate) fn ancestors(&self, call: usize) -> BTreeSet<usize> {
        let mut seen = BTreeSet::new();
        let mut open = vec![call];
        while let Some(at) = open.pop() {
            for next in self.direct(at) {
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        seen
    }

    fn direct(&self, call: usize) -> impl Iterator<Item = usize> {
        let of = |sets: &[BTreeSet<usize>]| sets.get(call).cloned().unwrap_or_default();
        of(&self.needs).into_iter().chain(of(&self.after))
    }
}

impl Scene<'_, '_> {
    /// Who waits for whom; a cycle is reported.
    pub(crate) fn graph(&mut self) -> Graph {
        let mut graph = Graph::default();
        let mut places: Vec<Vec<(usize, Place)>> = Vec::new();
        for call in self.call_decls() {
            let (mut roots, rest) = self.roots_of_call(call);
            roots.add(&rest);
            let mut needs = BTreeSet::new();
            let mut at = Vec::new();
            for (name, place) in &roots.names {
                if let Some(index) = self.heads.iter().position(|h| h.name == *name) {
                    needs.insert(index);
                    at.push((index, *place));
                }
            }
            let mut after = BTreeSet::new();
            for word in &call.after {
                if let Some(index) = self.known_call(word, "after") {
                    after.insert(index);
                    at.push((index, word.place));
                }
            }
            graph.needs.push(needs);
            graph.after.push(after);
            places.push(at);
        }
        graph.order = self.sort(&graph, &places);
        graph
    }

    /// Depth first, in order of declaration.
    fn sort(&mut self, graph: &Graph, places: &[Vec<(usize, Place)>]) -> Option<Vec<usize>> {
        let mut order = Vec::new();
        let mut done = vec![false; self.heads.len()];
        for start in 0..self.heads.len() {
            let mut way: Vec<(usize, Vec<usize>)> = Vec::new();
            if !done.get(start).copied().unwrap_or(true) {
                way.push((start, graph.direct(start).collect()));
            }
            while let Some((at, open)) = way.last_mut() {
                let at = *at;
                let Some(next) = open.pop() else {
                    way.pop();
                    if let Some(done) = done.get_mut(at)
                        && !*done
                    {
                        *done = true;
                        order.push(at);
                    }
                    continue;
                };
                if done.get(next).copied().unwrap_or(true) {
                    continue;
                }
                if let Some(first) = way.iter().position(|(call, _)| *call == next) {
                    let cycle: Vec<usize> = way.iter().skip(first).map(|(call, _)| *call).collect();
                    self.cycle(&cycle, places);
                    return None;
                }
                way.push((next, graph.direct(next).collect()));
            }
        }
        Some(order)
    }

    fn cycle(&mut self, cycle: &[usize], places: &[Vec<(usize, Place)>]) {
        let name = |i: &usize| {
            self.heads
                .get(*i)
                .map_or("", |h| h.name.as_str())
                .to_owned()
        };
        let mut names: Vec<String> = cycle.iter().map(name).collect();
        names.extend(names.first().cloned());
        let shown: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
        let mut related = Vec::new();
        for (i, call) in cycle.iter().enumerate() {
            let next = cycle.get((i + 1) % cycle.len());
            let place = places
                .get(*call)
                .and_then(|all| all.iter().find(|(to, _)| Some(to) == next))
                .map(|(_, place)| *place);
            if let (Some(place), Some(next)) = (place, next) {
                related.push(Related {
                    message: format!("`{}` needs `{}` here", name(call), name(next)),
                    place,
                });
            }
        }
        let message = if cycle.len() == 1 {
            format!(
                "call {} needs itself",
                shown.first().cloned().unwrap_or_default()
            )
        } else {
            format!("calls wait for each other: {}", shown.join(" → "))
        };
        let mut places = related.into_iter();
        let Some(first) = places.next() else { return };
        let rest: Vec<Related> = places.collect();
        let mut report = self
            .error(Code::Cycle, first.place, message)
            .help("one of them has to do without the other's answer");
        for other in rest {
            report = report.related(other.place, other.message);
        }
    }

    /// Writes wait for what can fail before them; two of them have an order.
    pub(crate) fn order_writes(&mut self, calls: &mut [Call], graph: &Graph) {
        let writes: Vec<usize> = (0..calls.len())
            .filter(|i| calls.get(*i).is_some_and(|c| c.write))
            .collect();
        for (n, second) in writes.iter().enumerate() {
            for first in writes.iter().take(n) {
                let ordered = graph.ancestors(*second).contains(first)
                    || graph.ancestors(*first).contains(second);
                if ordered {
                    continue;
                }
                let (Some(a), Some(b)) = (calls.get(*first), calls.get(*second)) else {
                    continue;
                };
                let (name, place, first_place) = (a.name.clone(), b.place, a.place);
                self.error(
                    Code::WriteOrder,
                    place,
                    format!(
                        "`{}` and `{name}` both write, and nothing says which is first",
                        b.name
                    ),
                )
                .help(format!("in its long form, `after: {name}`"))
                .related(first_place, "the other is here");
            }
        }
        for i in 0..calls.len() {
            let mut after: BTreeSet<usize> = graph.after.get(i).cloned().unwrap_or_default();
            if writes.contains(&i) {
                for (other, call) in calls.iter().enumerate() {
                    let waits = graph.ancestors(other).contains(&i);
                    if other != i && !call.optional && !waits && !call.write {
                        after.insert(other);
                    }
                    if other != i
                        && !call.optional
                        && call.write
                        && graph.ancestors(i).contains(&other)
                    {
                        after.insert(other);
                    }
                }
            }
            if let Some(call) = calls.get_mut(i) {
                after.retain(|other| !call.needs.contains(other));
                call.after = after.into_iter().collect();
            }
        }
    }

    /// A `require` that reads a write, or what depends on one.
    pub(crate) fn requires_before_writes(&mut self, clauses: &[Clause], graph: &Graph) {
        for clause in clauses {
            for call in &clause.reads {
                let mut all = graph.ancestors(*call);
                all.insert(*call);
                let write = all
                    .into_iter()
                    .find(|c| self.heads.get(*c).is_some_and(|h| h.write));
                let (Some(write), Some(read)) = (
                    write.and_then(|w| self.heads.get(w)).cloned(),
                    self.heads.get(*call).cloned(),
                ) else {
                    continue;
                };
                let message = if write.name == read.name {
                    format!(
                        "`require` reads `{}`, which writes: by then it is too late to refuse",
                        read.name
                    )
                } else {
                    format!(
                        "`require` reads `{}`, which comes after the write `{}`: by then it is too late to refuse",
                        read.name, write.name
                    )
                };
                self.error(Code::Require, clause.place, message)
                    .help("read what decides before the write, with a call of its own")
                    .related(write.place, "the write is here");
                break;
            }
        }
    }

    /// Safe calls and path parameters that nothing reads.
    pub(crate) fn unused(&mut self, roots: &Roots) {
        for (i, call) in self.call_decls().iter().enumerate() {
            let Some(head) = self.heads.get(i) else {
                continue;
            };
            if self.decl.proxy.is_some()
                || head.target.is_none()
                || head.write
                || roots.has(&head.name)
            {
                continue;
            }
            let name = head.name.clone();
            self.error(
                Code::UnusedCall,
                call.place,
                format!("nothing reads the call `{name}`"),
            )
            .help("select from it in `response`, or take it out");
        }
        let decl = self.decl;
        for (name, place) in &decl.route.parameters {
            if !roots.path.contains(name) {
                self.error(
                    Code::UnusedInput,
                    *place,
                    format!("nothing reads `path.{name}`"),
                )
                .help("bind it to an argument, or take it out of the path");
            }
        }
    }
}
