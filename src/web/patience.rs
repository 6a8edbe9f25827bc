//! How long a request's body may take: whoever trickles it in does not keep a connection for hours.

use actix_web::HttpMessage;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use std::io::{Error, ErrorKind};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// The longest silence within a body.
const SILENCE: Duration = Duration::from_secs(30);
/// After so long a body must have come at [`LEAST`] on the average: a poor telephone line manages that.
const GRACE: Duration = Duration::from_mins(1);
/// Bytes a second.
const LEAST: u64 = 1024;

/// Puts the patience around the body of a request.
pub fn limit(req: &mut ServiceRequest) {
    let payload = req.take_payload();
    if !matches!(payload, Payload::None) {
        let payload = Box::pin(patient(payload));
        req.set_payload(Payload::Stream { payload });
    }
}

fn patient<S>(body: S) -> impl Stream<Item = Result<Bytes, PayloadError>>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    let begun = Instant::now();
    stream::unfold(Some((body, 0_u64)), move |state| async move {
        let (mut body, received) = state?;
        let piece = match timeout(SILENCE, body.next()).await {
            Ok(piece) => piece?,
            Err(_silence) => return Some((Err(given_up()), None)),
        };
        let Ok(bytes) = piece else {
            return Some((piece, None));
        };
        let received = received + bytes.len() as u64;
        let taken = begun.elapsed();
        if taken > GRACE && received < taken.as_secs() * LEAST {
            return Some((Err(given_up()), None));
        }
        Some((Ok(bytes), Some((body, received))))
    })
    // Whoever reads on after the end is told so again.
    .fuse()
}

fn given_up() -> PayloadError {
    Error::new(ErrorKind::TimedOut, "the body took too long").into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tokio::time::sleep;

    /// How many pieces of such a size, coming every so many seconds, are read of a hundred.
    async fn read(size: usize, every: u64) -> usize {
        let pieces = stream::iter(0..100).then(move |_| async move {
            sleep(Duration::from_secs(every)).await;
            Ok(Bytes::from(vec![b'x'; size]))
        });
        let read = patient(Box::pin(pieces)).take_while(|piece| {
            let is_whole = piece.is_ok();
            async move { is_whole }
        });
        read.count().await
    }

    #[tokio::test(start_paused = true)]
    async fn slow_is_borne_and_trickling_is_not() {
        // A telephone that sends 4 kB every three seconds, for five minutes.
        assert_eq!(read(4096, 3).await, 100);
        // A byte every ten seconds is given up after the grace.
        assert_eq!(read(1, 10).await, 6);
        assert_eq!(read(1_000_000, 31).await, 0);
    }
}
