//! A load of requests over connections that stay open: each client asks again as soon as it is answered.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::time::{Duration, Instant};

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

/// One connection that stays open.
pub struct Client {
    stream: TcpStream,
    /// What was read beyond the last answer's end.
    rest: Vec<u8>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        Ok(Self {
            stream,
            rest: Vec::new(),
        })
    }

    pub fn ask(&mut self, request: &[u8]) -> std::io::Result<Answer> {
        self.stream.write_all(request)?;
        let end = loop {
            match self.rest.windows(4).position(|four| four == b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => self.read_more()?,
            }
        };
        let head = String::from_utf8_lossy(&self.rest[..end]).into_owned();
        let status = head
            .get(9..12)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0);
        let length: usize = head
            .lines()
            .find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse().ok())?
            })
            .unwrap_or_else(|| panic!("an answer without a length: {head}"));
        while self.rest.len() < end + length {
            self.read_more()?;
        }
        let body = self.rest[end..end + length].to_vec();
        self.rest.drain(..end + length);
        Ok(Answer { status, head, body })
    }

    fn read_more(&mut self) -> std::io::Result<()> {
        let mut part = [0; 16 * 1024];
        match self.stream.read(&mut part)? {
            0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => {
                self.rest.extend_from_slice(&part[..n]);
                Ok(())
            }
        }
    }
}

/// What came of a load.
pub struct Load {
    pub seconds: f64,
    /// Sorted.
    waits: Vec<Duration>,
}

impl Load {
    pub fn count(&self) -> usize {
        self.waits.len()
    }

    #[allow(clippy::cast_precision_loss)]
    pub fn per_second(&self) -> f64 {
        self.waits.len() as f64 / self.seconds
    }

    /// The wait that so many hundredths of the requests did not exceed, milliseconds.
    pub fn percentile(&self, hundredths: usize) -> f64 {
        let at = (self.waits.len() * hundredths / 100).min(self.waits.len().saturating_sub(1));
        self.waits
            .get(at)
            .map_or(f64::NAN, |wait| wait.as_secs_f64() * 1000.0)
    }
}

/// Lets `clients` ask for so long; `request` makes the `n`th request of a client, or ends it, and `is_right` looks at
/// each answer. A wrong answer ends the bench: its speed would mean nothing.
pub fn run(
    address: SocketAddr,
    clients: usize,
    time: Duration,
    request: impl Fn(usize, usize) -> Option<Vec<u8>> + Sync,
    is_right: impl Fn(&Answer) -> bool + Sync,
) -> Load {
    let all = Mutex::new(Vec::new());
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for client in 0..clients {
            let (all, request, is_right) = (&all, &request, &is_right);
            scope.spawn(move || {
                let mut connection = Client::connect(address).expect("a connection");
                let mut waits = Vec::new();
                for n in 0.. {
                    let Some(request) = request(client, n).filter(|_| begun.elapsed() < time)
                    else {
                        break;
                    };
                    let asked = Instant::now();
                    let answer = connection.ask(&request).expect("an answer");
                    waits.push(asked.elapsed());
                    assert!(
                        is_right(&answer),
                        "{} was answered with {}",
                        String::from_utf8_lossy(&request),
                        answer.head
                    );
                }
                all.lock().expect("no client panicked").extend(waits);
            });
        }
    });
    let seconds = begun.elapsed().as_secs_f64();
    let mut waits = all.into_inner().expect("no client panicked");
    waits.sort_unstable();
    Load { seconds, waits }
}
