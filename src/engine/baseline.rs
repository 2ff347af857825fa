//! What was learned in weeks, written down in pages and learned again at the next start:
//! which prefixes there were within the history, which origins they belong to, how busy each
//! view is and how it grows.
//!
//! Routes are not in it: the routers send those again, and with them all that follows from
//! the routes at hand, such as what each AS edge carries.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::Engine;
use crate::{
    bgp::{
        Asn, Timestamp,
        compact::{Reader, Unreadable, Writer},
    },
    detect::{Phase, maximum_prefix::Growth},
    incident::kept::{read_view, write_view},
    rib::{Family, Rib, ViewId, ViewKey, seconds},
};

/// The version of the octets.
const VERSION: u8 = 1;
/// Rows looked at for a page: a few milliseconds.
const PAGE: u32 = 65_536;
/// Views in a page.
const VIEWS: usize = 4096;

/// How far a baseline is written.
#[derive(Clone, Copy, Debug)]
pub struct Writing {
    began: Timestamp,
    number: u32,
    part: Part,
}

impl Writing {
    /// The time that it is of: what came later is not in it, or not all of it.
    pub fn time(&self) -> Timestamp {
        self.began
    }
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Views(usize),
    Ipv4(u32),
    Ipv6(u32),
    End,
    Over,
}

impl Part {
    fn kind(self) -> u8 {
        match self {
            Part::Views(_) => 0,
            Part::Ipv4(_) => 1,
            Part::Ipv6(_) => 2,
            Part::End | Part::Over => 3,
        }
    }
}

/// Why a page was not learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotLearned {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(Unreadable),
    /// A page before it is missing, or it is of another baseline.
    #[error("a page before it is missing")]
    Order,
    /// There are as many prefixes as may be.
    #[error("it has more prefixes than may be kept")]
    Full,
}

/// What is known of the baseline that was learned.
#[derive(Debug, Default)]
pub(super) struct Learned {
    began: Timestamp,
    next: u32,
    /// Every page of it was learned.
    whole: bool,
    broken: bool,
    /// Prefixes remembered by it.
    pub rows: usize,
    views: HashMap<ViewKey, LearnedView, RandomState>,
    /// Most routes of one view on which policy findings stood, by who was behind them.
    standing: HashMap<u32, u32, RandomState>,
}

impl Learned {
    /// What was learned of a view that is met for the first time since.
    pub fn take(&mut self, key: &ViewKey) -> Option<LearnedView> {
        self.views.remove(key)
    }

    /// It is not compared with.
    pub fn distrust(&mut self) {
        self.whole = false;
    }

    /// Views that had a whole table then and were not met since.
    pub fn awaited(&self) -> usize {
        self.views.values().filter(|view| view.whole).count()
    }

    /// When it was written, if every page of it was learned.
    pub fn whole(&self) -> Option<Timestamp> {
        self.whole.then_some(self.began)
    }

    /// Routes on which policy findings stood in some view, with `asn` behind them.
    pub fn standing(&self, asn: Asn) -> u32 {
        self.standing.get(&asn.0).copied().unwrap_or(0)
    }
}

/// What was learned of a view.
#[derive(Clone, Copy, Debug)]
pub(super) struct LearnedView {
    /// Its table was whole when this was written.
    pub whole: bool,
    /// Its busiest minute by stream, per second.
    pub busiest: [f64; 4],
    /// How it grew.
    pub growth: Growth,
}

impl Engine {
    /// Begins to write down what was learned.
    pub fn begin_baseline(&self) -> Writing {
        Writing {
            began: self.now,
            number: 0,
            part: Part::Views(0),
        }
    }

    /// The next page; none when all are written. One takes a few milliseconds; batches may be
    /// applied between two.
    pub fn baseline(&self, writing: &mut Writing) -> Option<Vec<u8>> {
        let mut out = Writer::new(VERSION);
        out.time(writing.began);
        out.number(u64::from(writing.number));
        out.octet(writing.part.kind());
        writing.number += 1;
        writing.part = match writing.part {
            Part::Views(from) => self.write_views(from, &mut out),
            Part::Ipv4(from) => match write_rows::<u32>(&self.rib, from, writing.began, &mut out) {
                Some(next) => Part::Ipv4(next),
                None => Part::Ipv6(0),
            },
            Part::Ipv6(from) => {
                match write_rows::<u128>(&self.rib, from, writing.began, &mut out) {
                    Some(next) => Part::Ipv6(next),
                    None => Part::End,
                }
            }
            Part::End => Part::Over,
            Part::Over => return None,
        };
        Some(out.finish())
    }

    fn write_views(&self, from: usize, out: &mut Writer) -> Part {
        if from == 0 {
            let standing = self.folder.ledger.most_standing();
            out.real(self.folder.ambient());
            out.number(standing.len() as u64);
            for (asn, count) in standing {
                out.number(u64::from(asn));
                out.number(u64::from(count));
            }
        }
        let all: Vec<(ViewId, &ViewKey)> = self.rib.views().skip(from).take(VIEWS).collect();
        out.number(all.len() as u64);
        for (view, key) in &all {
            write_view(out, key);
            let state = self.views.get(view.index());
            let whole = state.is_some_and(|state| {
                state.gate.phase == Phase::Live && state.gate.had_table && state.lost.is_none()
            });
            out.flag(whole);
            let busiest = state.map(|state| state.streams.busiest());
            for rate in busiest.unwrap_or_default() {
                out.real(rate);
            }
            let days = state.map(|state| state.growth.days()).unwrap_or_default();
            out.number(days.len() as u64);
            for (day, routes) in days {
                out.number(u64::from(*day));
                out.number(u64::from(*routes));
            }
        }
        if all.len() == VIEWS {
            Part::Views(from + VIEWS)
        } else {
            Part::Ipv4(0)
        }
    }

