//! Sinks that are told over HTTP.

use std::time::Duration;

use toml::de::DeValue;

use super::{
    super::{
        kinds::{Kind as _, Span, named, string},
        problem::printable,
        reader::{Context, Reader, label},
    },
    needed, posted, secret, url,
};
use crate::alert::{
    Destination, alertmanager, pagerduty, post, slack,
    webhook::{self, Address},
};

pub(super) fn alertmanagers(
    name: &str,
    reader: &mut Reader,
    context: &mut Context,
) -> Vec<(String, Destination)> {
    let urls = reader.list(context, "urls", url);
    let urls = needed(reader, context, "urls", urls).unwrap_or_default();
    if urls.is_empty() && reader.table.contains_key("urls") {
        reader.wrong(context, "needs `urls`, at least one");
    }
    let within = |range: std::ops::RangeInclusive<u64>| {
        move |value: &DeValue| Span(range.clone()).read(value)
    };
    let resend = reader.read(context, "resend", within(10..=3600));
    let hold = reader.read(context, "hold", within(0..=3600));
    let username = reader.read(context, "username", label);
    let password_file = reader.read(context, "password_file", secret);
    let bearer_file = reader.read(context, "bearer_file", secret);
    let login = match (username, password_file, bearer_file) {
        (None, None, None) => alertmanager::Login::Nobody,
        (Some(username), Some(password_file), None) => alertmanager::Login::Basic {
            username,
            password_file,
        },
        (None, None, Some(bearer_file)) => alertmanager::Login::Bearer { bearer_file },
        _ => {
            let message = "write `username` and `password_file`, or `bearer_file`, or none of them";
            reader.wrong(context, message);
            alertmanager::Login::Nobody
        }
    };
    let post = posted(reader, context);
    let several = urls.len() > 1;
    urls.into_iter()
        .map(|url| {
            // One name may not stand for several: each has a queue of its own.
            let name = match post::host(&url) {
                Some(host) if several => format!("{name}/{host}"),
                _ => name.to_owned(),
            };
            let settings = alertmanager::Settings {
                url,
                resend: resend.unwrap_or(Duration::from_secs(60)),
                hold: hold.unwrap_or(Duration::from_secs(90)),
                login: login.clone(),
                post: post.clone(),
            };
            (name, Destination::Alertmanager(settings))
        })
        .collect()
}

pub(super) fn webhook(reader: &mut Reader, context: &mut Context) -> Option<Destination> {
    let address = reader.read(context, "url", url);
    let url_file = reader.read(context, "url_file", secret);
    let secret_file = reader.read(context, "secret_file", secret);
    let headers = headers(reader, context);
    let post = posted(reader, context);
    let given = ["url", "url_file"].map(|key| reader.table.contains_key(key));
    let url = match (address, url_file) {
        (Some(url), None) if given == [true, false] => Address::Url(url),
        (None, Some(file)) if given == [false, true] => Address::File(file),
        _ if given == [true, true] || given == [false, false] => {
            reader.wrong(context, "needs `url` or `url_file`, one of them");
            return None;
        }
        _ => return None,
    };
    Some(Destination::Webhook(webhook::Settings {
        url,
        secret_file,
        headers,
        post,
    }))
}

/// `headers = { X-Tenant = "noc" }`.
fn headers(reader: &mut Reader, context: &mut Context) -> Vec<(String, String)> {
    let read = |value: &DeValue| {
        let table = value.as_table().ok_or_else(|| {
            format!(
                "is {}, not a table such as {{ X-Tenant = \"noc\" }}",
                named(value)
            )
        })?;
        let mut headers = Vec::new();
        for (name, value) in table {
            let name = name.get_ref();
            let visible = |c: char| c.is_ascii_graphic() || c == ' ';
            let value = string(value.get_ref(), "a text")?;
            let ours = ["content-type", "content-length", "host", "idempotency-key"];
            if name.is_empty()
                || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                || ours.contains(&name.to_ascii_lowercase().as_str())
            {
                return Err(format!("`{}` is no header to be set", printable(name)));
            }
            if value.len() > 1000 || !value.chars().all(visible) {
                return Err(format!("`{}` must be visible ASCII", printable(name)));
            }
            headers.push((name.to_string(), value.to_owned()));
        }
        Ok(headers)
    };
    reader.read(context, "headers", read).unwrap_or_default()
}

pub(super) fn slack(reader: &mut Reader, context: &mut Context) -> Option<Destination> {
    let url_file = reader.read(context, "url_file", secret);
    let url_file = needed(reader, context, "url_file", url_file);
    let post = posted(reader, context);
    Some(Destination::Slack(slack::Settings {
        url_file: url_file?,
        post,
    }))
}

pub(super) fn pagerduty(reader: &mut Reader, context: &mut Context) -> Option<Destination> {
    let file = reader.read(context, "routing_key_file", secret);
    let file = needed(reader, context, "routing_key_file", file);
    let url = reader.read(context, "url", url);
    let post = posted(reader, context);
    Some(Destination::PagerDuty(pagerduty::Settings {
        routing_key_file: file?,
        url: url.unwrap_or_else(|| pagerduty::URL.to_owned()),
        post,
    }))
}
