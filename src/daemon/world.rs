//! One Internet and the engine that watches it.
//!
//! Real routers are one world; drills are played into another, made when the first
//! session of a drill speaks and ended with its last. They share nothing but the settings,
//! so nothing made up is ever learned.

use std::{sync::Arc, thread};

use tokio::sync::watch;

use crate::{
    bgp::{Batch, Prefix, Timestamp},
    detect,
    engine::{Answer, Engine, Limits, Question, Snapshot},
    feed::intake::Realm,
    incident::{self, Output},
    reference::Reference,
};

/// By what an engine judges.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// What should hold.
    pub reference: Reference,
    /// Thresholds.
    pub detect: detect::settings::Settings,
    /// The life of incidents.
    pub incident: incident::Settings,
    /// How much is kept.
    pub limits: Limits,
}

/// What a world has to say, in order.
pub type Said = Vec<(Realm, Output)>;

/// Both worlds.
#[derive(Debug)]
pub struct Worlds {
    rules: Rules,
    live: Engine,
    drill: Option<Engine>,
    out: Vec<Output>,
    shown: Shown,
}

/// Where snapshots are shown.
#[derive(Debug)]
pub struct Shown {
    /// That of the real routers.
    pub live: watch::Sender<Arc<Snapshot>>,
    /// That of a drill; none while none is played.
    pub drill: watch::Sender<Option<Arc<Snapshot>>>,
}

impl Worlds {
    /// Worlds without a route.
    pub fn new(rules: Rules, shown: Shown) -> Self {
        Worlds {
            live: engine(&rules),
            drill: None,
            rules,
            out: Vec::new(),
            shown,
        }
    }

    /// Applies a batch to its world.
    pub fn apply(&mut self, realm: Realm, batch: &Batch, said: &mut Said) {
        let engine = match realm {
            Realm::Live => &mut self.live,
            // The end of a drill that said nothing makes no world.
            Realm::Drill if self.drill.is_none() && batch.events.is_empty() => return,
            Realm::Drill => self
                .drill
                .get_or_insert_with(|| engine(&self.rules).drill()),
        };
        engine.apply(batch, &mut self.out);
        said.extend(self.out.drain(..).map(|output| (realm, output)));
    }

    /// Lets time pass in both.
    pub fn advance(&mut self, now: Timestamp, said: &mut Said) {
        self.live.advance(now, &mut self.out);
        said.extend(self.out.drain(..).map(|output| (Realm::Live, output)));
        if let Some(drill) = &mut self.drill {
            drill.advance(now, &mut self.out);
            said.extend(self.out.drain(..).map(|output| (Realm::Drill, output)));
        }
    }

    /// The engine of the real routers, to be given what it knew in another life.
    pub fn live(&mut self) -> &mut Engine {
        &mut self.live
    }

    /// Ends the world of drills: what is open in it is over.
    pub fn end_drill(&mut self, said: &mut Said) {
        if let Some(mut drill) = self.drill.take() {
            drill.close(&mut self.out);
            said.extend(self.out.drain(..).map(|output| (Realm::Drill, output)));
            // Giving a full table's memory back takes longer than real routers should wait.
            // Where no thread can be had, it is done here.
            let _ = thread::Builder::new().spawn(move || drop(drill));
        }
    }

    /// Judges by other rules from now on. Routes and open incidents stay.
    pub fn renew(&mut self, rules: Rules) {
        let engines = std::iter::once(&mut self.live).chain(&mut self.drill);
        for engine in engines {
            let Rules {
                reference,
                detect,
                incident,
                limits,
            } = rules.clone();
            engine.limit(limits);
            engine.renew(reference, detect, incident);
        }
        self.rules = rules;
    }

    /// Answers from a world; that of a drill is empty while none is played.
    pub fn answer(&self, realm: Realm, question: &Question) -> Answer {
        match (realm, &self.drill) {
            (Realm::Live, _) => self.live.answer(question),
            (Realm::Drill, Some(drill)) => drill.answer(question),
            (Realm::Drill, None) => Answer::default(),
        }
    }

    /// Every prefix that an incident ever affected, as far as its engine still knows.
    pub fn affected(&self, realm: Realm, id: &str) -> Option<Vec<Prefix>> {
        match realm {
            Realm::Live => self.live.affected(id),
            Realm::Drill => self.drill.as_ref()?.affected(id),
        }
    }

    /// Every open incident as it stands.
    pub fn incidents(&self) -> impl Iterator<Item = (Realm, Vec<incident::IncidentEvent>)> {
        let drill = self.drill.as_ref();
        std::iter::once((Realm::Live, self.live.incidents()))
            .chain(drill.map(|drill| (Realm::Drill, drill.incidents())))
    }

    /// Shows both as they are, and returns what was shown.
    pub fn show(&self) -> (Arc<Snapshot>, Option<Arc<Snapshot>>) {
        let live = Arc::new(self.live.snapshot());
        let drill = self.drill.as_ref().map(|drill| Arc::new(drill.snapshot()));
        self.shown.live.send_replace(Arc::clone(&live));
        if drill.is_some() || self.shown.drill.borrow().is_some() {
            self.shown.drill.send_replace(drill.clone());
        }
        (live, drill)
    }
}

fn engine(rules: &Rules) -> Engine {
    let Rules {
        reference,
        detect,
        incident,
        limits,
    } = rules.clone();
    let mut engine = Engine::new(reference, detect, incident);
    engine.limit(limits);
    engine
}
