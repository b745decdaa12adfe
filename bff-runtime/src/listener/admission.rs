//! Which connections are taken: so many in all, so many of one address.
//!
//! Of IPv6 an address is the /64, as for limits. One that is refused is closed at once, so that its client knows.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::limit::network;
use crate::plan::Listener;

/// Why a connection is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There are as many as there may be.
    Max,
    /// Its address has as many as it may have.
    PerAddress,
}

/// Who is connected.
#[derive(Debug)]
pub(crate) struct Admission {
    max: usize,
    per_address: usize,
    open: AtomicUsize,
    /// Empty where addresses aren't counted.
    addresses: Mutex<HashMap<[u8; 16], usize>>,
}

impl Admission {
    /// As the spec says, but no more than there are files for.
    pub(crate) fn new(bounds: &Listener, files: Option<usize>) -> Admission {
        let max = usize::try_from(bounds.max).unwrap_or(usize::MAX);
        Admission {
            max: files.map_or(max, |files| max.min(files)),
            per_address: usize::try_from(bounds.per_address).unwrap_or(usize::MAX),
            open: AtomicUsize::new(0),
            addresses: Mutex::default(),
        }
    }

    /// How many there are.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Takes a connection, which counts until the place is dropped.
    pub(crate) fn enter(self: &Arc<Admission>, address: IpAddr) -> Result<Place, Refused> {
        if self.open.fetch_add(1, Ordering::Relaxed) >= self.max {
            self.open.fetch_sub(1, Ordering::Relaxed);
            return Err(Refused::Max);
        }
        let mut place = Place {
            admission: Arc::clone(self),
            address: None,
        };
        if self.per_address > 0 {
            let address = network(address);
            let mut addresses = self.addresses();
            let count = addresses.entry(address).or_default();
            if *count >= self.per_address {
                return Err(Refused::PerAddress);
            }
            *count += 1;
            place.address = Some(address);
        }
        Ok(place)
    }

    fn addresses(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 16], usize>> {
        self.addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the connections.
#[derive(Debug)]
pub(crate) struct Place {
    admission: Arc<Admission>,
    address: Option<[u8; 16]>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.open.fetch_sub(1, Ordering::Relaxed);
        if let Some(address) = self.address {
            let mut addresses = self.admission.addresses();
            if let Some(count) = addresses.get_mut(&address) {
                *count -= 1;
                if *count == 0 {
                    addresses.remove(&address);
                }
            }
        }
    }
}

/// How many connections there are files for: what is left of this process's when each has some for calls.
#[cfg(unix)]
pub(crate) fn files() -> Option<usize> {
    use rustix::process::{Resource, getrlimit};
    let most = usize::try_from(getrlimit(Resource::Nofile).current?).ok()?;
    Some(most - (most / 8).max(64).min(most / 2))
}

/// How many connections there are files for.
#[cfg(not(unix))]
pub(crate) fn files() -> Option<usize> {
    None
}

/// Lets this process have as many files as the system allows it, as most systems start programs with few.
#[cfg(unix)]
pub(crate) fn raise_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::debug!(%error, "the number of open files stays as it is");
        }
    }
}

/// Nothing to do.
#[cfg(not(unix))]
pub(crate) fn raise_files() {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn so_many_in_all_and_of_one_address() {
        let bounds = Listener {
            max: 3,
            per_address: 2,
            ..Listener::USUAL
        };
        let admission = Arc::new(Admission::new(&bounds, Some(100)));
        let enter = |address: &str| admission.enter(address.parse().unwrap());
        let first = enter("2001:db8:1:2::1").unwrap();
        let _second = enter("2001:db8:1:2::2").unwrap();
        assert_eq!(enter("2001:db8:1:2::3").unwrap_err(), Refused::PerAddress);
        let _third = enter("192.0.2.1").unwrap();
        assert_eq!(enter("192.0.2.2").unwrap_err(), Refused::Max);
        assert_eq!(admission.open(), 3);
        drop(first);
        let _fourth = enter("2001:db8:1:2::3").unwrap();
        assert_eq!(admission.open(), 3);
        drop((_second, _third, _fourth));
        assert_eq!((admission.open(), admission.addresses().len()), (0, 0));
    }

    #[test]
    fn no_more_than_there_are_files_for() {
        let admission = Arc::new(Admission::new(&Listener::USUAL, Some(1)));
        let address = "192.0.2.1".parse().unwrap();
        let _one = admission.enter(address).unwrap();
        assert_eq!(admission.enter(address).unwrap_err(), Refused::Max);
    }
}
