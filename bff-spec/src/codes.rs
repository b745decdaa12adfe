//! Every diagnostic's code, its severity and what it means: the one list.
//!
//! A code is stable: it keeps its number and meaning for good.

use crate::diagnostic::Severity;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal $severity:ident;)+) => {
        /// A diagnostic's code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// All of them, in order.
            pub const ALL: &[Code] = &[$(Code::$name),+];

            /// As it is printed: `E0101`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $code,)+ }
            }

            /// Its severity, unless `lints` says otherwise.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity,)+ }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

// E00: files. E01: YAML. E02: the file's structure. E03: contracts. E04: calls. E05: selections. E06: inputs.
// E07: policies. E08: secrets. E09: what the language has and this doesn't yet do. W: warnings. N: notes.
codes! {
    /// A file can't be read.
    FileUnreadable = "E0001" Error;
    /// A file is not YAML, or uses a part of YAML that specs don't.
    Yaml = "E0101" Error;
    /// A contract names a key twice in one map.
    ContractDuplicateKey = "W0301" Warning;
}
