//! Where a body broke its contract: counted by place, never an error.

/// How many places are kept apart; further ones only count.
const PLACES: usize = 16;

/// How a value breaks its contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is of a kind the contract doesn't have there.
    Kind,
    /// It is null, and the contract doesn't allow that.
    Null,
    /// It is not there, and the contract promises it.
    Missing,
}

/// A place, how it was broken, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breach {
    /// [`crate::Node::at`].
    pub at: &'static str,
    /// How.
    pub fault: Fault,
    /// How often.
    pub count: u32,
}

/// The breaches of one body.
#[derive(Debug, Clone, Default)]
pub struct Breaches {
    places: Vec<Breach>,
    total: u64,
}

impl Breaches {
    /// How many there are, in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The first sixteen different ones.
    pub fn iter(&self) -> impl Iterator<Item = &Breach> {
        self.places.iter()
    }

    #[cold]
    pub(crate) fn add(&mut self, at: &'static str, fault: Fault) {
        self.add_many(Breach {
            at,
            fault,
            count: 1,
        });
    }

    pub(crate) fn add_all(&mut self, other: &Breaches) {
        let listed: u64 = other.iter().map(|breach| u64::from(breach.count)).sum();
        for &breach in other.iter() {
            self.add_many(breach);
        }
        self.total += other.total.saturating_sub(listed);
    }

    pub(crate) fn clear(&mut self) {
        self.places.clear();
        self.total = 0;
    }

    fn add_many(&mut self, breach: Breach) {
        self.total += u64::from(breach.count);
        let known = self
            .places
            .iter_mut()
            .find(|known| known.at == breach.at && known.fault == breach.fault);
        if let Some(known) = known {
            known.count = known.count.saturating_add(breach.count);
        } else if self.places.len() < PLACES {
            self.places.push(breach);
        }
    }
}
