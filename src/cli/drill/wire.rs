//! The BMP session that a drill is told over.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};

use super::super::{Failure, replay::now};

/// How long a daemon may take to accept, and to close after the end.
const PATIENCE: Duration = Duration::from_secs(10);
/// A daemon that reads nothing for so long has a trouble of its own.
const STUCK: Duration = Duration::from_secs(60);

/// The session.
pub(super) struct Wire {
    stream: TcpStream,
    pub(super) address: SocketAddr,
    held: Vec<u8>,
    pub(super) sent: u64,
}

impl Wire {
    /// Octets sent at a time.
    pub(super) const PORTION: usize = 64 << 10;

    pub(super) fn connect(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(|error| {
            let refused = error.kind() == io::ErrorKind::ConnectionRefused;
            let error = anyhow::Error::new(error).context(format!("connecting to {address}"));
            Failure::Input(if refused {
                anyhow!("{error:#}: is the daemon running there? `leakwatch run` starts it")
            } else {
                error
            })
        })?;
        let set = stream
            .set_nodelay(true)
            .and_then(|()| stream.set_write_timeout(Some(STUCK)));
        set.context("setting up the connection")
            .map_err(Failure::Input)?;
        Ok(Wire {
            stream,
            address,
            held: Vec::with_capacity(2 * Self::PORTION),
            sent: 0,
        })
    }

    pub(super) fn hold(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    pub(super) fn waiting(&self) -> usize {
        self.held.len()
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.held)?;
        self.sent += self.held.len() as u64;
        self.held.clear();
        Ok(())
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hold(bytes);
        self.flush()
    }

    /// Waits, and notices if the session is closed meanwhile.
    pub(super) fn wait_until(
        &mut self,
        due: Instant,
        tell: &mut dyn FnMut(),
    ) -> Result<(), Failure> {
        loop {
            let left = due.saturating_duration_since(now());
            if left.is_zero() {
                return Ok(());
            }
            tell();
            // A read that times out is the wait.
            let most = Duration::from_millis(250);
            let timeout = left.clamp(Duration::from_millis(1), most);
            let heard = self
                .stream
                .set_read_timeout(Some(timeout))
                .and_then(|()| self.stream.peek(&mut [0]));
            match heard {
                Ok(0) => return Err(self.lost(io::ErrorKind::ConnectionReset.into())),
                Ok(_) => {
                    return Err(Failure::Input(anyhow!(
                        "{} answers, as no BMP collector does: is it the port of something else?",
                        self.address
                    )));
                }
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(self.lost(error)),
            }
        }
    }

    pub(super) fn lost(&self, error: io::Error) -> Failure {
        let why = if is_timeout(&error) {
            "nothing was read there for a minute"
        } else {
            "the session was closed there; the daemon's log says why"
        };
        let what = format!("{}: {why}", self.address);
        Failure::Input(anyhow::Error::new(error).context(what))
    }

    /// Says that this was all, and waits until it is read.
    pub(super) fn close(&mut self) {
        let began = now();
        if self.stream.shutdown(std::net::Shutdown::Write).is_err() {
            return;
        }
        let _ = self.stream.set_read_timeout(Some(PATIENCE));
        let mut room = [0; 64];
        while began.elapsed() < PATIENCE && matches!(self.stream.read(&mut room), Ok(1..)) {}
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}
