//! What an incident does: to routes, to others, and to our own customers.

use super::figures::thousands;
use crate::{
    incident::report::grouped,
    report::{
        document::{Block, Facts as Gathered, Table},
        impact::{Basis, OwnCustomers, OwnPrefixes},
        request::Audience,
        value::{Facts, Whose},
        words::Words,
    },
};

/// Networks named in the table of whose routes they are.
const MOST_WHOSE: usize = 10;

pub(super) fn impact(words: &dyn Words, facts: &Facts, audience: Audience) -> Vec<Block> {
    let labels = words.labels();
    let mut gathered = Gathered::default();
    if audience == Audience::Authority {
        gathered.add(labels.service_concerned, labels.fill_in);
        gathered.add(labels.area, labels.fill_in);
    }
    let mut routes = words.routes(facts.routes);
    if facts.covers > 0 {
        routes += &words.within(facts.covers);
    }
    gathered.add(labels.routes, routes);
    if facts.origins > 0 {
        let listed = facts.whose.len().min(MOST_WHOSE) as u32;
        let listed = (1..facts.origins).contains(&listed).then_some(listed);
        gathered.add(labels.networks, words.origins(facts.origins, listed));
    }
    gathered.add(labels.own_prefixes, own_prefixes(words, facts));
    gathered.add(labels.customers, customers(words, facts));
    gathered.add(labels.other_operators, words.effect(facts.kind));
    gathered.add(labels.users, words.effect_on_users(facts.kind));
    let mut blocks = vec![gathered.block()];
    if !facts.whose.is_empty() {
        blocks.push(whose(words, &facts.whose));
    }
    if audience == Audience::Authority && !facts.customers.names.is_empty() {
        blocks.push(customer_names(words, &facts.customers));
    }
    blocks
}

fn whose(words: &dyn Words, whose: &[Whose]) -> Block {
    let rows = whose.iter().take(MOST_WHOSE).map(|one| {
        vec![
            one.network.asn.to_string(),
            one.network.name.clone().unwrap_or_default(),
            grouped(one.routes),
        ]
    });
    let head = words.labels().networks_head;
    Block::Table(Table {
        head: head.map(str::to_owned).to_vec(),
        rows: rows.collect(),
        numbers: vec![false, false, true],
    })
}

fn customer_names(words: &dyn Words, customers: &OwnCustomers) -> Block {
    let labels = words.labels();
    let rows = customers.names.iter().map(|one| {
        let users = one.users.map(thousands);
        let mut prefix = one.prefix.to_string();
        if one.partly {
            prefix += labels.in_part;
        }
        vec![
            one.name.clone(),
            prefix,
            users.unwrap_or_else(|| labels.users_unknown.to_owned()),
        ]
    });
    Block::Table(Table {
        head: labels.customers_head.map(str::to_owned).to_vec(),
        rows: rows.collect(),
        numbers: vec![false, false, true],
    })
}

/// How many of the affected prefixes a number was counted from.
fn rests_on(words: &dyn Words, basis: Basis, looked_up: u32, facts: &Facts) -> String {
    match basis {
        Basis::All => words.labels().looked_up_all.to_owned(),
        _ => words.looked_up(looked_up, facts.routes.total),
    }
}

/// What stands before a number that only examples were counted for.
fn least(words: &dyn Words, basis: Basis) -> &'static str {
    match basis {
        Basis::Examples => words.labels().at_least,
        _ => "",
    }
}

fn own_prefixes(words: &dyn Words, facts: &Facts) -> String {
    let labels = words.labels();
    let OwnPrefixes {
        basis,
        looked_up,
        count,
        prefixes,
    } = &facts.own_prefixes;
    match (basis, count) {
        (Basis::Nothing, _) => labels.own_prefixes_unknown.to_owned(),
        (Basis::All, 0) => labels.none.to_owned(),
        (_, 0) => words.none_found(*basis, &rests_on(words, *basis, *looked_up, facts)),
        (_, count) => {
            let shown: Vec<String> = prefixes.iter().map(ToString::to_string).collect();
            let cut = shown.len() < *count as usize;
            [
                least(words, *basis),
                &words.own_prefixes(*count),
                labels.colon,
                &shown.join(labels.comma),
                if cut { labels.and_more } else { "" },
            ]
            .concat()
        }
    }
}

fn customers(words: &dyn Words, facts: &Facts) -> String {
    let customers = &facts.customers;
    let basis = customers.basis;
    if basis == Basis::Nothing {
        return words.labels().customers_unknown.to_owned();
    }
    let rests = rests_on(words, basis, customers.looked_up, facts);
    if customers.count == 0 {
        return words.none_found(basis, &rests);
    }
    let (count, users) = (customers.count, customers.users);
    let mut text = if customers.partly > 0 {
        // Perhaps fewer than the file has for these prefixes, perhaps more elsewhere.
        words.customers_partly(count, users, &rests)
    } else {
        least(words, basis).to_owned() + &words.customers(count, users, &rests)
    };
    if customers.without_users > 0 {
        text += &words.without_users(customers.without_users);
    }
    text
}
