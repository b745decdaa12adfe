//! A body as one piece of memory, within a limit.

use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http_body::Body as _;

use super::transport::{Broken, BrokenKind};
use crate::body::{Body, BodyError};

/// The most memory set aside for a body on the word of its `content-length` alone.
const TRUSTED: u64 = 1 << 20;

/// Gathers a body; one that comes in one piece is not copied.
pub(crate) async fn gather(mut body: Body, limit: u64) -> Result<Bytes, Broken> {
    let expected = body.len();
    if expected.is_some_and(|expected| expected > limit) {
        return Err(too_large());
    }
    let Some(first) = next(&mut body).await? else {
        return Ok(Bytes::new());
    };
    if expected == Some(first.len() as u64) {
        return Ok(first);
    }
    let Some(second) = next(&mut body).await? else {
        return Ok(first);
    };
    let room = expected
        .unwrap_or(0)
        .min(TRUSTED)
        .max((first.len() + second.len()) as u64);
    let mut all = BytesMut::with_capacity(usize::try_from(room).unwrap_or_default());
    all.extend_from_slice(&first);
    all.extend_from_slice(&second);
    while let Some(more) = next(&mut body).await? {
        if (all.len() + more.len()) as u64 > limit {
            return Err(too_large());
        }
        all.extend_from_slice(&more);
    }
    Ok(all.freeze())
}

/// The next piece of data; `None` at the end.
async fn next(body: &mut Body) -> Result<Option<Bytes>, Broken> {
    loop {
        match std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
            None => return Ok(None),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data()
                    && !data.is_empty()
                {
                    return Ok(Some(data));
                }
            }
            Some(Err(error)) => return Err(broken(&error)),
        }
    }
}

fn broken(error: &BodyError) -> Broken {
    if error.is::<crate::body::TooLarge>() {
        too_large()
    } else if error.is::<crate::body::TooSlow>() {
        Broken::new(BrokenKind::Slow, &**error)
    } else {
        Broken::new(BrokenKind::Wire, &**error)
    }
}

fn too_large() -> Broken {
    Broken::new(BrokenKind::TooLarge, &crate::body::TooLarge)
}
