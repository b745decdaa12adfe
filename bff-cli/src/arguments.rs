//! The command line: what may be asked, and the help that teaches it.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::console::Color;
use crate::diagnostics::Format;
use crate::mock::{Latency, Share};

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
    /// Propose a first spec from the upstreams' contracts
    #[command(after_help = after("  bff new mobile --from orders.openapi.yaml --from https://users.example.com/openapi.json
  bff new web --from shop=legacy/openapi.json     its upstream is called `shop`
  bff new admin --from orders.openapi.yaml --writes --endpoints 40

Reads are proposed with their fields, and what their identifiers lead to as further calls. Contracts from elsewhere are
copied to specs/upstreams. Nothing that is there is overwritten. Then delete what the frontend doesn't need."))]
    New(New),
    /// Check specs against the upstreams' contracts, and say what to write instead
    #[command(after_help = after("  bff check                     every spec
  bff check web mobile          two of them
  bff check --format json       one array on stdout, for editors and scripts
  bff check --format github     annotations in a pull request
  bff check --fix               makes the edits that can only be what was meant, and shows what is left

Findings go to stderr (as JSON and annotations to stdout), a summary to stderr. `--fix` mends slips of the finger, of
YAML and of notation in the specs; what may be meant otherwise, it leaves to you, with the text to write. As JSON each
finding has such `edits`; those that are `sure` are what `--fix` makes."))]
    Check(Check),
    /// Show what one request becomes: policies, calls and their order, worst cases, where each field comes from
    #[command(after_help = after("  bff explain web 'GET /home'   one endpoint, by its key in the spec or by the path clients ask for
  bff explain web               all of them
  bff explain web 'GET /home' --format mermaid        the calls as a diagram, for Markdown

Calls of one step run at once, as soon as what they wait for is there; the bars show from when to when if each takes as
long as it may (dashed: the endpoint lives without it). The worst case adds the timeouts of calls that wait
for each other; the endpoint's own timeout ends them all."))]
    Explain(Explain),
    /// Show which field of which upstream reaches which frontend, and by which endpoint
    #[command(after_help = after("  bff exposure                  every frontend, as a table
  bff exposure web --upstream users        what the browser gets to see of users
  bff exposure --field iban                who gets to see an IBAN
  bff exposure --format csv > exposure.csv            for a spreadsheet
  bff exposure --deny sensitive            exit with 1 if what a contract marks as sensitive is among them

`items[].total` is the total of each item, `prices.*` every entry of a map, `**` all that is below: what passes through
(`proxy`) does as it is. Sensitive is what a contract marks with `x-sensitive: true` or `format: password`.
`lints` in the spec can allow single endpoints; `--deny` can't, and shows those too."))]
    Exposure(Exposure),
    /// Write the crates of frontends to bffs/NAME
    #[command(after_help = after("  bff generate                  every frontend; only files that change are written
  bff generate web              one of them
  bff generate --check          write nothing, name what is stale: for CI
  bff generate --deploy docker  deploy/NAME: what it takes to run it (docker, systemd, kubernetes)

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
  bff mock --latency 50ms..400ms --fail 5%             how does the frontend look on a bad day?
  curl -X POST http://127.0.0.1:9001/-/reset           forget what was written

Examples come first and are matched by parameter names: GET /users/{id} gives the example with that id, a list keeps
the elements whose fields have the values asked for, what was posted is found again. Without examples, answers are
made from schemas; examples that break theirs are held to it. Headers that a contract documents are sent."))]
    Mock(Mock),
    /// Run everything on this machine: mocks, a development identity provider, every gateway
    #[command(after_help = after("  bff up                        build and start everything, print requests to paste; Ctrl-C ends it
  bff up web                    one frontend and its upstreams
  bff up --smoke                make those requests, check the answers, stop: for CI
  ORDERS_URL=http://127.0.0.1:7000 bff up     the real orders service, mocks for the rest

Only loopback is listened on. Variables that are set are used as they are; the others get development values."))]
    Up(Up),
    /// Run everything and follow the specs: check, restart and answer anew with every change
    #[command(after_help = after("  bff dev                       every frontend, in front of mocks; Ctrl-C ends it
  bff dev web --port-base 4000  one of them, on port 4000
  bff dev --latency 200ms --fail 5%         with slow mocks that fail now and then
  ORDERS_URL=http://127.0.0.1:7000 bff dev  the real orders service while it answers, else a mock of it

