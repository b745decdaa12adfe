//! How often: the limits of a spec, and what is left of them.
//!
//! In: who asks, and what the request counts. Out: a [`Grant`], or for how long to stay away. A generated gateway names the
//! limits it uses and where they are counted, so the linker drops the other stores. Nothing here waits for anybody: a request
//! over its limit is refused at once (429), never queued.

mod charges;
mod headers;
mod key;
mod memory;
mod rate;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bff_json::Path;

pub(crate) use charges::{Charges, Taken};
pub(crate) use key::{Seen, address, network};
pub use memory::InMemory;

/// Who is counted, as 128 bits that tell one from another.
pub type Key = u128;

/// A limit of the spec, as generated code declares it.
pub trait Limit: Sync + fmt::Debug {
    /// What it allows, and to whom.
    fn rules(&'static self) -> &'static Allowance;
    /// Opens its counters.
    fn start(&'static self) -> Arc<dyn Limiter>;
}

/// What a limit allows. Where several are set, all must hold.
#[derive(Debug)]
pub struct Allowance {
    /// Its name in the spec: `browsing`.
    pub name: &'static str,
    /// Who is counted.
    pub per: Per,
    /// How often in the long run, and how much of it at once.
    pub rate: Option<Rate>,
    /// How much in a day, an hour, …: windows begin at whole multiples since 1970, in UTC.
    pub quota: Option<Quota>,
    /// How many at a time.
    pub concurrency: Option<u32>,
}

impl Allowance {
    /// Without bounds yet.
    #[must_use]
    pub const fn new(name: &'static str, per: Per) -> Allowance {
        Allowance {
            name,
            per,
            rate: None,
            quota: None,
            concurrency: None,
        }
    }

    /// At most `count` in `period` in the long run, and `burst` at once.
    #[must_use]
    pub const fn rate(mut self, count: u32, period: Duration, burst: u32) -> Allowance {
        self.rate = Some(Rate {
            count,
            period,
            burst,
        });
        self
    }

    /// At most `count` in each window of `period`.
    #[must_use]
    pub const fn quota(mut self, count: u32, period: Duration) -> Allowance {
        self.quota = Some(Quota { count, period });
        self
    }

    /// At most so many at a time.
    #[must_use]
    pub const fn concurrency(mut self, most: u32) -> Allowance {
        self.concurrency = Some(most);
        self
    }
}

/// Who is counted. Whoever lacks that identity is counted by address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// By a claim: the path of its [`Charge`].
    Claim,
    /// By the API key.
    Key,
    /// By the client's address; of IPv6 its /64, which is one customer's.
    Ip,
    /// By a header's value.
    Header(&'static str),
    /// By route: all clients together.
    Route,
    /// All together.
    Everyone,
}

impl Per {
    /// Whether it must be known who asks: such limits are taken after authentication, the others before it.
    #[must_use]
    pub fn is_identity(self) -> bool {
        matches!(self, Per::Claim | Per::Key)
    }
}

/// A rate, as a bucket that fills evenly (the generic cell rate algorithm, ITU-T I.371).
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// So much …
    pub count: u32,
    /// … in so long.
    pub period: Duration,
    /// So much at once, after a pause.
    pub burst: u32,
}

/// A quota.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    /// So much …
    pub count: u32,
    /// … in each window of this length.
    pub period: Duration,
}

/// A limit an endpoint is under.
#[derive(Debug)]
pub struct Charge {
    /// Which.
    pub limit: &'static dyn Limit,
    /// With [`Per::Claim`]: where the claim is.
    pub by: Option<Path>,
    /// What one request counts.
    pub cost: u32,
}

/// A limit while the gateway runs.
pub trait Limiter: Send + Sync {
    /// Takes what a request counts.
    fn take(&self, key: Key, cost: u32) -> Taking<'_>;
    /// Gives back what a request took that another limit refused.
    fn give_back(&self, key: Key, cost: u32);
}

/// What taking gives.
pub enum Taking<'a> {
    /// Known at once.
    Now(Result<Grant, Refusal>),
    /// Known once a store has answered.
    Later(Pin<Box<dyn Future<Output = Result<Grant, Refusal>> + Send + 'a>>),
}

impl fmt::Debug for Taking<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Taking::Now(_) => "Taking::Now",
            Taking::Later(_) => "Taking::Later",
        })
    }
}

/// A request may pass.
#[derive(Debug)]
pub struct Grant {
    /// What is left.
    pub room: Room,
    /// One of the places of `concurrency`; free again when this is dropped.
    pub hold: Option<Hold>,
}

/// What a limit has left for who asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Room {
    /// Of the rate: how much may come at once, and how long until all of it may.
    pub rate: Option<(u32, Duration)>,
    /// Of the quota: how much, and how long its window lasts.
    pub quota: Option<(u32, Duration)>,
}

/// A request may not pass.
#[derive(Debug, Clone, Copy)]
pub struct Refusal {
    /// What is left.
    pub room: Room,
    /// How long to stay away.
    pub retry_after: Duration,
}

/// A place among those at work; free again when this is dropped.
pub struct Hold(pub Box<dyn Release>);

/// What a [`Hold`] gives back when it is dropped.
pub trait Release: Send + Sync {
    /// Called once.
    fn release(&mut self);
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.release();
    }
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hold")
    }
}
