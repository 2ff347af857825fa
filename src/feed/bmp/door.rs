//! Who comes in: the allow list, how many at once, how often from one place.
//!
//! It is owned by the task that accepts, so there is no lock on it, and turning away a
//! flood costs one accept and one close each.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::Settings;

/// Connections accepted from one source in a second, once its burst is used up. A
/// router that reconnects at once after each failure comes about as often.
const RATE: f64 = 10.0;
/// Sources whose burst is remembered; a host that has connected less than it may, and
/// has no connection, needs none.
const MOST_SOURCES: usize = 4096;

/// Why a connection was closed before a byte of it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refused {
    /// Its address is not in `allow`.
    NotAllowed,
    /// It connects too often.
    TooOften,
    /// There are as many connections as there may be.
    TooMany,
    /// Its source holds as many connections as one may.
    TooManyOfSource,
}

impl Refused {
    /// All of them.
    pub const ALL: [Refused; 4] = [
        Refused::NotAllowed,
        Refused::TooOften,
        Refused::TooMany,
        Refused::TooManyOfSource,
    ];

    /// The stable name, a metric's label.
    pub const fn name(self) -> &'static str {
        match self {
            Refused::NotAllowed => "not_allowed",
            Refused::TooOften => "too_often",
            Refused::TooMany => "too_many",
            Refused::TooManyOfSource => "too_many_of_source",
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Source {
    connections: u32,
    /// How many more connections pass without waiting.
    tokens: f64,
    at: Instant,
}

/// Connections that are in, by where they come from.
#[derive(Debug)]
pub struct Door {
    sources: HashMap<IpAddr, Source, RandomState>,
    connections: u32,
    /// Connections that the system has file descriptors for.
    most: u32,
}

impl Default for Door {
    fn default() -> Self {
        Door::new(u32::MAX)
    }
}

impl Door {
    /// Nobody is in; the process may have `descriptors` open. A quarter of them, 256 at
    /// most, is left to everything else: whoever looks why no router comes in needs one.
    pub fn new(descriptors: u32) -> Self {
        Door {
            sources: HashMap::default(),
            connections: 0,
            most: descriptors - (descriptors / 4).min(256),
        }
    }

    /// Lets a connection from `address` in, or says why not. Each that was let in leaves
    /// by [`Door::leave`].
    ///
    /// # Errors
    /// If it must be closed.
    pub fn enter(
        &mut self,
        address: IpAddr,
        settings: &Settings,
        now: Instant,
    ) -> Result<(), Refused> {
        if !settings.allows(address) {
            return Err(Refused::NotAllowed);
        }
        if self.connections >= settings.most_connections().min(self.most) {
            return Err(Refused::TooMany);
        }
        let most = settings.most_at_one_address();
        let key = source(address);
        if !self.sources.contains_key(&key) {
            self.make_room(f64::from(most), now)?;
        }
        let source = self.sources.entry(key).or_insert(Source {
            connections: 0,
            tokens: f64::from(most),
            at: now,
        });
        source.refill(f64::from(most), now);
        // A reboot doubles a router's connections for a while, as in `most_connections`.
        if source.connections >= most.saturating_mul(2) {
            return Err(Refused::TooManyOfSource);
        }
        if source.tokens < 1.0 {
            return Err(Refused::TooOften);
        }
        source.tokens -= 1.0;
        source.connections += 1;
        self.connections += 1;
        Ok(())
    }

    /// A connection from `address` is closed.
    pub fn leave(&mut self, address: IpAddr) {
        self.connections = self.connections.saturating_sub(1);
        if let Some(source) = self.sources.get_mut(&source(address)) {
            source.connections = source.connections.saturating_sub(1);
        }
    }

    /// Connections that are in.
    pub fn connections(&self) -> u32 {
        self.connections
    }

    /// Forgets sources that nothing is known against once there are too many.
    fn make_room(&mut self, burst: f64, now: Instant) -> Result<(), Refused> {
        if self.sources.len() < MOST_SOURCES {
            return Ok(());
        }
        self.sources.retain(|_, source| {
            source.refill(burst, now);
            source.connections > 0 || source.tokens < burst
        });
        if self.sources.len() < MOST_SOURCES {
            Ok(())
        } else {
            Err(Refused::TooOften)
        }
    }
}

impl Source {
    fn refill(&mut self, burst: f64, now: Instant) {
        let passed = now.saturating_duration_since(self.at).min(HOUR);
        self.tokens = RATE.mul_add(passed.as_secs_f64(), self.tokens).min(burst);
        self.at = now;
    }
}

const HOUR: Duration = Duration::from_secs(3600);

/// Hosts have one IPv4 address, but as many IPv6 addresses as fit into their network.
fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::disallowed_methods, reason = "a test's time begins somewhere")]
    fn start() -> Instant {
        Instant::now()
    }

    fn settings(most_routers: u32) -> Settings {
        Settings {
            most_routers,
            allow: vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()],
            ..Settings::default()
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn five_hundred_routers_behind_one_address_come_in_at_once() {
        let (mut door, settings, now) = (Door::default(), settings(1000), start());
        for _ in 0..500 {
            assert_eq!(door.enter(ip("192.0.2.1"), &settings, now), Ok(()));
        }
        assert_eq!(door.connections(), 500);
    }

    #[test]
    fn a_flood_from_one_source_is_held_to_a_rate_and_others_come_in() {
        let (mut door, settings, mut now) = (Door::default(), settings(100), start());
        let mut entered = 0;
        for step in 0..100_000_u32 {
            now += Duration::from_micros(100);
            if door.enter(ip("192.0.2.1"), &settings, now).is_ok() {
                entered += 1;
                door.leave(ip("192.0.2.1"));
            }
            if step % 10_000 == 0 {
                assert_eq!(door.enter(ip("192.0.2.2"), &settings, now), Ok(()));
            }
        }
        // The burst of 75, and ten a second for ten seconds.
        assert!((170..=180).contains(&entered), "{entered}");
        assert_eq!(
            door.enter(ip("192.0.2.1"), &settings, now),
            Err(Refused::TooOften)
        );
    }

    #[test]
    fn one_source_cannot_hold_every_connection() {
        let (mut door, settings, mut now) = (Door::default(), settings(100), start());
        let mut refused = None;
        for _ in 0..1000 {
            now += Duration::from_secs(1);
            if let Err(reason) = door.enter(ip("192.0.2.1"), &settings, now) {
                refused = Some(reason);
                break;
            }
        }
        assert_eq!(refused, Some(Refused::TooManyOfSource));
        assert_eq!(
            (door.connections(), settings.most_connections()),
            (150, 200)
        );
        for last in 1..=50 {
            let other = IpAddr::from([198, 51, 100, last]);
            assert_eq!(door.enter(other, &settings, now), Ok(()));
        }
        assert_eq!(
            door.enter(ip("203.0.113.1"), &settings, now),
            Err(Refused::TooMany)
        );
        door.leave(ip("192.0.2.1"));
        assert_eq!(door.enter(ip("203.0.113.1"), &settings, now), Ok(()));
    }

    #[test]
    fn file_descriptors_are_left_for_everything_else() {
        let settings = settings(1000);
        for (descriptors, most) in [(48, 36), (1024, 768), (u32::MAX, 1500)] {
            let (mut door, now) = (Door::new(descriptors), start());
            let mut entered = 0;
            for number in 0..4000_u32 {
                let address = IpAddr::from((0x0a00_0000 + number % 2 * 256).to_be_bytes());
                entered += u32::from(door.enter(address, &settings, now).is_ok());
            }
            assert_eq!(entered, most, "{descriptors}");
        }
    }

    #[test]
    fn a_host_with_a_network_of_addresses_is_one_source_and_sources_are_bounded() {
        let (mut door, settings, now) = (Door::default(), settings(4), start());
        let mut entered = 0;
        for host in 0..100_u128 {
            let address = IpAddr::from((0x2001_0db8_u128 << 96 | host).to_be_bytes());
            entered += u32::from(door.enter(address, &settings, now).is_ok());
            door.leave(address);
        }
        assert_eq!(entered, 3);
        for net in 0..20_000_u32 {
            let address = IpAddr::from([10, 0, (net >> 8) as u8, net as u8]);
            if door.enter(address, &settings, now).is_ok() {
                door.leave(address);
            }
        }
        assert_eq!(door.sources.len(), MOST_SOURCES);
        let later = now + Duration::from_secs(60);
        assert_eq!(door.enter(ip("203.0.113.1"), &settings, later), Ok(()));
        assert_eq!(door.sources.len(), 1);
    }
}
