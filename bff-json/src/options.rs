//! How a body is read, and the bounds it is held to.

/// The deepest nesting [`Options::depth`] can ask for.
pub const MAX_DEPTH: u16 = 256;

/// The longest body: spans keep two bits of each length for themselves.
pub(crate) const MAX_BYTES: usize = (1 << 30) - 1;

/// How much of what is skipped is checked. What is captured is always checked in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Fields of other names than the shape's. Objects and lists: brackets match in kind, strings end. Strings: they end.
    /// Numbers and literals: in full. Values under names the shape has are checked in full even where they aren't captured.
    #[default]
    Fast,
    /// Everything, as RFC 8259 and UTF-8 have it.
    Strict,
}

/// How skipping is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// With AVX2 where the processor has it.
    #[default]
    Detect,
    /// Without instructions beyond the target's own. Results are the same.
    Portable,
}

/// How a body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How much of what is skipped is checked.
    pub mode: Mode,
    /// How many objects and lists may be open at once; above [`MAX_DEPTH`] it counts as that.
    pub depth: u16,
    /// How many slots and frames, of eight bytes each, one tape may take.
    pub max_arena: usize,
    /// How skipping is done.
    pub engine: Engine,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            mode: Mode::Fast,
            depth: 128,
            max_arena: 1 << 21,
            engine: Engine::Detect,
        }
    }
}
