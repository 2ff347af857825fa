//! The tables that say what should hold: `[[own]]`, `[[peer]]`, `[relations]`,
//! `[lists]`, `[[contact]]`.

use std::{net::IpAddr, path::PathBuf};

use toml::de::DeValue;

use super::{
    Config,
    kinds::{Count, Kind, string},
    problem::printable,
    reader::{Context, Reader, Value, asn, flag, label, parsed},
    relations_file,
};
use crate::{
    bgp::{Afi, Asn},
    reference::{AsSet, Contact, Own, PeerPolicy, Platform, PrefixRange, Role},
};

/// Reads every `[[name]]`.
pub(super) fn each<'v, 't>(
    value: Option<&'v Value<'t>>,
    name: &str,
    context: &mut Context<'t>,
    mut read: impl FnMut(Reader<'v, 't>, &mut Context<'t>),
) {
    let Some(value) = value else { return };
    let Some(entries) = value.get_ref().as_array() else {
        let message = format!("is one table; write [[{name}]], once for each");
        context.problems.add(&value.span(), name, message);
        return;
    };
    for entry in entries {
        if let Some(reader) = Reader::open(entry, name, context) {
            read(reader, context);
        }
    }
}

/// `[[own]]`.
pub(super) fn own(config: &mut Config, mut reader: Reader, context: &mut Context) {
    let before = context.problems.count();
    let range = |value: &DeValue| parsed::<PrefixRange>(value, "a prefix such as \"192.0.2.0/24\"");
    let ranges = reader.list(context, "prefixes", range);
    let origins = reader.list(context, "origins", asn);
    let upstreams = reader.list(context, "upstreams", asn).unwrap_or_default();
    let origins = origins.or_else(|| config.reference.local_as.map(|local| vec![local]));
    let well_read = context.problems.count() == before;
    if well_read && ranges.as_ref().is_none_or(Vec::is_empty) {
        reader.wrong(context, "needs `prefixes`, at least one");
    }
    if well_read && origins.as_ref().is_none_or(Vec::is_empty) {
        let message =
            "needs `origins`: the ASes that announce these prefixes (or `local_as` at the top)";
        reader.wrong(context, message);
    }
    for range in ranges.unwrap_or_default() {
        let replaced = config.reference.own.insert(Own {
            prefix: range.prefix,
            min_len: range.min_len,
            max_len: range.max_len,
            origins: origins.clone().unwrap_or_default(),
            upstreams: upstreams.clone(),
        });
        if let Some(twice) = replaced {
            reader.wrong(context, &format!("{} is listed twice", twice.prefix));
        }
    }
    reader.finish(context);
}

/// `[[peer]]`.
pub(super) fn peer(config: &mut Config, mut reader: Reader, context: &mut Context) {
    let mut policy = PeerPolicy::default();
    let before = context.problems.count();
    if let Some(value) = reader.get("match")
        && let Some(mut wanted) = Reader::open(value, "peer.match", context)
    {
        let address = |value: &DeValue| parsed::<IpAddr>(value, "an address such as \"192.0.2.1\"");
        policy.address = wanted.read(context, "address", address);
        policy.asn = wanted.read(context, "as", asn);
        policy.router = wanted.read(context, "router", address);
        wanted.finish(context);
    }
    let all = &config.reference.peers;
    let wanted = (policy.address, policy.asn, policy.router);
    if wanted == (None, None, None) {
        if context.problems.count() == before {
            reader.wrong(
                context,
                "needs `match = { address = …, as = …, router = … }`, one of them at least",
            );
        }
    } else if all
        .iter()
        .any(|other| (other.address, other.asn, other.router) == wanted)
    {
        reader.wrong(context, "matches exactly what an earlier [[peer]] matches");
    }
    policy.name = reader.read(context, "name", label).unwrap_or_default();
    let role = |value: &DeValue| parsed::<Role>(value, "a role");
    policy.local_role = reader.read(context, "local_role", role);
    maximum_prefix(&mut policy, &mut reader, context);
    let percent = |value: &DeValue| Count(1..=100).read(value);
    policy.warning_percent = reader.read(context, "warning_percent", percent);
    policy.private = reader.read(context, "private", flag).unwrap_or_default();
    policy.allow_own_as = reader
        .read(context, "allow_own_as", flag)
        .unwrap_or_default();
    let platform = |value: &DeValue| parsed::<Platform>(value, "a platform");
    policy.platform = reader.read(context, "platform", platform);
    reader.finish(context);
    config.reference.peers.push(policy);
}

/// `maximum_prefix = N`, of the family of the peer's address, or `{ ipv4 = N, ipv6 = M }`.
fn maximum_prefix(policy: &mut PeerPolicy, reader: &mut Reader, context: &mut Context) {
    let limit = |value: &DeValue| Count(1..=u32::MAX).read(value);
    let families = match reader.get("maximum_prefix") {
        Some(value) if value.get_ref().is_table() => {
            Reader::open(value, "peer.maximum_prefix", context)
        }
        _ => None,
    };
    if let Some(mut families) = families {
        policy.maximum_prefix_ipv4 = families.read(context, "ipv4", limit);
        policy.maximum_prefix_ipv6 = families.read(context, "ipv6", limit);
        families.finish(context);
        return;
    }
    let limit = reader.read(context, "maximum_prefix", limit);
    let afi = match policy.address {
        Some(IpAddr::V6(_)) => Afi::Ipv6,
        _ => Afi::Ipv4,
    };
    match afi {
        Afi::Ipv4 => policy.maximum_prefix_ipv4 = limit,
        Afi::Ipv6 => policy.maximum_prefix_ipv6 = limit,
    }
}

/// `[relations]`.
pub(super) fn relations(config: &mut Config, mut reader: Reader, context: &mut Context) {
    let path = |value: &DeValue| {
        let text = string(value, "the path of a file")?;
        if text.is_empty() || text.contains('\0') {
            return Err("is not the path of a file".to_owned());
        }
        Ok(PathBuf::from(text))
    };
    config.relations_file = reader.read(context, "file", path);
    if let Some(file) = &config.relations_file
        && let Some(base) = &context.base_dir
    {
        let path = base.join(file);
        let read = |_: &DeValue| relations_file::read(&path);
        if let Some(relations) = reader.read(context, "file", read) {
            config.reference.relations = relations;
        }
    }
    reader.finish(context);
}

/// `[lists]`.
pub(super) fn lists(config: &mut Config, mut reader: Reader, context: &mut Context) {
    let reference = &mut config.reference;
    for (key, set) in [
        ("tier1", &mut reference.tier1),
        ("never_transit", &mut reference.never_transit),
        ("route_servers", &mut reference.route_servers),
    ] {
        if let Some(members) = reader.list(context, key, asn) {
            *set = members.into_iter().collect::<AsSet>();
        }
    }
    let group = |value: &DeValue| match value.as_array() {
        Some(group) if group.len() > 1 => {
            group.iter().map(|element| asn(element.get_ref())).collect()
        }
        _ => Err("write a group of at least two, as [64500, 64501]".to_owned()),
    };
    let groups: Option<Vec<Vec<Asn>>> = reader.list(context, "siblings", group);
    for group in groups.unwrap_or_default() {
        reference.siblings.join(group);
    }
    if let Some(communities) = reader.list(context, "blackhole_communities", community) {
        reference.blackhole_communities = communities;
    }
    reader.finish(context);
}

/// A standard community, `"65535:666"` (RFC 1997).
fn community(value: &DeValue) -> Result<u32, String> {
    let text = string(value, "a community such as \"65535:666\"")?;
    let halves = text.split_once(':').and_then(|(high, low)| {
        let high: u16 = high.parse().ok()?;
        let low: u16 = low.parse().ok()?;
        Some(u32::from(high) << 16 | u32::from(low))
    });
    halves.ok_or_else(|| {
        format!(
            "`{}` is not a standard community; write it as \"65535:666\"",
            printable(text)
        )
    })
}

/// `[[contact]]`.
pub(super) fn contact(config: &mut Config, mut reader: Reader, context: &mut Context) {
    let before = context.problems.count();
    let of = reader.read(context, "as", asn);
    let name = reader.read(context, "name", label);
    let phone = reader.read(context, "phone", label);
    let mail = reader.read(context, "mail", label);
    match (of, name) {
        (Some(of), Some(name)) => {
            let contact = Contact { name, phone, mail };
            if config.reference.contacts.insert(of, contact).is_some() {
                reader.wrong(context, &format!("{of} has two contacts"));
            }
        }
        _ if context.problems.count() == before => {
            reader.wrong(context, "needs `as` and `name`");
        }
        _ => {}
    }
    reader.finish(context);
}
