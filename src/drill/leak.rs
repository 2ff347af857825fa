//! A leak: which prefixes, over which paths, and when they come and go.
//!
//! A leaked path is what the feed would have seen: its own way to the neighbour who
//! accepted the leak, the leaker, and the way by which the leaker had the route. Paths
//! in which an AS would meet itself do not occur: that AS would have dropped them.

use super::{
    churn::Reserved,
    feed::{Feed, Written},
    random::hash,
    recorder::{Mark, Move, Stream, What},
    selection::{Leaked, Selection, TailPath},
    stage::Stage,
    topology::{NONE, Node, Topology},
};
/// How the leaker had the routes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tail {
    /// From its peers, among them surely these.
    Peers(&'static [u32]),
    /// From this neighbour, another provider as a rule.
    Via(u32),
    /// From a provider other than the one it leaked to.
    OtherProvider,
    /// From its own customers, or its own.
    Own,
    /// It does not show: the leaker is the origin.
    Origin,
}

/// Whose routes they are once the named victims' are counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pool {
    Everyone,
    CustomersOf(u32),
    Nobody,
}

/// Routes that an account gives to one network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Victim {
    pub asn: u32,
    pub routes: u32,
    /// Of its customers, not its own.
    pub customers: bool,
}

/// The facts of one leak.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leak {
    pub offender: u32,
    /// Who accepted it; the nearest to each feed shows. None: whoever hears it.
    pub neighbours: &'static [u32],
    /// Whether a report must name the (only) neighbour.
    pub one_neighbour: bool,
    pub routes: u32,
    /// Announcements a second, from each feed.
    pub rate: u32,
    /// Hundredths of the routes that existed before and changed their path; the others
    /// are new more-specifics.
    pub changed: u32,
    pub tail: Tail,
    /// New more-specifics that an account prints.
    pub printed_prefixes: &'static [(u32, u8)],
    pub victims: &'static [Victim],
    pub pool: Pool,
    /// Paths that an account prints, from a feed to the leaker.
    pub printed_paths: &'static [&'static [u32]],
    /// Feeds that do not see it.
    pub blind: &'static [u32],
    /// How often the leaker stands in its paths.
    pub repeats: usize,
}

/// What most leaks are; each names what differs.
pub(super) const LEAK: Leak = Leak {
    offender: 0,
    neighbours: &[],
    one_neighbour: true,
    routes: 0,
    rate: 1_000,
    changed: 0,
    tail: Tail::Own,
    printed_prefixes: &[],
    victims: &[],
    pool: Pool::Everyone,
    printed_paths: &[],
    blind: &[],
    repeats: 1,
};

/// A leak worked out on a stage.
#[derive(Debug)]
pub(super) struct Staged {
    leaked: Vec<Leaked>,
    tails: Vec<TailPath>,
    /// For each feed, the path up to and including the leaker.
    approaches: Vec<Option<Vec<u32>>>,
}

/// When a staged leak happens, in microseconds since the recording began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    pub begins: u64,
    /// Between two announcements of one feed.
    pub gap: u64,
    pub retreats: u64,
    pub retreat_gap: u64,
}

impl Staged {
    pub(super) fn new(leak: &Leak, stage: &Stage, routes: u32) -> Self {
        let approaches: Vec<_> = stage
            .feeds
            .iter()
            .map(|feed| approach(leak, &stage.topology, feed))
            .collect();
        let mut selection = Selection::new(leak, stage, &approaches);
        selection.fill(routes as usize);
        let Selection {
            mut leaked, tails, ..
        } = selection;
        if let Some(first) = leaked.get_mut(leak.printed_prefixes.len()..) {
            mingle(first, stage.seed);
        }
        Staged {
            leaked,
            tails,
            approaches,
        }
    }

    /// How many distinct prefixes.
    pub(super) fn routes(&self) -> u32 {
        self.leaked.len() as u32
    }

    /// What churn has to leave alone meanwhile.
    pub(super) fn reserved(&self, schedule: &Schedule) -> Reserved {
        let mut prefixes: Vec<_> = self.leaked.iter().map(|leaked| leaked.prefix).collect();
        prefixes.sort_unstable();
        let length = schedule.retreat_gap * u64::from(self.routes());
        Reserved {
            prefixes,
            from: schedule.begins,
            until: schedule.retreats + length + 10_000_000,
        }
    }

