//! Everything on an incident in one archive, to be kept or handed on.

use std::{fmt::Write as _, io, io::Write as _};

use flate2::{Compression, GzBuilder};
use serde::Serialize;

use super::{
    account::{Account, Stage},
    build::plain,
    request::{Audience, Format, Language, Refusal, Request},
    settings::Settings,
    value::Report,
};
use crate::{bgp::Timestamp, reference::Reference};

/// A larger slice of messages is left out, which the archive says: it is built in memory.
pub const MOST_SLICE: usize = 64 << 20;

/// A file of the archive.
struct Member {
    name: String,
    content: Vec<u8>,
    what: String,
}

#[derive(Serialize)]
struct Course<'a> {
    incident: &'a str,
    steps: &'a [Stage],
    omitted: u32,
}

/// The archive, as gzip of tar. The same account gives the same bytes: files carry the time of
/// the incident.
///
/// Reports are in it for every audience that may see one, in both languages and all forms.
/// `slice` are the incident's BGP messages as MRT.
///
/// # Errors
/// If the request contradicts itself or what is known; never for want of a slice.
pub fn bundle(
    account: &Account,
    request: &Request,
    reference: &Reference,
    settings: &Settings,
    slice: Option<&[u8]>,
) -> Result<Vec<u8>, Refusal> {
    let mut members = vec![
        Member {
            name: "incident.json".to_owned(),
            content: json(account.last),
            what: "the incident as last told, with its examples".to_owned(),
        },
        Member {
            name: "timeline.json".to_owned(),
            content: json(&Course {
                incident: &account.last.id,
                steps: account.steps,
                omitted: account.omitted,
            }),
            what: "its steps, each with its time".to_owned(),
        },
    ];
    let mut missing = Vec::new();
    match slice {
        Some(mrt) if mrt.len() <= MOST_SLICE => members.push(Member {
            name: "messages.mrt".to_owned(),
            content: mrt.to_vec(),
            what: "BGP messages of the incident (MRT, RFC 6396)".to_owned(),
        }),
        Some(mrt) => missing.push(format!(
            "messages.mrt is left out: it has {} MiB, and more than {} are not packed.",
            mrt.len() >> 20,
            MOST_SLICE >> 20
        )),
        None => missing.push("messages.mrt is not there: no messages were kept.".to_owned()),
    }
    let sharing = request.sharing(settings.sharing);
    if !sharing.operators {
        missing.push("There are no reports for other operators, who may not see this.".to_owned());
    }
    members.extend(reports(
        account,
        request,
        reference,
        settings,
        sharing.operators,
    )?);
    if request.note.is_some() {
        missing.push(
            "The note is not in what customers are told. A note for them: leakwatch report ID \
             --audience customers --note TEXT"
                .to_owned(),
        );
    }
    let readme = readme(account, &members, &missing);
    members.insert(
        0,
        Member {
            name: "README.txt".to_owned(),
            content: readme.into_bytes(),
            what: String::new(),
        },
    );
    members.push(Member {
        name: "SHA256SUMS".to_owned(),
        content: sums(&members).into_bytes(),
        what: String::new(),
    });
    // Writing to memory does not fail.
    Ok(pack(&account.last.id, account.last.time, &members).unwrap_or_default())
}

fn reports(
    account: &Account,
    request: &Request,
    reference: &Reference,
    settings: &Settings,
    for_operators: bool,
) -> Result<Vec<Member>, Refusal> {
    let mut members = Vec::new();
    for (_, audience) in Audience::ALL {
        if *audience == Audience::Operators && !for_operators {
            continue;
        }
        for (_, language) in Language::ALL {
            let request = Request {
                audience: *audience,
                language: *language,
                // One note for all of them speaks of filters and of whom one called.
                note: match audience {
                    Audience::Customers => None,
                    Audience::Operators | Audience::Authority => request.note.clone(),
                },
                ..request.clone()
            };
            let report = Report::new(account, &request, reference, settings)?;
            for (_, format) in Format::ALL {
                members.push(Member {
                    name: format!(
                        "report/{}.{}.{}",
                        audience.name(),
                        language.name(),
                        format.extension()
                    ),
                    content: report.write(*format, settings).into_bytes(),
                    what: format!("for {}, {}", read_by(*audience), format.name()),
                });
            }
        }
    }
    Ok(members)
}

const fn read_by(audience: Audience) -> &'static str {
    match audience {
        Audience::Operators => "other operators",
        Audience::Authority => "the authority (names our customers)",
        Audience::Customers => "our customers",
    }
}

fn readme(account: &Account, members: &[Member], missing: &[String]) -> String {
    let mut text = String::new();
    if account.last.drill {
        text.push_str("EXERCISE: none of this happened.\n\n");
    }
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "Evidence on the incident {}\n{}\nWritten {}\n\nAll of it together is for our own \
         house: look at each file before it is handed on.\n",
        plain(&account.last.id),
        plain(&account.last.summary),
        account.now
    );
    for member in members {
        let _ = writeln!(text, "{:<32}{}", member.name, member.what);
    }
    let _ = writeln!(
        text,
        "{:<32}check with: sha256sum -c SHA256SUMS",
        "SHA256SUMS"
    );
    for sentence in missing {
        let _ = writeln!(text, "\n{sentence}");
    }
    text
}

fn sums(members: &[Member]) -> String {
    let mut text = String::new();
    for member in members {
        let digest = ring::digest::digest(&ring::digest::SHA256, &member.content);
        for octet in digest.as_ref() {
            let _ = write!(text, "{octet:02x}");
        }
        let _ = writeln!(text, "  {}", member.name);
    }
    text
}

fn pack(id: &str, time: Timestamp, members: &[Member]) -> io::Result<Vec<u8>> {
    let zipped = GzBuilder::new()
        .mtime(u32::try_from(time.secs()).unwrap_or(0))
        .write(Vec::new(), Compression::default());
    let mut archive = tar::Builder::new(zipped);
    for member in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(member.content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(time.secs());
        let path = format!("{}/{}", directory(id), member.name);
        archive.append_data(&mut header, path, member.content.as_slice())?;
    }
    let mut zipped = archive.into_inner()?;
    zipped.flush()?;
    zipped.finish()
}

/// An incident's name as that of a directory: nothing in it leads elsewhere.
fn directory(id: &str) -> String {
    let name: String = id
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '-'
            }
        })
        .take(100)
        .collect();
    format!("leakwatch-{name}")
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    // Nothing in it can fail to be written; an empty object would say so.
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_else(|_| b"{}".to_vec());
    text.push(b'\n');
    text
}
