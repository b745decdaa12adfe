//! Chance with a memory: numbers and words that look arbitrary and never change.

/// A small generator (splitmix64), good enough to fill records.
pub(super) struct Chance(u64);

const WORDS: [&str; 48] = [
    "amber", "arc", "birch", "bold", "calm", "canvas", "cedar", "clear", "cotton", "crisp",
    "daily", "deep", "field", "fine", "fold", "frame", "glass", "grain", "harbour", "hollow",
    "iron", "kiln", "lake", "linen", "loft", "maple", "meadow", "north", "oak", "open", "paper",
    "plain", "quiet", "raw", "reed", "ridge", "river", "round", "salt", "slate", "soft", "stone",
    "thread", "tide", "wave", "wide", "wool", "zinc",
];

impl Chance {
    /// A generator for the record of this kind at this place.
    pub(super) fn of(kind: u64, number: usize) -> Chance {
        Chance(kind.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number as u64)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A number of at least `least` and less than `bound`, both in units of the last of `digits` decimals.
    pub(super) fn decimal(&mut self, least: u64, bound: u64, digits: i32) -> f64 {
        (least + self.below(bound - least)) as f64 / 10_f64.powi(digits)
    }

    /// One of these.
    pub(super) fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        let place = self.below(choices.len().max(1) as u64) as usize;
        choices.get(place).copied().unwrap_or_default()
    }

    /// So many words, the first with a capital.
    pub(super) fn words(&mut self, count: usize) -> String {
        let mut text = String::new();
        for number in 0..count {
            let word = self.one_of(&WORDS);
            match word.split_at_checked(1) {
                Some((first, rest)) if number == 0 => {
                    text.push_str(&first.to_ascii_uppercase());
                    text.push_str(rest);
                }
                _ => {
                    text.push(' ');
                    text.push_str(word);
                }
            }
        }
        text
    }

    /// Sentences, with what takes more than a byte and now and then what JSON has to escape.
    pub(super) fn prose(&mut self, sentences: usize) -> String {
        let mut text = String::new();
        for number in 0..sentences {
            let (start, end) = (self.words(7), self.words(4));
            if number % 4 == 1 {
                text.push_str(&format!("{start} — or \"{end}\".\n"));
            } else {
                text.push_str(&format!("{start}, {end} for 20 €. "));
            }
        }
        text
    }

    /// A moment of this year.
    pub(super) fn moment(&mut self) -> String {
        let (month, day) = (1 + self.below(12), 1 + self.below(28));
        let (hour, minute, second) = (self.below(24), self.below(60), self.below(60));
        format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// A hexadecimal name of 16 digits.
    pub(super) fn token(&mut self) -> String {
        format!("{:016x}", self.next())
    }
}
