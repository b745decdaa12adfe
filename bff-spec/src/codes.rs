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

            /// The code that is printed so.
            #[must_use]
            pub fn named(name: &str) -> Option<Code> {
                match name { $($code => Some(Code::$name),)+ _ => None }
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
    /// A text isn't what the language's grammar has there.
    Syntax = "E0201" Error;
    /// YAML made something else of a text than what was meant.
    YamlSlip = "E0202" Error;
    /// A table doesn't have this key.
    UnknownKey = "E0203" Error;
    /// A value is of the wrong kind: text where a map belongs.
    WrongKind = "E0204" Error;
    /// A key that must be there isn't.
    MissingKey = "E0205" Error;
    /// A name is defined twice.
    DefinedTwice = "E0206" Error;
    /// A value isn't one of those its key takes.
    BadValue = "E0207" Error;
    /// A name isn't one that may be given here.
    BadName = "E0208" Error;
    /// Keys or values that exclude each other.
    Contradiction = "E0209" Error;
    /// A used file holds what only a frontend's spec may.
    NotShared = "E0210" Error;
    /// An endpoint's key isn't a method and a path.
    EndpointKey = "E0211" Error;
    /// Two endpoints answer the same requests.
    DuplicateRoute = "E0212" Error;
    /// A file is no OpenAPI contract, or a part of it hasn't the shape that part has.
    ContractShape = "E0301" Error;
    /// A contract is of a version that isn't read.
    ContractVersion = "E0302" Error;
    /// A `$ref` leads nowhere, round in a circle, or out of reach.
    ContractReference = "E0303" Error;
    /// A schema contradicts itself.
    ContractSchema = "E0304" Error;
    /// The parameters in a path and the path parameters that are declared differ.
    ContractPath = "E0305" Error;
    /// A contract is larger than what is read.
    ContractSize = "E0306" Error;
    /// A file is no overlay, or an action in it hasn't the shape an action has.
    OverlayShape = "E0307" Error;
    /// An overlay's target is no query, or selects nothing that can be changed so.
    OverlayTarget = "E0308" Error;
    /// A call names an upstream that isn't declared.
    UnknownUpstream = "E0401" Error;
    /// An upstream's contract has no such operation.
    UnknownOperation = "E0402" Error;
    /// An operation has no such parameter.
    UnknownParameter = "E0403" Error;
    /// A parameter's name stands for several; or one is bound twice.
    AmbiguousArgument = "E0404" Error;
    /// A required parameter isn't bound.
    MissingArgument = "E0405" Error;
    /// A value is of a type that its place doesn't take.
    Mismatch = "E0406" Error;
    /// A list is bound to a single value: one call would become many.
    ListToOne = "E0407" Error;
    /// `each`, `parallel` or `max` where it makes no sense.
    Fan = "E0408" Error;
    /// Calls wait for each other.
    Cycle = "E0409" Error;
    /// There is no call of this name.
    UnknownCall = "E0410" Error;
    /// Nothing reads a safe call.
    UnusedCall = "E0411" Error;
    /// A value that may be null goes where one must be.
    NullIntoRequired = "E0412" Error;
    /// A call's request body doesn't fit its operation.
    RequestBody = "E0413" Error;
    /// The order of a write isn't decided.
    WriteOrder = "E0414" Error;
    /// A call has no JSON answer to read.
    NoAnswer = "E0415" Error;
    /// What `errors` says of a status isn't in the contract.
    UnknownError = "E0416" Error;
    /// A write is to be repeated without a key that makes that harmless.
    UnsafeRetry = "E0417" Error;
    /// A name that is neither a call nor an input.
    UnknownName = "E0501" Error;
    /// A type has no such field.
    UnknownField = "E0502" Error;
    /// An object without a selection.
    NeedsSelection = "E0503" Error;
    /// A selection on what has no fields.
    NothingToSelect = "E0504" Error;
    /// A step that doesn't fit what it steps from.
    Step = "E0505" Error;
    /// A join whose keys don't fit.
    Join = "E0506" Error;
    /// A variant that isn't one, or can't be told from the others.
    Variant = "E0507" Error;
    /// Two fields of one name.
    DuplicateField = "E0508" Error;
    /// There is no fragment of this name.
    UnknownFragment = "E0509" Error;
    /// A fragment has the name of a field or call.
    FragmentClash = "E0510" Error;
    /// A response header that can't be read here.
    HeaderStep = "E0511" Error;
    /// A default that doesn't fit.
    DefaultValue = "E0512" Error;
    /// There is no current value here.
    NoCurrent = "E0513" Error;
    /// Fragments that spread each other without end.
    TooManySpreads = "E0514" Error;
    /// A path has no such parameter.
    UnknownInput = "E0601" Error;
    /// What an input is bound to disagrees.
    InputConflict = "E0602" Error;
    /// Nothing reads an input.
    UnusedInput = "E0603" Error;
    /// What an input is can't be worked out.
    OpenInput = "E0604" Error;
    /// The body, or a name in it, isn't declared.
    UndeclaredBody = "E0605" Error;
    /// An endpoint doesn't say who may ask.
    NoAuth = "E0701" Error;
    /// There is no scheme of this name.
    UnknownScheme = "E0702" Error;
    /// No accepted scheme gives this claim.
    UnknownClaim = "E0703" Error;
    /// `claims` where nobody is known.
    ClaimsWithoutAuth = "E0704" Error;
    /// `require` reads what it can't.
    Require = "E0705" Error;
    /// Sides of an equality that are never equal.
    Incomparable = "E0706" Error;
    /// A token is to be forwarded where there can be none.
    NoToken = "E0707" Error;
    /// There is no limit of this name.
    UnknownLimit = "E0708" Error;
    /// A secret is written into the spec.
    LiteralSecret = "E0801" Error;
    /// The language has it, this version doesn't yet.
    Unsupported = "E0901" Error;
    /// An endpoint can't be built, and the checker doesn't know why.
    Unexplained = "E0999" Error;
    /// An endpoint hides part of another.
    ShadowedRoute = "W0201" Warning;
    /// Something is declared that nothing uses.
    UnusedName = "W0202" Warning;
    /// `lints` allows what is never found.
    UnusedLint = "W0203" Warning;
    /// A contract names a key twice in one map.
    ContractDuplicateKey = "W0301" Warning;
    /// A contract uses a word that OpenAPI doesn't have; it is read as if it weren't there.
    ContractUnknown = "W0302" Warning;
    /// A call uses what its contract calls deprecated.
    DeprecatedOperation = "W0401" Warning;
    /// One request of the frontend's may become more requests than its budget.
    FanOut = "W0402" Warning;
    /// Calls that wait for each other may together take longer than their endpoint has.
    TimeBudget = "W0403" Warning;
    /// A default for what is never null.
    DefaultNeverUsed = "W0501" Warning;
    /// The same selection is written again and again.
    RepeatedSelection = "W0502" Warning;
    /// A scheme that doesn't ask whom a token is for.
    NoAudience = "W0701" Warning;
    /// An identifier of the client's reaches a call, and nothing relates who asks to the thing.
    UnrelatedCaller = "W0702" Warning;
    /// What a contract marks as sensitive reaches the frontend.
    SensitiveField = "W0703" Warning;
    /// A secret has a default.
    SecretDefault = "W0801" Warning;
    /// A contract says more than is followed; what is left out and what follows is told.
    ContractLeftOut = "N0301" Note;
    /// A response header that the contract doesn't document.
    UndocumentedHeader = "N0501" Note;
}
