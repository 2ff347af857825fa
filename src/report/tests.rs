//! Reports on the leak of August 2017 as the drill has it, for every reader; and what must not
//! get into one.

use std::{path::Path, sync::Arc, time::Duration};

use super::*;
use crate::{
    bgp::{Asn, Timestamp},
    config::Config,
    incident::{IncidentEvent, Kind, Step},
    reference::{Contact, Reference},
};

/// Opened, updated and resolved.
fn events() -> Vec<IncidentEvent> {
    serde_json::from_str(include_str!("../../tests/data/incidents/google-2017.json")).unwrap()
}

fn reference() -> Reference {
    let text = "local_as = 64500\n\
        [[own]]\nprefixes = [\"17.72.0.0/16^16-24\"]\n\
        [[peer]]\nmatch = { address = \"198.51.100.1\" }\nname = \"transit-a\"\n\
        [[peer]]\nmatch = { address = \"203.0.113.1\" }\nname = \"transit-b\"\n";
    Config::parse(text, Path::new("")).unwrap().reference
}

fn settings(language: Language) -> Settings {
    let customers = "prefix,name,users\n\
        171.237.200.0/22,Example Bank,1200\n\
        1.71.152.0/21,\"Example, University\",30000\n\
        2001:db8::/32,Example Shops,50\n";
    let (organisation, department) = match language {
        Language::English => ("Example Networks", "Network Operations Centre"),
        Language::Japanese => ("株式会社サンプルネットワークス", "ネットワーク運用センター"),
    };
    Settings {
        reporter: Reporter {
            organisation: organisation.to_owned(),
            department: department.to_owned(),
            phone: "+81 3 5550 0100".to_owned(),
            mail: "noc@example.net".to_owned(),
        },
        time_zone: "+09:00".parse().unwrap(),
        customers: Some(Arc::new(Customers::parse(customers).unwrap())),
        ..Settings::default()
    }
}

/// The incident after so many of its steps, a minute later.
struct Past {
    last: IncidentEvent,
    steps: Vec<Stage>,
}

impl Past {
    fn after(steps: usize) -> Past {
        let events: Vec<IncidentEvent> = events().into_iter().take(steps).collect();
        Past {
            steps: events.iter().map(Stage::of).collect(),
            last: events.last().unwrap().clone(),
        }
    }

    fn account(&self) -> Account<'_> {
        let over = self.last.event == Step::Resolved;
        Account {
            last: &self.last,
            opened: self.steps[0].time,
            resolved: over.then_some(self.last.time),
            steps: &self.steps,
            omitted: 0,
            affected: None,
            acknowledged: None,
            now: self.last.time + Duration::from_secs(60),
        }
    }

    fn report(&self, request: &Request) -> Report {
        Report::new(&self.account(), request, &reference(), &settings(request.language)).unwrap()
    }

    fn text(&self, request: &Request, format: Format) -> String {
        self.report(request).write(format, &settings(request.language))
    }
}

fn note(language: Language) -> String {
    match language {
        Language::English => {
            "12:25 Refused _701_15169_ on transit-a.\n12:31 AS701's NOC called; it is filtering."
        }
        Language::Japanese => {
            "12:25 transit-aにて _701_15169_ に一致する経路の受信を拒否\n\
             12:31 AS701のNOCへ電話連絡。先方でもフィルタを適用中"
        }
    }
    .to_owned()
}

#[test]
fn every_reader_gets_a_report_that_reads_well() {
    for (audience_name, audience) in Audience::ALL {
        for (language_name, language) in Language::ALL {
            for (steps, sort) in [(1, Sort::First), (2, Sort::FollowUp), (3, Sort::Restoration)] {
                let mut request = Request::new(*audience, *language);
                let is_customers = *audience == Audience::Customers;
                if is_customers && sort == Sort::FollowUp {
                    continue;
                }
                if sort != Sort::First && !is_customers {
                    request.note = Some(note(*language));
                }
                let past = Past::after(steps);
                assert_eq!(past.report(&request).sort, sort);
                let name = format!("{audience_name}-{language_name}-{}", sort.name());
                insta::assert_snapshot!(name.as_str(), past.text(&request, Format::Text));
                if sort == Sort::Restoration {
                    let name = format!("{name}.md");
                    insta::assert_snapshot!(name.as_str(), past.text(&request, Format::Markdown));
                }
            }
        }
    }
}
