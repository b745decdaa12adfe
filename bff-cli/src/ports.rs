//! Sockets to listen on, and what to do when somebody else does.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener};

use crate::failure::{Failure, Result, plain};

/// A socket on this port (0 is any), for `what`; `remedy` says how to have another.
pub(crate) fn listen(ip: IpAddr, port: u16, what: &str, remedy: &str) -> Result<TcpListener> {
    TcpListener::bind((ip, port)).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Failure::new(format!(
            "port {port} on {ip} is taken, and {what} should listen there"
        ))
        .remedy(remedy),
        ErrorKind::PermissionDenied => Failure::new(format!(
            "{what} may not listen on port {port}: ports below 1024 are the system's"
        ))
        .remedy(remedy),
        _ => Failure::new(format!(
            "{what} cannot listen on {ip}:{port}: {}",
            plain(&error)
        )),
    })
}

/// A socket on this port if it is free, or else on any.
pub(crate) fn listen_near(ip: IpAddr, port: Option<u16>, what: &str) -> Result<TcpListener> {
    if let Some(listener) = port.and_then(|port| TcpListener::bind((ip, port)).ok()) {
        return Ok(listener);
    }
    listen(ip, 0, what, "free some ports")
}

/// A socket on the first free port from `first` on that isn't `taken`, or on any.
pub(crate) fn free(
    ip: IpAddr,
    first: u16,
    what: &str,
    taken: &[SocketAddr],
) -> Result<TcpListener> {
    let wanted = (first..first.saturating_add(50)).map(|port| SocketAddr::new(ip, port));
    let mut usable = wanted
        .filter(|address| !taken.contains(address))
        .filter_map(|address| TcpListener::bind(address).ok());
    match usable.next() {
        Some(listener) => Ok(listener),
        None => listen(ip, 0, what, "free some ports"),
    }
}

/// An address on any free port. Nobody holds it until a child does.
pub(crate) fn any(ip: IpAddr, what: &str) -> Result<SocketAddr> {
    address(&listen(ip, 0, what, "free some ports")?)
}

/// Where a socket listens.
pub(crate) fn address(listener: &TcpListener) -> Result<SocketAddr> {
    listener
        .local_addr()
        .map_err(|error| Failure::new(format!("cannot tell a socket's address: {}", plain(&error))))
}

/// A socket for tokio.
pub(crate) fn into_tokio(listener: TcpListener) -> Result<tokio::net::TcpListener> {
    listener
        .set_nonblocking(true)
        .and_then(|()| tokio::net::TcpListener::from_std(listener))
        .map_err(|error| Failure::new(format!("cannot use a socket: {}", plain(&error))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstreams::LOOPBACK;

    #[test]
    fn a_taken_port_is_told_or_passed_by() {
        let held = TcpListener::bind((LOOPBACK, 0)).unwrap();
        let port = held.local_addr().unwrap().port();
        let failure = listen(LOOPBACK, port, "upstream `users`", "name others").unwrap_err();
        assert_eq!(
            failure.what,
            format!("port {port} on 127.0.0.1 is taken, and upstream `users` should listen there")
        );
        assert_eq!(failure.remedy.as_deref(), Some("name others"));
        assert_ne!(
            address(&listen_near(LOOPBACK, Some(port), "x").unwrap())
                .unwrap()
                .port(),
            port
        );
        let free = free(LOOPBACK, port, "x", &[]).unwrap();
        assert_ne!(address(&free).unwrap().port(), port);
    }
}
