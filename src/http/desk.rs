//! What the server looks at: copies that others publish, and a way to ask the engine.

use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot, watch};

use super::{Board, Record, Telling};
use crate::{
    alert::Quiet,
    bgp::{Prefix, Timestamp},
    engine::{Answer, Question, Snapshot},
    feed::{bmp::RouterState, intake::Realm},
    metrics::Metrics,
    reference::Reference,
    report,
};

/// Questions that may wait for the engine; what comes beyond is answered `503`.
pub const MOST_QUESTIONS: usize = 16;

/// A question on its way to the engine thread.
#[derive(Debug)]
pub struct Asked {
    /// What is asked.
    pub question: Question,
    /// Of which Internet.
    pub realm: Realm,
    /// Where the answer goes. Nobody may be waiting any more.
    pub reply: oneshot::Sender<Answer>,
}

/// Something looked up at the moment it is asked for; must not block.
pub type Provider<T> = Arc<dyn Fn() -> T + Send + Sync>;

/// BGP messages of an incident as an MRT file, by its name and whether it is a drill's; none
/// where none were kept. May wait for a disk: it is called where waiting does no harm.
pub type Slices = Arc<dyn Fn(&str, bool) -> Option<Vec<u8>> + Send + Sync>;

/// Incidents that are no longer on the board, by their name and whether they are a drill's. May
/// wait for a disk: it is called where waiting does no harm.
pub type Journal = Arc<dyn Fn(&str, bool) -> Option<Record> + Send + Sync>;

/// Every prefix that an incident ever affected, by its name and whether it is a drill's; none
/// where the engine no longer has them. Waits for the engine: it is called where waiting does no
/// harm.
pub type Affected = Arc<dyn Fn(&str, bool) -> Option<Vec<Prefix>> + Send + Sync>;

/// All that the server shows. Nothing here but [`Desk::quiet`] is the server's to change.
#[derive(Clone)]
pub struct Desk {
    /// The engine of the real routers, as it was about a second ago.
    pub live: watch::Receiver<Arc<Snapshot>>,
    /// The engine of a drill; none while none is played.
    pub drill: watch::Receiver<Option<Arc<Snapshot>>>,
    /// To the engine thread; [`MOST_QUESTIONS`] is the room it should have.
    pub questions: mpsc::Sender<Asked>,
    /// Incidents.
    pub board: Board,
    /// Who hears of what: the one thing that can be changed here.
    pub quiet: Quiet,
    /// What `/metrics` writes out, and where requests are counted.
    pub metrics: Arc<Metrics>,
    /// Routers and their sessions.
    pub routers: Provider<Vec<RouterState>>,
    /// What is configured and has not brought its table yet, a sentence each.
    pub waiting: Provider<Vec<String>>,
    /// How long ago the engine thread last said that it works.
    pub heartbeat: Provider<Duration>,
    /// What should hold, for the names and contacts beside an incident.
    pub reference: watch::Receiver<Arc<Reference>>,
    /// Whether incidents are written down and told.
    pub telling: watch::Receiver<Arc<Telling>>,
    /// Who reports on incidents, and to whom what may be shown.
    pub report: watch::Receiver<Arc<report::Settings>>,
    /// Incidents that were over so long ago that the board no longer has them.
    pub journal: Journal,
    /// Messages for the evidence on an incident.
    pub slice: Slices,
    /// Every prefix that an incident ever affected.
    pub affected: Affected,
    /// The time, by which all that is shown was stamped.
    pub clock: Provider<Timestamp>,
    /// What the clock on the wall shows: by it people say until when they want quiet. After a
    /// pause of the process the other is behind it.
    pub wall: Provider<Timestamp>,
    /// When the process began.
    pub started: Timestamp,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("board", &self.board)
            .field("started", &self.started)
            .finish_non_exhaustive()
    }
}

impl Desk {
    /// A channel for questions, of the right size.
    pub fn questions() -> (mpsc::Sender<Asked>, mpsc::Receiver<Asked>) {
        mpsc::channel(MOST_QUESTIONS)
    }
}
