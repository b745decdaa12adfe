//! The command line: what may be asked, and the help that teaches it.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::console::Color;
use crate::diagnostics::Format;

/// What follows every command's help.
const EXIT_CODES: &str = "\
Exit codes:
  0  all is well
  1  something was found (an error, a stale file, a wrong answer), or failed
  2  the command line is not understood";

const FIRST_STEPS: &str = "\
First steps:
  bff init shop && cd shop    a workspace with one spec and one contract
  bff up                      everything on this machine: mocks, tokens, gateways, requests to paste
  bff check                   what is wrong with the specs, and what to write instead
  bff build                   binaries to ship, in target/dist

`bff help COMMAND` shows examples of each.";

/// Builds one typed gateway per frontend from small specs and the upstreams' contracts
#[derive(Debug, Parser)]
#[command(name = "bff", version, after_help = format!("{FIRST_STEPS}\n\n{EXIT_CODES}"))]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What holds for every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The folder with `specs/` and Cargo.toml; without: found from the current folder upward
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere")]
    pub(crate) workspace: Option<PathBuf>,
    /// Say nothing but results and what went wrong
    #[arg(long, short, global = true, help_heading = "Everywhere")]
    pub(crate) quiet: bool,
    /// When to use colours: auto (on a terminal, unless NO_COLOR is set), always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true,
        hide_default_value = true,
        help_heading = "Everywhere"
    )]
    pub(crate) color: Color,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new workspace with one spec and one contract, ready to build
    #[command(after_help = after("  bff init shop                 a folder `shop` with a frontend `web`
  cd shop && bff up --smoke     build it, ask it, see it answer"))]
    Init(Init),
    /// Check specs against the upstreams' contracts, and say what to write instead
    #[command(after_help = after("  bff check                     every spec
  bff check web mobile          two of them
  bff check --format json       one array on stdout, for editors and scripts
  bff check --format github     annotations in a pull request

Findings go to stderr (as JSON and annotations to stdout), a summary to stderr."))]
    Check(Check),
    /// Write the crates of frontends to bffs/NAME
    #[command(after_help = after("  bff generate                  every frontend; only files that change are written
  bff generate web              one of them
  bff generate --check          write nothing, name what is stale: for CI

`hooks.rs` is written once and yours from then on. Everything else in bffs/NAME is generated: edit the spec."))]
    Generate(Generate),
    /// Build one binary per frontend to ship, in target/dist
    #[command(after_help = after("  bff build                     target/dist/NAME-bff each: link-time optimised, stripped
  bff build web --dev           target/release/web-bff: built in a fraction of the time

cargo runs once per frontend, so that none carries what only another one needs."))]
    Build(Build),
    /// Build a frontend quickly and run it
    #[command(after_help = after("  USERS_URL=http://127.0.0.1:9001 bff run web
  BFF_LISTEN=127.0.0.1:8088 bff run web

The binary reads the environment as it is. Variables that are missing are named before anything is built;
`bff up` has development values for them."))]
    Run(Run),
    /// Serve upstreams from their contracts' examples
    #[command(after_help = after("  bff mock                      every upstream, on the ports of its URL's default
  bff mock orders users         two of them
  bff mock --port-base 9100     ports 9100, 9101, …
  bff mock --listen 0.0.0.0     for containers on this machine; anybody who reaches it may ask

Examples come first and are matched by parameter names: GET /users/{id} gives the example with that id, a list keeps
the elements whose fields have the values asked for, what was posted is found again. Without examples, answers are
made from schemas."))]
    Mock(Mock),
    /// Run everything on this machine: mocks, a development identity provider, every gateway
    #[command(after_help = after("  bff up                        build and start everything, print requests to paste; Ctrl-C ends it
  bff up web                    one frontend and its upstreams
  bff up --smoke                make those requests, check the answers, stop: for CI
  ORDERS_URL=http://127.0.0.1:7000 bff up     the real orders service, mocks for the rest

Only loopback is listened on. Variables that are set are used as they are; the others get development values."))]
    Up(Up),
}

fn after(examples: &str) -> String {
    format!("Examples:\n{examples}\n\n{EXIT_CODES}")
}

/// `bff init`
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The folder to make
    pub(crate) dir: PathBuf,
}

/// `bff check`
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Frontends; all without
    pub(crate) name: Vec<String>,
    /// How to write findings
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// `bff generate`
#[derive(Debug, Args)]
pub(crate) struct Generate {
    /// Frontends; all without
    pub(crate) name: Vec<String>,
    /// Write nothing; name what is stale and exit with 1
    #[arg(long)]
    pub(crate) check: bool,
}

/// `bff build`
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// Frontends; all without
    pub(crate) name: Vec<String>,
    /// Build quickly, to target/release
    #[arg(long)]
    pub(crate) dev: bool,
}

/// `bff run`
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The frontend
    pub(crate) name: String,
}

/// `bff mock`
#[derive(Debug, Args)]
pub(crate) struct Mock {
    /// Upstreams; all without
    pub(crate) upstream: Vec<String>,
    /// The address to listen on
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub(crate) listen: IpAddr,
    /// The first upstream's port; the others follow
    #[arg(long, value_name = "PORT")]
    pub(crate) port_base: Option<u16>,
}

/// `bff up`
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Frontends; all without
    pub(crate) name: Vec<String>,
    /// Make the requests, check the answers, stop; exit with 0 or 1
    #[arg(long)]
    pub(crate) smoke: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
