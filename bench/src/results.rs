//! Where results go: a page to read, the same figures as JSON, and plots.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use crate::run::Settings;

/// What came out of one part.
pub(crate) struct Outcome<'a> {
    /// The part: `screen`.
    pub(crate) name: &'a str,
    /// The page.
    pub(crate) page: &'a str,
    /// The figures.
    pub(crate) record: &'a Value,
    /// A plot of them, in SVG.
    pub(crate) plot: Option<String>,
}

/// Prints the page, and keeps all of it in `bench/results`; of a short look in `target/bench/results`; of a look at some
/// contenders nowhere.
pub(crate) fn keep(root: &Path, settings: &Settings, outcome: Outcome) -> anyhow::Result<()> {
    let Outcome {
        name,
        page,
        record,
        plot,
    } = outcome;
    println!("{page}");
    if settings.are_partial() {
        return Ok(());
    }
    let directory = if settings.quick {
        root.join("target/bench/results")
    } else {
        root.join("bench/results")
    };
    fs::create_dir_all(&directory)?;
    let record = format!("{record:#}\n");
    let mut files = vec![("md", page), ("json", &record)];
    files.extend(plot.as_deref().map(|plot| ("svg", plot)));
    for (extension, text) in files {
        let path = directory.join(name).with_extension(extension);
        fs::write(&path, text).with_context(|| format!("{} can't be written", path.display()))?;
    }
    Ok(())
}
