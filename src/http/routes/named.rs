//! What a mute names, compared with what there is: one that can never match would be confirmed,
//! and keep nothing quiet.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use super::blocking;
use crate::{
    alert::quiet::Matches,
    bgp::Plain,
    feed::intake::Realm,
    http::{
        Desk, Shared,
        problem::{Problem, nearest},
        show,
    },
};

/// The same with a peer's and a router's address in the place of its name, and what whoever asks
/// should know of it, a sentence each.
///
/// # Errors
/// If a sink or a peer is named that there is none of.
pub(super) async fn named(
    mut matches: Matches,
    shared: &Shared,
) -> Result<(Matches, Vec<String>), Problem> {
    let desk = &shared.desk;
    let mut notes = Vec::new();
    if let Some(name) = given(matches.sink.as_ref()) {
        let telling = Arc::clone(&desk.telling.borrow());
        let sinks: Vec<&str> = telling.sinks.iter().map(|sink| &*sink.name).collect();
        sink(name, &sinks)?;
    }
    if let Some(text) = given(matches.peer.as_ref()) {
        let sessions = sessions(desk);
        let address = peer(text, &sessions)?;
        if sessions.iter().all(|(_, other)| *other != address) {
            notes.push(format!("no session with {address} is known so far"));
        }
        matches.peer = Some(address.to_string());
    }
    if let Some(text) = given(matches.router.as_ref()) {
        match router(text, &routers(desk)) {
            Some(address) => matches.router = Some(address),
            None => notes.push(format!("no router `{}` is known so far", show(text))),
        }
    }
    if let Some(id) = given(matches.incident.as_ref()) {
        notes.extend(of_incident(id, shared).await);
    }
    Ok((matches, notes))
}

/// What is no text of one line is refused elsewhere.
fn given(text: Option<&String>) -> Option<&str> {
    let text = text?.trim();
    (!text.is_empty() && Plain(text).to_string() == text).then_some(text)
}

/// In the first second nobody has looked which sinks there are.
fn sink(name: &str, sinks: &[&str]) -> Result<(), Problem> {
    if sinks.is_empty() || sinks.contains(&name) {
        return Ok(());
    }
    let what = match nearest(name, sinks) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are `{}`", sinks.join("`, `")),
    };
    let detail = format!("`matches.sink`: no sink is called `{}`; {what}", show(name));
    Err(Problem::bad(detail).of_field("matches.sink".to_owned()))
}

/// Names and addresses of neighbours, as configured and as heard.
fn sessions(desk: &Desk) -> Vec<(String, IpAddr)> {
    let mut sessions = BTreeSet::new();
    let reference = Arc::clone(&desk.reference.borrow());
    for policy in &reference.peers {
        sessions.extend(policy.address.map(|address| (policy.name.clone(), address)));
    }
    let live = Some(Arc::clone(&desk.live.borrow()));
    let drill = desk.drill.borrow().clone();
    for snapshot in [live, drill].into_iter().flatten() {
        let views = snapshot.views.iter();
        sessions.extend(views.map(|view| (view.name.clone(), view.peer.address)));
    }
    sessions.into_iter().collect()
}

fn peer(text: &str, sessions: &[(String, IpAddr)]) -> Result<IpAddr, Problem> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let called = sessions.iter().filter(|(name, _)| name == text);
    let addresses: BTreeSet<IpAddr> = called.map(|(_, address)| *address).collect();
    let shown = show(text);
    let what = match Vec::from_iter(addresses).as_slice() {
        [address] => return Ok(*address),
        [] => {
            let names: Vec<&str> = sessions.iter().map(|(name, _)| &**name).collect();
            let near = nearest(text, &names).filter(|near| !near.is_empty());
            let near = near.map_or_else(String::new, |near| {
                format!("; did you mean `{}`?", show(near))
            });
            format!("`{shown}` is neither an address nor the name of one peer{near}")
        }
        several => {
            let several: Vec<String> = several.iter().map(ToString::to_string).collect();
            let several = several.join(", ");
            format!("`{shown}` is at {several}: mute each by its address")
        }
    };
    let detail = format!("`matches.peer`: {what}");
    Err(Problem::bad(detail).of_field("matches.peer".to_owned()))
}

