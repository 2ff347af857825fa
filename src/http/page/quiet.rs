//! Who asked for quiet and why: beside an incident, and all of it in one list.

use std::fmt::Write as _;

use super::text::{Text, day_time};
use crate::{alert::quiet::Hush, bgp::Timestamp, http::Desk};

/// Mutes and expected changes listed.
const MOST_LINES: usize = 200;

/// Who asked for quiet about an incident, and why.
pub(super) fn hushed(out: &mut String, hush: &Hush) {
    for sentence in hush.sentences() {
        let _ = writeln!(
            out,
            "<p class=\"hush\">{} <span class=\"faint name\">{}</span></p>",
            Text(&sentence.text),
            Text(&sentence.id)
        );
    }
}

/// What was asked for and holds, or will: nobody should have to wonder why nothing is told.
pub(super) fn quiet(out: &mut String, desk: &Desk) {
    let now = (desk.wall)();
    let mutes = desk.quiet.mutes();
    let mutes = mutes.iter().filter(|one| now < one.until);
    let expected = desk.quiet.expected();
    let expected = expected.iter().filter(|one| now < one.until);
    let mut lines: Vec<(String, &str)> = Vec::new();
    lines.extend(mutes.map(|one| {
        let text = format!("{}{}", starting(one.from, now), one.line());
        (text, one.id.as_str())
    }));
    lines.extend(expected.map(|one| {
        let text = format!("{}{}", starting(one.from, now), one.sentence());
        (text, one.id.as_str())
    }));
    if lines.is_empty() {
        return;
    }
    out.push_str("<section><h2>Quiet</h2>\n<ul>\n");
    for (text, id) in lines.iter().take(MOST_LINES) {
        let _ = writeln!(
            out,
            "<li>{} <span class=\"faint name\">{}</span></li>",
            Text(text),
            Text(id)
        );
    }
    if lines.len() > MOST_LINES {
        out.push_str("<li>and <a href=\"/api/v1/mutes\">more</a></li>\n");
    }
    out.push_str("</ul></section>\n");
}

/// `From 02:00:00 on: ` where it has not begun.
fn starting(from: Timestamp, now: Timestamp) -> String {
    if from <= now {
        String::new()
    } else {
        format!("From {} on: ", day_time(from))
    }
}
