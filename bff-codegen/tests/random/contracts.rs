//! The contracts that specs grow over: the example shop's, and those that others wrote.

use std::path::Path;

use bff_spec::contract::{Contract, Types, load};
use bff_spec::diagnostic::Place;
use bff_spec::source::{SourceLoader, Sources};

use crate::dice::Dice;

/// A contract that was read.
pub(crate) struct Read {
    /// Its path, as a spec names it.
    pub(crate) path: &'static str,
    pub(crate) text: String,
    pub(crate) contract: Contract,
    pub(crate) types: Types,
}

/// All that there are.
pub(crate) struct Contracts {
    small: Vec<Read>,
    large: Vec<Read>,
}

const SHOP: &[&str] = &[
    "users.openapi.yaml",
    "orders.openapi.yaml",
    "catalog.openapi.yaml",
];
const SMALL: &[&str] = &[
    "petstore-3.0.yaml",
    "redocly-museum.yaml",
    "realworld-conduit.yaml",
];
const LARGE: &[&str] = &["box.json", "twilio-api-v2010.json"];

impl Contracts {
    /// Reads them. Where the data that others wrote isn't there, says so and does without.
    pub(crate) fn read() -> Contracts {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut small: Vec<Read> = SHOP
            .iter()
            .map(|name| read(name, &root.join("specs/upstreams")))
            .collect();
        let fixtures = root.join("../shared/fixtures/openapi");
        if !fixtures.is_dir() {
            assert!(
                std::env::var_os("BFF_REQUIRE_FIXTURES").is_none(),
                "{} is missing",
                fixtures.display()
            );
            println!("skipped: specs over {SMALL:?} and {LARGE:?}, which aren't here");
            return Contracts {
                small,
                large: Vec::new(),
            };
        }
        small.extend(SMALL.iter().map(|name| read(name, &fixtures)));
        Contracts {
            small,
            large: LARGE.iter().map(|name| read(name, &fixtures)).collect(),
        }
    }

    /// One of them; a large one takes long to read again, so it comes seldom.
    pub(crate) fn choose(&self, dice: &mut Dice) -> &Read {
        let large = !self.large.is_empty() && dice.one_in(60);
        let among = if large { &self.large } else { &self.small };
        dice.pick(among).unwrap()
    }

    fn all(&self) -> impl Iterator<Item = &Read> {
        self.small.iter().chain(&self.large)
    }
}

fn read(path: &'static str, folder: &Path) -> Read {
    let text = std::fs::read_to_string(folder.join(path)).unwrap();
    let mut sources = Sources::default();
    let mut types = Types::default();
    let from = Place {
        file: sources.add("spec.yaml", ""),
        start: 0,
        end: 0,
    };
    let (contract, _) = load(
        &mut sources,
        &One { path, text: &text },
        path,
        &[],
        from,
        &mut types,
    );
    Read {
        path,
        contract: contract.unwrap(),
        types,
        text,
    }
}

struct One<'t> {
    path: &'t str,
    text: &'t str,
}

impl SourceLoader for One<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        if path == self.path {
            Ok(self.text.to_owned())
        } else {
            Err("not found".to_owned())
        }
    }
}

/// A spec beside all contracts.
pub(crate) struct Beside<'a> {
    pub(crate) spec: &'a str,
    pub(crate) contracts: &'a Contracts,
}

impl SourceLoader for Beside<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        if path == "spec.yaml" {
            return Ok(self.spec.to_owned());
        }
        let found = self.contracts.all().find(|read| read.path == path);
        found
            .map(|read| read.text.clone())
            .ok_or_else(|| "not found".to_owned())
    }
}