/// What routers are called in incidents, and what they call themselves.
fn routers(desk: &Desk) -> Vec<(String, String)> {
    let routers = (desk.routers)().into_iter();
    let mut routers: Vec<(String, String)> = routers
        .map(|one| (one.router, one.sys_name.to_string()))
        .collect();
    let live = Arc::clone(&desk.live.borrow());
    let views = live.views.iter().map(|view| view.peer.router.to_string());
    routers.extend(views.map(|router| (router, String::new())));
    routers.sort_unstable();
    routers.dedup();
    routers
}

/// As incidents call it; none where nobody knows it.
fn router(text: &str, routers: &[(String, String)]) -> Option<String> {
    let spelled = text
        .parse::<IpAddr>()
        .map_or_else(|_| text.to_owned(), |address| address.to_string());
    if routers.iter().any(|(router, _)| *router == spelled) {
        return Some(spelled);
    }
    let mut called = routers.iter().filter(|(_, sys_name)| sys_name == text);
    match (called.next(), called.next()) {
        (Some((router, _)), None) => Some(router.clone()),
        _ => None,
    }
}

/// What is to be said of an incident or trouble that does not go on.
async fn of_incident(id: &str, shared: &Shared) -> Option<String> {
    let desk = &shared.desk;
    let shown = show(id);
    let realms = [Realm::Live, Realm::Drill];
    let records = realms.map(|realm| desk.board.incident(realm, id));
    let troubles = Arc::clone(&desk.telling.borrow());
    if troubles.troubles.iter().any(|trouble| trouble.id == id)
        || records.iter().flatten().any(|one| one.resolved.is_none())
    {
        return None;
    }
    let over = format!("`{shown}` is over; it is muted should it come back");
    if records.iter().any(Option::is_some) {
        return Some(over);
    }
    let (journal, id) = (Arc::clone(&desk.journal), id.to_owned());
    let kept = blocking(shared, move || {
        Ok(journal(&id, false).is_some() || journal(&id, true).is_some())
    });
    // Where too many wait for the disk nothing is said.
    Some(if kept.await.ok()? {
        over
    } else {
        format!(
            "no incident or trouble is called `{shown}` so far; `leakwatch incidents` lists those \
             that are"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T: std::fmt::Debug>(result: Result<T, Problem>) -> String {
        result.unwrap_err().detail().to_owned()
    }

    #[test]
    fn a_sink_that_is_not_there_is_refused_with_the_nearest_that_is() {
        let sinks = ["chat", "pager"];
        assert!(sink("pager", &sinks).is_ok());
        assert!(sink("pager", &[]).is_ok(), "nobody has looked yet");
        assert!(refused(sink("pagr", &sinks)).contains("did you mean `pager`?"));
        assert!(refused(sink("xyz", &sinks)).contains("there are `chat`, `pager`"));
    }

    #[test]
    fn a_peer_is_named_by_its_address_or_by_a_name_that_has_one() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let sessions = [
            ("transit-a".to_owned(), address("192.0.2.1")),
            ("transit-b".to_owned(), address("192.0.2.2")),
            ("transit-b".to_owned(), address("2001:db8::2")),
            (String::new(), address("192.0.2.3")),
        ];
        let is = |text: &str| peer(text, &sessions).unwrap();
        assert_eq!(is("192.0.2.9"), address("192.0.2.9"));
        assert_eq!(is("2001:DB8:0::1"), address("2001:db8::1"));
        assert_eq!(is("transit-a"), address("192.0.2.1"));
        let several = refused(peer("transit-b", &sessions));
        assert!(several.contains("192.0.2.2, 2001:db8::2"), "{several}");
        let near = refused(peer("transit-", &sessions));
        assert!(near.contains("did you mean `transit-"), "{near}");
        assert!(!refused(peer("zzz", &sessions)).contains("did you mean"));
    }

    #[test]
    fn a_router_is_named_as_incidents_name_it_or_as_it_names_itself() {
        let routers = [
            ("192.0.2.1".to_owned(), "edge1".to_owned()),
            ("2001:db8::1".to_owned(), "edge2".to_owned()),
            ("2001:db8::2".to_owned(), "edge2".to_owned()),
            ("rrc00".to_owned(), String::new()),
        ];
        let is = |text: &str| router(text, &routers);
        assert_eq!(is("edge1").as_deref(), Some("192.0.2.1"));
        assert_eq!(is("2001:DB8:0::1").as_deref(), Some("2001:db8::1"));
        assert_eq!(is("rrc00").as_deref(), Some("rrc00"));
        assert_eq!(is("edge2"), None, "which of them?");
        assert_eq!(is("192.0.2.9"), None);
    }
}
