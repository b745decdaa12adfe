//! The fuzz targets' seeds, and every input they ever failed on.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use support::checks;

#[test]
fn every_seed_passes_every_check() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds");
    let mut count = 0;
    for entry in std::fs::read_dir(seeds).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        let bytes = std::fs::read(path).unwrap();
        checks::capture(&bytes);
        checks::engines(&bytes);
        checks::oracle(&bytes);
        count += 1;
    }
    assert!(count > 0);
}