A change of a spec or a contract is answered at once: nothing is compiled. Frontends with functions in hooks.rs are
built by cargo; requests wait meanwhile. While a spec is wrong, every request is answered with what is wrong with it."))]
    Dev(Dev),
    /// Make, list and revoke API keys, in the files of hashes that gateways read
    #[command(subcommand, after_help = after("  bff keys new acme --file partner.keys --scope orders:read
  bff keys list --file partner.keys
  bff keys revoke 2bb80d537b1da3e3 --file partner.keys

A spec names the file: `auth: { partner: { api_key: { keys: \"${file:/run/secrets/partner.keys}\" } } }`.
Gateways read it again when it changes."))]
    Keys(Keys),
    /// Fetch contracts that specs name by URL, and lock what they are
    #[command(after_help = after("  bff lock                      fetch what isn't locked yet; what is, stays as it is
  bff lock --update             take over what the URLs hold now
  bff lock --check              write nothing, say what has changed since, exit with 1 if something has: for CI

Copies lie in specs/fetched, their hashes in bff.lock; commit both. No other command fetches anything. https is fetched,
and http from this machine."))]
    Lock(Lock),
    /// Print the JSON Schema of specs, so that an editor completes and checks them
    #[command(after_help = after("  bff schema                    on stdout
  bff schema --write            to specs/bff.schema.json; `bff generate` keeps it true from then on

An editor with a YAML language server reads a spec's first line:
  # yaml-language-server: $schema=bff.schema.json
`bff init` and `bff new` write both, and nothing of it needs a network."))]
    Schema(Schema),
    /// Print what makes a shell complete this command
    #[command(after_help = after("  bff completions bash > ~/.local/share/bash-completion/completions/bff
  bff completions zsh > ~/.zfunc/_bff           with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc
  bff completions fish > ~/.config/fish/completions/bff.fish"))]
    Completions(Completions),
    /// Print this command's manual page, or write all pages to a folder
    #[command(after_help = after("  bff man | man -l -            read it
  bff man --dir ~/.local/share/man/man1         from then on `man bff`, `man bff-check`, …"))]
    Man(Man),
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

/// `bff new`
#[derive(Debug, Args)]
pub(crate) struct New {
    /// The frontend's name, in kebab-case
    pub(crate) name: String,
    /// A contract: a file or a URL, or NAME=CONTRACT to name its upstream; may be repeated
    #[arg(long, value_name = "CONTRACT", required = true, num_args = 1..)]
    pub(crate) from: Vec<String>,
    /// How many endpoints to propose at most
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub(crate) endpoints: usize,
    /// Propose what writes as well
    #[arg(long)]
    pub(crate) writes: bool,
}

/// `bff check`
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Frontends; all without
    pub(crate) name: Vec<String>,
    /// How to write findings
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Make the edits that can only be what was meant
    #[arg(long)]
    pub(crate) fix: bool,
}

/// `bff explain`
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The frontend
    pub(crate) name: String,
    /// The endpoint: `GET /home`; all without
    pub(crate) endpoint: Option<String>,
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ExplainFormat,
}

/// How an endpoint is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ExplainFormat {
    /// For people
    #[default]
    Human,
    /// One JSON array
    Json,
    /// Calls as a flowchart
    Mermaid,
}

/// `bff exposure`
#[derive(Debug, Args)]
pub(crate) struct Exposure {
    /// Frontends; all without
    pub(crate) name: Vec<String>,
    /// How to write the rows
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: RowsFormat,
    /// Only what comes from this upstream
    #[arg(long, value_name = "NAME")]
    pub(crate) upstream: Option<String>,
    /// Only fields whose path holds this text, whatever its case
    #[arg(long, value_name = "TEXT")]
    pub(crate) field: Option<String>,
    /// Exit with 1 if there are such rows, and list them
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) deny: Option<Denied>,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum RowsFormat {
    /// A table
    #[default]
    Human,
    /// One JSON array
    Json,
    /// RFC 4180, with a header
    Csv,
}

