//! `bff man`: manual pages, made from the command line itself.

use std::path::Path;

use clap::CommandFactory;
use clap_mangen::Man as Page;

use crate::arguments::{Arguments, Man};
use crate::commands::Outcome;
use crate::console::{Console, count};
use crate::failure::{Failure, Result, plain};
use crate::generated::write;

pub(super) fn run(command: &Man, console: Console) -> Result<Outcome> {
    let mut root = Arguments::command();
    root.build();
    let Some(dir) = &command.dir else {
        console.result(&page(&root)?);
        return Ok(Outcome::Good);
    };
    let written = pages(&root, dir)?;
    console.step(
        "Wrote",
        &format!("{} to {}", count(written, "page"), dir.display()),
    );
    Ok(Outcome::Good)
}

/// A page for a command and each below it. How many were written.
fn pages(command: &clap::Command, dir: &Path) -> Result<usize> {
    let name = Page::new(command.clone()).get_filename();
    write(&dir.join(name), &page(command)?)?;
    let mut written = 1;
    for inner in command.get_subcommands() {
        if inner.get_name() != "help" {
            written += pages(inner, dir)?;
        }
    }
    Ok(written)
}

fn page(command: &clap::Command) -> Result<String> {
    let mut roff = Vec::new();
    Page::new(command.clone())
        .render(&mut roff)
        .map_err(|error| Failure::new(format!("cannot make the page: {}", plain(&error))))?;
    Ok(String::from_utf8_lossy(&roff).into_owned())
}