    /// Learns a page of a baseline, in the order in which they were written. Call it before
    /// [`Engine::restore`] and before anything is fed.
    ///
    /// # Errors
    /// Nothing of this page was learned, or not all; those before it stay.
    pub fn learn(&mut self, page: &[u8]) -> Result<(), NotLearned> {
        let result = self.learn_page(page);
        self.learned.broken |= result.is_err();
        result
    }

    fn learn_page(&mut self, page: &[u8]) -> Result<(), NotLearned> {
        let mut input = Reader::open(page, VERSION).map_err(NotLearned::Unreadable)?;
        let damaged = NotLearned::Unreadable(Unreadable::Damaged);
        let (began, number, kind) =
            (|| Some((input.time()?, input.small()?, input.octet()?)))().ok_or(damaged)?;
        if self.learned.next == 0 && number == 0 {
            self.learned.began = began;
        }
        if number != self.learned.next || began != self.learned.began {
            return Err(NotLearned::Order);
        }
        self.learned.next += 1;
        self.resume(began);
        match kind {
            0 => self.learn_views(number, input).ok_or(damaged),
            1 => self.learn_rows::<u32>(began, input),
            2 => self.learn_rows::<u128>(began, input),
            3 => {
                self.learned.whole = !self.learned.broken;
                input.end().ok_or(damaged)
            }
            _ => Err(damaged),
        }
    }

    fn learn_views(&mut self, number: u32, mut input: Reader<'_>) -> Option<()> {
        if number == 0 {
            self.folder.learn_ambient_of(input.real()?);
            for _ in 0..input.count(2)? {
                let (asn, count) = (input.small()?, input.small()?);
                self.learned.standing.insert(asn, count);
            }
        }
        for _ in 0..input.count(40)? {
            let names = &mut self.names;
            let key = read_view(&mut input, &mut |name| names.lasting(name))?;
            let whole = input.flag()?;
            let mut busiest = [0.0_f64; 4];
            for rate in &mut busiest {
                *rate = input.real()?.clamp(0.0, 1e9);
            }
            let mut growth = Growth::default();
            for _ in 0..input.count(2)? {
                growth.learn(input.small()?, input.small()?);
            }
            let view = LearnedView {
                whole,
                busiest,
                growth,
            };
            self.learned.views.insert(key, view);
        }
        input.end()
    }

    fn learn_rows<A: Family>(
        &mut self,
        began: Timestamp,
        mut input: Reader<'_>,
    ) -> Result<(), NotLearned>
    where
        (A, u8): prefix_trie::Prefix,
    {
        let damaged = NotLearned::Unreadable(Unreadable::Damaged);
        // Half of the room stays for what is there.
        let room = (self.limits.prefixes / 2).saturating_sub(self.rib.known());
        let count = input.count(3).ok_or(damaged)?;
        let began = seconds(began);
        let mut origin = 0_u32;
        let table = A::table_mut(&mut self.rib);
        for _ in 0..count.min(room) {
            learn_row(table, began, &mut origin, &mut input).ok_or(damaged)?;
        }
        self.learned.rows += count.min(room);
        if count > room {
            return Err(NotLearned::Full);
        }
        input.end().ok_or(damaged)
    }
}

/// Writes rows from a place on; where to go on, none at the end.
fn write_rows<A: Family>(
    rib: &Rib<crate::detect::Verdict>,
    from: u32,
    began: Timestamp,
    out: &mut Writer,
) -> Option<u32>
where
    (A, u8): prefix_trie::Prefix,
{
    let table = rib.table::<A>();
    let end = from.saturating_add(PAGE).min(table.rows() as u32);
    let known = || (from..end).filter_map(|row| table.history(row));
    out.number(known().count() as u64);
    let began = seconds(began);
    let mut last = 0_u32;
    for one in known() {
        let held = one.left.is_none();
        let more = !one.more.is_empty();
        out.number(u64::from(one.nlri.len) << 2 | u64::from(more) << 1 | u64::from(held));
        out.distance(&one.nlri);
        if let Some(left) = one.left {
            out.number(u64::from(began.saturating_sub(left)));
        }
        // Neighbouring prefixes often have one origin.
        let step = i64::from(one.origin) - i64::from(last);
        last = one.origin;
        out.number((step << 1 ^ step >> 63) as u64);
        if more {
            out.number(one.more.len() as u64);
            for (asn, since) in one.more {
                out.number(u64::from(*asn));
                out.number(u64::from(*since));
            }
        }
    }
    (end < table.rows() as u32).then_some(end)
}

fn learn_row<A: Family>(
    table: &mut crate::rib::Table<A>,
    began: u32,
    origin: &mut u32,
    input: &mut Reader<'_>,
) -> Option<()>
where
    (A, u8): prefix_trie::Prefix,
{
    let head = input.small()?;
    let nlri = input.distance::<A>(u8::try_from(head >> 2).ok()?)?;
    let left = if head & 1 == 0 {
        began.saturating_sub(input.small()?).max(1)
    } else {
        began
    };
    let step = input.number()?;
    let step = (step >> 1) as i64 ^ -((step & 1) as i64);
    *origin = u32::try_from(i64::from(*origin).checked_add(step)?).ok()?;
    let row = table.remember(nlri, left);
    if *origin != 0 {
        table.learn_origin(row, Asn(*origin), 0);
    }
    if head & 2 != 0 {
        for _ in 0..input.count(2)? {
            table.learn_origin(row, Asn(input.small()?), input.small()?);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests;