/// What must not be exposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Denied {
    /// What a contract marks as sensitive
    Sensitive,
}

/// `bff generate`
#[derive(Debug, Args)]
pub(crate) struct Generate {
    /// Frontends; all without
    pub(crate) name: Vec<String>,
    /// Write nothing; name what is stale and exit with 1
    #[arg(long)]
    pub(crate) check: bool,
    /// Write what it takes to run them there, to deploy/NAME, instead of the crates
    #[arg(long, value_enum, value_name = "WHERE")]
    pub(crate) deploy: Option<Target>,
}

/// Where gateways are to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// A Dockerfile
    Docker,
    /// A unit and its environment
    Systemd,
    /// Manifests
    Kubernetes,
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
    #[command(flatten)]
    pub(crate) manner: Manner,
}

/// `bff up`
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Frontends; all without
    pub(crate) name: Vec<String>,
    /// Make the requests, check the answers, stop; exit with 0 or 1
    #[arg(long)]
    pub(crate) smoke: bool,
    /// The first frontend's port; the others follow, each operators' port is a thousand above
    #[arg(long, value_name = "PORT")]
    pub(crate) port_base: Option<u16>,
    #[command(flatten)]
    pub(crate) manner: Manner,
}

/// `bff dev`
#[derive(Debug, Args)]
pub(crate) struct Dev {
    /// Frontends; all without
    pub(crate) name: Vec<String>,
    /// The first frontend's port; the others follow, each operators' port is a thousand above
    #[arg(long, value_name = "PORT")]
    pub(crate) port_base: Option<u16>,
    #[command(flatten)]
    pub(crate) manner: Manner,
}

/// How mocks behave.
#[derive(Debug, Args)]
pub(crate) struct Manner {
    /// How long mocks wait before they answer: 200ms, or 50ms..400ms
    #[arg(
        long,
        value_name = "TIME",
        default_value = "0ms",
        hide_default_value = true
    )]
    pub(crate) latency: Latency,
    /// How many of the mocks' answers are errors: 5%
    #[arg(
        long,
        value_name = "SHARE",
        default_value = "0%",
        hide_default_value = true
    )]
    pub(crate) fail: Share,
}

/// `bff lock`
#[derive(Debug, Args)]
pub(crate) struct Lock {
    /// Fetch what is locked again, and lock what it is now
    #[arg(long, conflicts_with = "check")]
    pub(crate) update: bool,
    /// Write nothing; name what isn't as it is locked and exit with 1
    #[arg(long)]
    pub(crate) check: bool,
}

/// `bff keys`
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make a key, show it once, and add its hash to the file
    New(NewKey),
    /// Show whose keys the file holds
    List(ListKeys),
    /// Take a key out of the file
    Revoke(RevokeKey),
}

/// `bff keys new`
#[derive(Debug, Args)]
pub(crate) struct NewKey {
    /// Whose it is: what `claims.sub` will say
    pub(crate) owner: String,
    /// The file of hashes; made if it isn't there
    #[arg(long, value_name = "PATH")]
    pub(crate) file: PathBuf,
    /// A scope it grants; may be repeated
    #[arg(long)]
    pub(crate) scope: Vec<String>,
    /// A role it has; may be repeated
    #[arg(long)]
    pub(crate) role: Vec<String>,
    /// For how many days it counts; for good without
    #[arg(long)]
    pub(crate) days: Option<u64>,
    /// Another claim, as JSON or text; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = crate::commands::keys::claim)]
    pub(crate) claim: Vec<(String, serde_json::Value)>,
}

/// `bff keys list`
#[derive(Debug, Args)]
pub(crate) struct ListKeys {
    /// The file of hashes
    #[arg(long, value_name = "PATH")]
    pub(crate) file: PathBuf,
}

/// `bff keys revoke`
#[derive(Debug, Args)]
pub(crate) struct RevokeKey {
    /// The key, or the name `bff keys list` gives it
    pub(crate) key: String,
    /// The file of hashes
    #[arg(long, value_name = "PATH")]
    pub(crate) file: PathBuf,
}

/// `bff schema`
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Write it to specs/bff.schema.json
    #[arg(long)]
    pub(crate) write: bool,
}

/// `bff completions`
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// `bff man`
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write a page for each command to this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
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
