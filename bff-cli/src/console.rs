//! What a person at a terminal sees: results on stdout; progress, warnings and failures on stderr.
//!
//! A closed pipe is no failure: what can't be written is dropped. Colours only where `--color`, `NO_COLOR` and the
//! terminal agree.

use std::io::{IsTerminal, Write};

use clap::ValueEnum;

use crate::failure::Failure;

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Where a command writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    quiet: bool,
    color: bool,
    terminal: bool,
}

/// How a word stands out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tone {
    /// It went well.
    Good,
    /// Look here.
    Warn,
    /// It went wrong.
    Bad,
    /// A part's name.
    Name,
    /// Beside the point.
    Dim,
}

impl Console {
    /// A console as the options and the environment ask.
    pub(crate) fn new(quiet: bool, color: Color) -> Console {
        let terminal = std::io::stderr().is_terminal();
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                terminal
                    && !set("NO_COLOR")
                    && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        Console {
            quiet,
            color,
            terminal,
        }
    }

    /// Whether progress is wanted.
    pub(crate) fn quiet(self) -> bool {
        self.quiet
    }

    /// Whether to use colours.
    pub(crate) fn color(self) -> bool {
        self.color
    }

    /// Whether stderr is a terminal, where a line may change.
    pub(crate) fn terminal(self) -> bool {
        self.terminal
    }

    /// A result, on stdout.
    pub(crate) fn result(self, text: &str) {
        let mut out = std::io::stdout().lock();
        // A reader that left wants no more: nobody is left to tell.
        let _ = out.write_all(text.as_bytes()).and_then(|()| {
            if text.ends_with('\n') {
                Ok(())
            } else {
                out.write_all(b"\n")
            }
        });
        let _ = out.flush();
    }

    /// Something that must be seen even when quiet, on stderr.
    pub(crate) fn show(self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{}", text.trim_end_matches('\n'));
    }

    /// Progress, on stderr, unless quiet.
    pub(crate) fn say(self, text: &str) {
        if !self.quiet {
            self.show(text);
        }
    }

    /// Progress in the form cargo has made familiar: a verb, then what it applies to.
    pub(crate) fn step(self, verb: &str, what: &str) {
        self.say(&format!(
            "{} {what}",
            self.paint(Tone::Good, &format!("{verb:>12}"))
        ));
    }

    /// A warning of the command itself.
    pub(crate) fn warn(self, text: &str) {
        self.show(&format!("{}: {text}", self.paint(Tone::Warn, "warning")));
    }

    /// A failure and its remedy.
    pub(crate) fn failure(self, failure: &Failure) {
        self.show(&format!("{}: {failure}", self.paint(Tone::Bad, "error")));
        if let Some(remedy) = &failure.remedy {
            self.show(&format!("{}: {remedy}", self.paint(Tone::Name, "help")));
        }
    }

    /// The same for results: not where they go to a file or a pipe.
    pub(crate) fn paint_result(self, tone: Tone, word: &str) -> String {
        if std::io::stdout().is_terminal() {
            self.paint(tone, word)
        } else {
            word.to_owned()
        }
    }

    /// A word in its tone, or as it is without colours.
    pub(crate) fn paint(self, tone: Tone, word: &str) -> String {
        if !self.color {
            return word.to_owned();
        }
        let code = match tone {
            Tone::Good => "1;32",
            Tone::Warn => "1;33",
            Tone::Bad => "1;31",
            Tone::Name => "1;36",
            Tone::Dim => "2",
        };
        format!("\u{1b}[{code}m{word}\u{1b}[0m")
    }
}

/// `1 spec`, `2 specs`
pub(crate) fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
