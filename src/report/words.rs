//! What a language has to say, and nothing of where it stands in a report.
//!
//! A new language is a file with an implementation of [`Words`]. What remains is to tell of it:
//! by name in [`Language`], in [`of`], and with a template of what customers are told.

use super::{
    cause::Cause,
    english::English,
    impact::Basis,
    japanese::Japanese,
    labels::Labels,
    request::Language,
    settings::Settings,
    template::Template,
    threshold::Reached,
    value::{Facts, Network, Report, Session},
    zone::Zone,
};
use crate::incident::{Kind, Severity, Step, report::Routes};

/// The words of a language. Times and durations are told already where they are handed over;
/// numbers are not, for some languages bend their words by them.
pub(super) trait Words {
    /// Words that stand by themselves.
    fn labels(&self) -> &'static Labels;
    /// What customers are told.
    fn template<'s>(&self, settings: &'s Settings) -> &'s Template;

    /// A sort of event.
    fn kind(&self, kind: Kind) -> &'static str;
    /// What it may do to others, as far as routes tell.
    fn effect(&self, kind: Kind) -> &'static str;
    /// What it may do to our users; no more than [`Words::effect`] lets it.
    fn effect_on_users(&self, kind: Kind) -> &'static str;
    /// The same as a sentence for customers, while it goes on or afterwards.
    fn effect_on_customers(&self, kind: Kind, over: bool) -> &'static str;
    /// How bad.
    fn severity(&self, severity: Severity) -> &'static str;
    /// A step of an incident.
    fn step(&self, step: Step) -> &'static str;
    /// A cause.
    fn cause(&self, cause: Cause) -> &'static str;
    /// Whether a threshold is reached.
    fn reached(&self, reached: Reached) -> &'static str;
    /// Whether there is a reason to look closer.
    fn look_closer(&self, reached: Reached) -> &'static str {
        self.reached(reached)
    }
    /// A service by the name that thresholds give it; one that is not known is called just so.
    fn service<'n>(&self, name: &'n str) -> &'n str;
    /// A network.
    fn name(&self, network: &Network) -> String;
    /// A day, up to where a time of day follows.
    fn date(&self, day: &jiff::Zoned) -> String;

    /// What the report is and about what.
    fn title(&self, report: &Report, facts: &Facts) -> String;
    /// Which of the reports it is.
    fn which(&self, report: &Report) -> String;

    /// When it began.
    fn began(&self, moment: &str) -> String;
    /// When it ended.
    fn ended(&self, moment: &str) -> String;
    /// How long it lasted.
    fn lasted(&self, duration: &str) -> String;
    /// How long it has gone on.
    fn lasts(&self, duration: &str) -> String;

    /// Where it is seen.
    fn session(&self, session: &Session) -> String;
    /// One sentence on what happened.
    fn happened(&self, facts: &Facts) -> String;
    /// A sentence: it is over.
    fn over(&self, moment: &str) -> String;
    /// A sentence: it goes on with so many routes.
    fn goes_on(&self, active: u32) -> String;

    /// How many routes.
    fn routes(&self, routes: Routes) -> String;
    /// What follows: within how many that stood before.
    fn within(&self, covers: u32) -> String;
    /// How many networks' prefixes they are, and how many the table below lists where those are
    /// not all.
    fn origins(&self, count: u32, listed: Option<u32>) -> String;
    /// What a number rests on: some of the affected prefixes.
    fn looked_up(&self, some: u32, of_all: u32) -> String;
    /// Nothing of ours so far, and what that rests on.
    fn none_found(&self, basis: Basis, rests: &str) -> String;
    /// How many prefixes are ours.
    fn own_prefixes(&self, count: u32) -> String;
    /// How many customers and users, and what that rests on.
    fn customers(&self, count: u32, users: u64, rests: &str) -> String;
    /// The same where of some of their prefixes only a part is affected.
    fn customers_partly(&self, count: u32, users: u64, rests: &str) -> String;
    /// What follows: of how many the users are not known.
    fn without_users(&self, count: u32) -> String;

    /// What to do while it goes on.
    fn set_filter(&self, filter: &str) -> String;
    /// What to do afterwards.
    fn lift_filter(&self, filter: &str) -> String;

    /// The cause as the operator states it.
    fn stated(&self, cause: &str) -> String;
    /// The cause as routes let it seem.
    fn presumed(&self, cause: &str) -> String;
    /// How sure, in per cent.
    fn how_sure(&self, percent: u32) -> String;
    /// What speaks for it.
    fn evidence(&self, facts: &Facts) -> Vec<String>;

    /// A duration that is asked for.
    fn so_long(&self, duration: &str) -> String;
    /// A number of users that is asked for.
    fn so_many(&self, users: u64) -> String;
    /// Whether the quarterly report covers it, and from where it does.
    fn quarterly(&self, reached: Reached, duration: &str, users: u32) -> String;
    /// What is due if it is a major accident: a report at once, and a detailed one by then.
    fn due(&self, moment: &str) -> String;

    /// Over a column of times.
    fn time_in(&self, zone: &Zone) -> String;
    /// A sentence: so many steps are left out.
    fn omitted(&self, steps: u32) -> String;
}

/// What a sort of event does to users, as far as routes tell.
pub(super) enum Effects {
    /// It leads or keeps their traffic elsewhere.
    Possible,
    /// It burdens routers; what that does to traffic, nobody knows.
    Unknown,
    /// It may come to something, and has not yet.
    NoneYet,
}

/// Which of these.
pub(super) const fn effects(kind: Kind) -> Effects {
    match kind {
        Kind::Leak
        | Kind::MoreSpecific
        | Kind::Origin
        | Kind::OwnPrefix
        | Kind::Visibility
        | Kind::Surge
        | Kind::Withdrawal => Effects::Possible,
        Kind::Path | Kind::Specific | Kind::Bogon => Effects::Unknown,
        Kind::MaximumPrefix => Effects::NoneYet,
    }
}

/// A language's.
pub(super) const fn of(language: Language) -> &'static dyn Words {
    match language {
        Language::English => &English,
        Language::Japanese => &Japanese,
    }
}
