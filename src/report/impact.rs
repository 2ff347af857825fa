//! How many customers and users an incident concerns, and what that number rests on.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{
    account::Account,
    customers::{Concerned, Customers},
    threshold::Reached,
};
use crate::{bgp::Prefix, reference::Reference};

/// From what something was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// From every affected prefix.
    All,
    /// From the examples that an incident carries: at least so many.
    Examples,
    /// Not at all: nobody said which prefixes are whose.
    Nothing,
}

/// Users, as far as they could be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Users {
    least: u64,
    /// None where there may be any number more.
    most: Option<u64>,
}

impl Users {
    /// Counted from every affected prefix.
    #[cfg(test)]
    pub(super) const fn exactly(count: u64) -> Self {
        Users {
            least: count,
            most: Some(count),
        }
    }

    /// Counted from examples.
    #[cfg(test)]
    pub(super) const fn at_least(count: u64) -> Self {
        Users {
            least: count,
            most: None,
        }
    }

    /// Not counted.
    #[cfg(test)]
    pub(super) const fn unknown() -> Self {
        Users {
            least: 0,
            most: None,
        }
    }

    /// Whether they are at least so many.
    pub(super) const fn reach(self, threshold: u64) -> Reached {
        match self.most {
            _ if self.least >= threshold => Reached::Yes,
            Some(most) if most < threshold => Reached::No,
            _ => Reached::Unknown,
        }
    }
}

/// An affected customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Affected {
    /// Who.
    pub name: String,
    /// Their prefix, as the customers file has it.
    pub prefix: Prefix,
    /// Users behind it; none where the file does not say.
    pub users: Option<u64>,
    /// Not all of their prefix is affected, as far as was looked up.
    pub partly: bool,
    /// How they are reached.
    pub contact: Option<String>,
}

/// Our own customers among those affected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnCustomers {
    /// From what they were counted.
    pub basis: Basis,
    /// Prefixes they were looked up by.
    pub looked_up: u32,
    /// Customers, each counted once.
    pub count: u32,
    /// Their users, as the file has them.
    pub users: u64,
    /// Those among them of whose prefix only a part is affected, as far as was looked up: so many
    /// users at most.
    pub users_partly: u64,
    /// Lines of the file of whose prefix only a part is.
    pub partly: u32,
    /// Lines of the file that say nothing of users.
    pub without_users: u32,
    /// Those with the most users; only in what stays in the house and goes to the authority.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<Affected>,
}

/// Customers named at most.
const MOST_NAMES: usize = 20;

impl OwnCustomers {
    /// For the thresholds. Where only a part of a prefix is affected any of its users may be, so
    /// that they count towards the most and not the least; lines without users know no most.
    pub(super) fn as_users(&self) -> Users {
        let counted = self.basis == Basis::All && self.without_users == 0;
        Users {
            least: self.users.saturating_sub(self.users_partly),
            most: counted.then_some(self.users),
        }
    }
}

/// Every affected prefix, or what the incident carries of them; and which of the two it is. A few
/// routes fit into the examples whole.
pub(super) fn affected(account: &Account) -> (Vec<Prefix>, Basis) {
    if let Some(all) = account.affected {
        return (all.to_vec(), Basis::All);
    }
    let examples: BTreeSet<Prefix> = account.last.samples.iter().map(|one| one.prefix).collect();
    let whole =
        !examples.is_empty() && examples.len() as u64 >= u64::from(account.last.routes.total);
    let basis = if whole { Basis::All } else { Basis::Examples };
    (examples.into_iter().collect(), basis)
}

/// Looks our customers up.
pub(super) fn customers(
    prefixes: &[Prefix],
    basis: Basis,
    file: Option<&Customers>,
    named: bool,
) -> OwnCustomers {
    let Some(file) = file else {
        return OwnCustomers {
            basis: Basis::Nothing,
            looked_up: 0,
            count: 0,
            users: 0,
            users_partly: 0,
            partly: 0,
            without_users: 0,
            names: Vec::new(),
        };
    };
    let mut found = file.within_or_of(prefixes);
    let who: BTreeSet<&str> = found.iter().map(|one| one.customer.name.as_str()).collect();
    let count = who.len() as u32;
    let users = |only_partly: bool| {
        let lines = found.iter().filter(|one| one.partly || !only_partly);
        let users = lines.filter_map(|one| one.customer.users);
        users.fold(0_u64, u64::saturating_add)
    };
    let (users, users_partly) = (users(false), users(true));
    let lines =
        |which: fn(&Concerned) -> bool| found.iter().filter(|one| which(one)).count() as u32;
    let partly = lines(|one| one.partly);
    let without_users = lines(|one| one.customer.users.is_none());
    // Stable: those with as many users stay in the order of the file.
    found.sort_by_key(|one| std::cmp::Reverse(one.customer.users));
    let names = found.iter().take(if named { MOST_NAMES } else { 0 });
    OwnCustomers {
        basis,
        looked_up: prefixes.len() as u32,
        count,
        users,
        users_partly,
        partly,
        without_users,
        names: names
            .map(|Concerned { customer, partly }| Affected {
                name: customer.name.clone(),
                prefix: customer.prefix,
                users: customer.users,
                partly: *partly,
                contact: customer.contact.clone(),
            })
            .collect(),
    }
}

/// Our own address space among what is affected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnPrefixes {
    /// From what it was counted.
    pub basis: Basis,
    /// Affected prefixes that were looked up.
    pub looked_up: u32,
    /// Affected prefixes that are ours.
    pub count: u32,
    /// The first of them.
    pub prefixes: Vec<Prefix>,
}

/// Own prefixes named at most.
const MOST_PREFIXES: usize = 20;

/// Looks our own address space up.
pub(super) fn own_prefixes(
    prefixes: &[Prefix],
    basis: Basis,
    reference: &Reference,
) -> OwnPrefixes {
    if reference.own.is_empty() {
        return OwnPrefixes {
            basis: Basis::Nothing,
            looked_up: 0,
            count: 0,
            prefixes: Vec::new(),
        };
    }
    let ours: Vec<Prefix> = prefixes
        .iter()
        .copied()
        .filter(|prefix| is_ours(*prefix, reference))
        .collect();
    OwnPrefixes {
        basis,
        looked_up: prefixes.len() as u32,
        count: ours.len() as u32,
        prefixes: ours.into_iter().take(MOST_PREFIXES).collect(),
    }
}

fn is_ours(prefix: Prefix, reference: &Reference) -> bool {
    let own = &reference.own;
    match prefix {
        Prefix::V4(one) => own.find(one.network().to_bits(), one.prefix_len()),
        Prefix::V6(one) => own.find(one.network().to_bits(), one.prefix_len()),
    }
    .is_some()
}
