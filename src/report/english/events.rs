//! What happened and what it does, in English.

use crate::{
    incident::Kind,
    report::words::{Effects, effects},
};

/// A sort of event.
pub(super) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Leak => "route leak (RFC 7908)",
        Kind::MoreSpecific => "more-specifics nobody had announced before",
        Kind::Origin => "prefixes announced by another network than before",
        Kind::Path => "AS paths longer than any need",
        Kind::Specific => "prefixes too specific for the global table",
        Kind::Bogon => "special-purpose prefixes or AS numbers",
        Kind::OwnPrefix => "our own prefixes announced otherwise than they should be",
        Kind::Visibility => "our own prefixes gone from most tables",
        Kind::Surge => "far more changes than usual",
        Kind::Withdrawal => "many withdrawals with the session up",
        Kind::MaximumPrefix => "close to a limit on the number of routes",
    }
}

/// What it may do to others, as far as routes tell.
pub(super) const fn effect(kind: Kind) -> &'static str {
    match kind {
        Kind::Leak | Kind::MoreSpecific => {
            "wherever the leaked routes were accepted, traffic to the affected prefixes may \
             have been led astray, delayed or lost"
        }
        Kind::Origin | Kind::OwnPrefix => {
            "wherever the routes were accepted, traffic to the affected prefixes may have gone \
             to another network"
        }
        Kind::Path => "some routers reset sessions over such paths; nothing is known of traffic",
        Kind::Specific | Kind::Bogon => {
            "routers may carry more than they should; nothing is known of traffic"
        }
        Kind::Visibility => "traffic to our prefixes may not arrive",
        Kind::Surge | Kind::Withdrawal => {
            "some destinations may be out of reach or reached on other ways"
        }
        Kind::MaximumPrefix => "none yet; a limit that is passed takes the session down",
    }
}

/// What it may do to our users.
pub(super) const fn effect_on_users(kind: Kind) -> &'static str {
    match effects(kind) {
        Effects::Unknown => "nothing is known of an effect on them",
        Effects::NoneYet => "no effect on them is known",
        Effects::Possible => {
            "access to the affected destinations may be, or have been, slow or impossible; \
             how many users noticed, routes do not tell"
        }
    }
}

/// What it may do to them, as customers are told.
pub(super) const fn effect_on_customers(kind: Kind, over: bool) -> &'static str {
    match (effects(kind), over) {
        (Effects::Unknown | Effects::NoneYet, _) => "No effect on access to the Internet is known.",
        (Effects::Possible, false) => {
            "Some destinations on the Internet may be slow or out of reach from and to our \
             network."
        }
        (Effects::Possible, true) => {
            "Some destinations on the Internet may have been slow or out of reach from and to \
             our network."
        }
    }
}
