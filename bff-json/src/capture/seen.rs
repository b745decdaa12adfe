//! Which of an object's wanted keys have occurred.

const INLINE: usize = 128;

/// A set of key indices; of objects with up to 128 wanted fields without an allocation.
pub(super) struct Seen {
    low: u64,
    high: u64,
    more: Vec<u64>,
    count: usize,
}

impl Seen {
    #[inline(always)]
    pub(super) fn new(keys: usize) -> Seen {
        let more = if keys > INLINE {
            vec![0; (keys - INLINE).div_ceil(64)]
        } else {
            Vec::new()
        };
        Seen {
            low: 0,
            high: 0,
            more,
            count: 0,
        }
    }

    #[inline(always)]
    fn word(&mut self, index: usize) -> Option<&mut u64> {
        match index {
            0..64 => Some(&mut self.low),
            64..INLINE => Some(&mut self.high),
            _ => self.more.get_mut((index - INLINE) / 64),
        }
    }

    /// Adds one; gives whether it was there already.
    #[inline(always)]
    pub(super) fn insert(&mut self, index: usize) -> bool {
        let Some(word) = self.word(index) else {
            return false;
        };
        let bit = 1 << (index % 64);
        let again = *word & bit != 0;
        *word |= bit;
        self.count += usize::from(!again);
        again
    }

    /// Whether one is there.
    pub(super) fn contains(&mut self, index: usize) -> bool {
        self.word(index)
            .is_some_and(|word| *word >> (index % 64) & 1 == 1)
    }

    /// How many there are.
    #[inline(always)]
    pub(super) fn count(&self) -> usize {
        self.count
    }
}