    /// What each feed that sees it sends, from the first leaked route to the last
    /// restored one.
    pub(super) fn streams<'a>(
        &'a self,
        stage: &mut Stage,
        schedule: &Schedule,
        incident: u8,
    ) -> Vec<Box<dyn Stream + 'a>> {
        let mut streams: Vec<Box<dyn Stream + 'a>> = Vec::new();
        for (index, approach) in self.approaches.iter().enumerate() {
            let (Some(approach), Some(feed)) = (approach, stage.feeds.get_mut(index)) else {
                continue;
            };
            let written: Vec<Written> = self
                .tails
                .iter()
                .map(|tail| {
                    let mut path = approach.clone();
                    path.extend(&tail.words);
                    feed.write_path(&path)
                })
                .collect();
            // News takes a moment longer over longer paths.
            let delay = approach.len() as u64 * 350_000 + hash(stage.seed, index as u64) % 900_000;
            for (begins, gap, written) in [
                (schedule.begins, schedule.gap, Some(written)),
                (schedule.retreats, schedule.retreat_gap, None),
            ] {
                let mut burst = Burst {
                    leaked: &self.leaked,
                    tails: &self.tails,
                    written,
                    feed: index as u8,
                    incident,
                    begins: begins + delay,
                    gap,
                    next: 0,
                };
                burst.skip_unseen();
                streams.push(Box::new(burst));
            }
        }
        streams
    }
}

/// Shuffles, but keeps routes together that share a path and would share an UPDATE.
fn mingle(leaked: &mut [Leaked], seed: u64) {
    let rank = |one: &Leaked| {
        (
            hash(
                seed ^ 0x516,
                u64::from(one.tail) << 20 | u64::from(one.prefix.addr >> 16),
            ),
            one.prefix,
        )
    };
    leaked.sort_by_cached_key(rank);
}

/// The path from a feed to the leaker, if the leak gets there.
fn approach(leak: &Leak, topology: &Topology, feed: &Feed) -> Option<Vec<u32>> {
    let asn = feed.session.peer_as.0;
    if leak.blind.contains(&asn) {
        return None;
    }
    let printed = leak
        .printed_paths
        .iter()
        .find(|path| path.first() == Some(&asn));
    let mut words: Vec<u32> = if let Some(path) = printed {
        path.to_vec()
    } else {
        let mut best: Vec<Node> = Vec::new();
        let mut path = Vec::new();
        let offender = [leak.offender];
        let towards = if leak.neighbours.is_empty() {
            &offender
        } else {
            leak.neighbours
        };
        for node in towards.iter().filter_map(|asn| topology.node(*asn)) {
            if feed.tree.path(node, &mut path) && (best.is_empty() || path.len() < best.len()) {
                best.clone_from(&path);
            }
        }
        let mut words: Vec<u32> = best.iter().map(|node| topology.asn(*node).0).collect();
        if !leak.neighbours.is_empty() {
            if words.contains(&leak.offender) {
                return None;
            }
            words.push(leak.offender);
        }
        words
    };
    words.extend((1..leak.repeats).map(|_| leak.offender));
    (!words.is_empty()).then_some(words)
}

/// One feed's part of a leak or of its end.
struct Burst<'a> {
    leaked: &'a [Leaked],
    tails: &'a [TailPath],
    /// For each tail; None when the leak ends and the routes go back.
    written: Option<Vec<Written>>,
    feed: u8,
    incident: u8,
    begins: u64,
    gap: u64,
    next: usize,
}

impl Burst<'_> {
    /// Moves on to the next route that this feed hears of.
    fn skip_unseen(&mut self) {
        let seen = |one: &Leaked| {
            let tail = self.tails.get(one.tail as usize);
            tail.is_some_and(|tail| tail.seen_by >> self.feed & 1 == 1)
        };
        let rest = self.leaked.get(self.next..).unwrap_or_default();
        self.next += rest.iter().position(seen).unwrap_or(rest.len());
    }
}

impl Stream for Burst<'_> {
    fn next_at(&self) -> Option<u64> {
        (self.next < self.leaked.len()).then(|| self.begins + self.gap * self.next as u64)
    }

    fn advance(&mut self, feeds: &[Feed]) -> Option<Move> {
        let at = self.next_at()?;
        let one = self.leaked.get(self.next)?;
        self.next += 1;
        self.skip_unseen();
        let what = match &self.written {
            Some(written) => What::Announce(written.get(one.tail as usize).copied()?),
            None if one.existed && one.origin != NONE => {
                let feed = feeds.get(usize::from(self.feed))?;
                What::Announce(feed.ordinary(one.origin, &one.prefix))
            }
            None => What::Withdraw,
        };
        Some(Move {
            at,
            feed: self.feed,
            what,
            prefix: one.prefix,
            mark: match self.written {
                Some(_) => Mark::Leak(self.incident),
                None => Mark::Retreat(self.incident),
            },
        })
    }
}
