//! The pages for people: written whole by the server, so that they can be read without
//! scripts; the one script there is fetches the same page again and swaps it in.
//!
//! What is open stands first, then what feeds it, then figures. It must be readable at
//! three in the morning on a telephone.

mod incident;
mod lookup;
mod overview;
mod quiet;
mod telling;
mod text;

pub(super) use incident::incident;
pub(super) use lookup::lookup;
pub(super) use overview::overview;

use std::fmt::Write as _;

use text::Text;

use super::Desk;

/// The one style sheet.
pub(super) const STYLE: &str = include_str!("status.css");
/// The one script.
pub(super) const SCRIPT: &str = include_str!("status.js");
/// The icon.
pub(super) const ICON: &str = include_str!("icon.svg");

/// A page with its frame around `main`.
fn page(desk: &Desk, title: &str, main: &str) -> String {
    let mut out = String::with_capacity(main.len() + 2048);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <noscript><meta http-equiv=\"refresh\" content=\"15\"></noscript>\n\
         <link rel=\"icon\" href=\"/icon.svg\">\n\
         <link rel=\"stylesheet\" href=\"/status.css\">\n\
         <script src=\"/status.js\" defer></script>\n</head>\n<body>\n\
         <header><a href=\"/\">leakwatch</a> <span class=\"faint\" id=\"when\">{time}</span></header>\n\
         <p id=\"lost\" role=\"alert\" hidden></p>\n<main>\n{main}</main>\n\
         <footer>leakwatch {version} &middot; <a href=\"/metrics\">metrics</a> &middot; \
         <a href=\"/api/v1/status\">status</a> &middot; \
         <a href=\"/api/v1/incidents\">incidents</a> &middot; \
         <a href=\"/api/v1/openapi.json\">interface</a></footer>\n</body>\n</html>\n",
        title = Text(title),
        time = text::day_time((desk.clock)()),
        version = env!("CARGO_PKG_VERSION"),
    );
    out
}

/// The form that asks for the routes around a prefix.
fn lookup_form(out: &mut String, prefix: &str, drill: bool) {
    let drill = if drill {
        "<input type=\"hidden\" name=\"drill\" value=\"true\">"
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "<form action=\"/routes\" method=\"get\" role=\"search\">\
         <label for=\"prefix\">Prefix or address</label> \
         <input id=\"prefix\" name=\"prefix\" value=\"{}\" placeholder=\"192.0.2.0/24\" \
         autocapitalize=\"none\" autocomplete=\"off\" spellcheck=\"false\" required> \
         <button>Look up</button>{drill}</form>",
        Text(prefix)
    );
}
