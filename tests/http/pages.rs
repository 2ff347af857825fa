//! The pages for people.

use super::{client::get, server::shared};

fn page(path: &str) -> String {
    let answer = get(shared().at, path);
    assert_eq!(answer.status, 200, "{path}");
    let kind = answer.header("content-type");
    assert_eq!(kind, Some("text/html; charset=utf-8"));
    answer.body
}

#[test]
fn the_page_shows_what_is_open_first_and_marks_a_drill() {
    let page = page("/");
    let at = |text: &str| {
        page.find(text)
            .unwrap_or_else(|| panic!("{text} is not on the page: {page}"))
    };
    assert!(at("No incident is open") < at("A drill is being played"));
    assert!(at("A drill is being played") < at("<article"));
    assert!(at("<article") < at("<h2>Over</h2>"));
    assert!(at("<h2>Over</h2>") < at("<h2>Routers"));
    assert!(at("<h2>Routers") < at("<h2>Tables"));
    assert!(at("<h2>Tables") < at("<h2>Figures</h2>"));
    let card = &page[at("<article")..at("</article>")];
    assert!(card.contains("badge drill"), "{card}");
    assert!(card.contains("396531"), "{card}");
}

#[test]
fn the_page_says_what_is_wrong_with_the_watch_itself_and_who_is_not_reached() {
    let page = page("/");
    let at = |text: &str| {
        page.find(text)
            .unwrap_or_else(|| panic!("{text} is not on the page: {page}"))
    };
    assert!(at("No incident is open, but the watch itself is in trouble") < at("<article"));
    assert!(at("<h2>The watch itself</h2>") < at("alerts do not get through to pager: 3 wait"));
    assert!(at("<h2>Told to") < at("failing</span>"));
    assert!(at("chat</td><td><span class=\"well\">well") < at("pager</td>"));
    assert!(at("Journal: <span class=\"well\">on the disk") < at("<h2>Figures</h2>"));
    // The server's clock is so far ahead of what it was told last.
    at("the disk has not answered for 1 min 30 s</span>");
    at("&lt;b&gt;connection refused&lt;/b&gt;");
    assert!(!page.contains("<b>connection"));
}

#[test]
fn every_link_on_a_page_leads_somewhere() {
    let at = shared().at;
    let mut seen = std::collections::BTreeSet::from(["/".to_owned()]);
    let mut left = vec!["/".to_owned()];
    while let Some(path) = left.pop() {
        let answer = get(at, &path);
        assert_eq!(answer.status, 200, "{path}");
        if !answer
            .header("content-type")
            .unwrap()
            .starts_with("text/html")
        {
            continue;
        }
        for (mark, end) in [("href=\"", '"'), ("src=\"", '"')] {
            for rest in answer.body.split(mark).skip(1) {
                let link = rest.split(end).next().unwrap().replace("&amp;", "&");
                assert!(
                    link.starts_with('/'),
                    "{link}: nothing is fetched from elsewhere"
                );
                if seen.insert(link.clone()) {
                    left.push(link);
                }
            }
        }
    }
    assert!(
        seen.iter().any(|path| path.starts_with("/incidents/")),
        "{seen:?}"
    );
}

#[test]
fn an_incident_has_a_page_with_what_to_do_before_anything_else() {
    let list = get(
        shared().at,
        "/api/v1/incidents?severity=critical&drill=false",
    )
    .json();
    let id = list["incidents"][0]["id"].as_str().unwrap();
    let page = page(&format!("/incidents/{id}"));
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
    assert!(at("AS15169 (Google)") < at("What to do"));
    assert!(at("What to do") < at("Examples"));
    assert!(at("Examples") < at("Course"));
}

#[test]
fn what_strangers_wrote_is_shown_and_nothing_more() {
    let asked = "%3Cscript%3Ealert(1)%3C/script%3E%22%20onfocus%3D%22alert(2)";
    for path in ["/", &format!("/routes?prefix={asked}")] {
        let page = page(path);
        assert!(!page.contains("<script>"), "{path}");
        assert!(!page.contains("<img"), "{path}");
        assert!(!page.contains("\" onfocus"), "{path}");
        assert!(page.contains("&lt;script&gt;"), "{path}");
        assert!(!page.contains(['\u{202e}', '\u{1b}', '\0']), "{path}");
    }
}

#[test]
fn a_look_up_that_makes_no_sense_says_so_on_the_page() {
    let page = page("/routes?prefix=10.1.2.3/8");
    assert!(page.contains("did you mean 10.0.0.0/8?"), "{page}");
    assert!(page.contains("value=\"10.1.2.3/8\""), "{page}");
}
