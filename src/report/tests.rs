//! Reports on the leak of August 2017 as the drill has it, for every reader; and what must not
//! get into one.

use std::{path::Path, sync::Arc, time::Duration};

use super::{threshold::Reached, *};
use crate::{
    bgp::{Asn, Timestamp},
    config::Config,
    incident::{IncidentEvent, Kind, Step, seen::Seen},
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
            // Somebody acknowledged it when it grew; the end ended that.
            acknowledged: (self.steps.len() == 2)
                .then_some(self.last.time + Duration::from_secs(42)),
            now: self.last.time + Duration::from_secs(60),
        }
    }

    fn report(&self, request: &Request) -> Report {
        Report::new(
            &self.account(),
            request,
            &reference(),
            &settings(request.language),
        )
        .unwrap()
    }

    fn text(&self, request: &Request, format: Format) -> String {
        self.report(request)
            .write(format, &settings(request.language))
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
            for (steps, sort) in [
                (1, Sort::First),
                (2, Sort::FollowUp),
                (3, Sort::Restoration),
            ] {
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

#[test]
fn customers_hear_of_no_network_unless_the_public_may() {
    let past = Past::after(1);
    for (_, language) in Language::ALL {
        let mut request = Request::new(Audience::Customers, *language);
        for (_, format) in Format::ALL {
            let text = past.text(&request, *format);
            for word in [
                "Google",
                "15169",
                "Verizon",
                "AS701",
                "transit-a",
                "192.0.2.1",
                "Bank",
            ] {
                assert!(!text.contains(word), "{word}: {text}");
            }
        }
        request.public = Some(true);
        let text = past.text(&request, Format::Text);
        assert!(text.contains("AS15169") && text.contains("AS701"), "{text}");
    }
}

#[test]
fn other_operators_do_not_learn_who_our_customers_are() {
    let past = Past::after(3);
    for (_, format) in Format::ALL {
        let text = |audience| past.text(&Request::new(audience, Language::English), *format);
        assert!(!text(Audience::Operators).contains("Example Bank"));
        assert!(text(Audience::Authority).contains("Example Bank"));
    }
}

#[test]
fn other_networks_telephone_numbers_stay_in_the_house() {
    let mut reference = reference();
    let contact = Contact {
        name: "Google".to_owned(),
        phone: Some("+1 555 0199".to_owned()),
        mail: Some("secret@example.net".to_owned()),
    };
    reference.contacts.insert(Asn(15169), contact);
    let past = Past::after(3);
    for (_, audience) in Audience::ALL {
        let request = Request::new(*audience, Language::English);
        let settings = settings(Language::English);
        let report = Report::new(&past.account(), &request, &reference, &settings).unwrap();
        for (_, format) in Format::ALL {
            let text = report.write(*format, &settings);
            assert!(
                !text.contains("0199") && !text.contains("secret@"),
                "{text}"
            );
        }
    }
}

#[test]
fn what_is_not_set_is_left_to_be_filled_in() {
    let past = Past::after(1);
    let settings = Settings::default();
    for (language, mark) in [
        (Language::English, "[to be filled in]"),
        (Language::Japanese, "（要記入）"),
    ] {
        for (_, audience) in Audience::ALL {
            let request = Request::new(*audience, language);
            let report = Report::new(&past.account(), &request, &reference(), &settings).unwrap();
            assert!(report.write(Format::Text, &settings).contains(mark));
        }
    }
}

#[test]
fn without_a_customers_file_our_own_prefixes_are_still_looked_up() {
    let past = Past::after(3);
    let request = Request::new(Audience::Operators, Language::English);
    let settings = Settings::default();
    let report = Report::new(&past.account(), &request, &reference(), &settings).unwrap();
    let text = report.write(Format::Text, &settings);
    assert!(text.contains("not known [to be filled in]"), "{text}");
    assert!(
        text.contains("none found (looked up for 16 of 2,000"),
        "{text}"
    );
}

#[test]
fn a_report_that_contradicts_itself_is_refused() {
    let (open, over) = (Past::after(1), Past::after(3));
    let refused = |past: &Past, change: &dyn Fn(&mut Request)| {
        let mut request = Request::new(Audience::Operators, Language::English);
        change(&mut request);
        Report::new(
            &past.account(),
            &request,
            &reference(),
            &settings(Language::English),
        )
        .err()
    };
    assert_eq!(refused(&open, &|_| {}), None);
    let sort = |sort| move |request: &mut Request| request.sort = Some(sort);
    assert_eq!(
        refused(&open, &sort(Sort::Restoration)),
        Some(Refusal::NotOver)
    );
    assert_eq!(refused(&over, &sort(Sort::First)), None);
    assert_eq!(
        refused(&open, &|request| request.operators = Some(false)),
        Some(Refusal::NotForOperators)
    );
    let note = |length| move |request: &mut Request| request.note = Some("あ".repeat(length));
    assert_eq!(refused(&open, &note(MOST_NOTE)), None);
    assert_eq!(
        refused(&open, &note(MOST_NOTE + 1)),
        Some(Refusal::NoteTooLong)
    );
    assert_eq!(
        refused(&open, &|request| request.number = Some(0)),
        Some(Refusal::Number)
    );
    assert_eq!(
        refused(&open, &|request| {
            request.sort = Some(Sort::FollowUp);
            request.number = Some(1);
        }),
        Some(Refusal::Number)
    );
}

#[test]
fn reports_are_numbered_by_steps_unless_a_number_is_given() {
    let placed = |steps, sort, number| {
        let request = Request {
            sort,
            number,
            ..Request::new(Audience::Operators, Language::English)
        };
        let report = Past::after(steps).report(&request);
        (report.sort, report.number)
    };
    assert_eq!(placed(1, None, None), (Sort::First, 1));
    assert_eq!(placed(1, None, Some(2)), (Sort::FollowUp, 2));
    assert_eq!(placed(1, Some(Sort::FollowUp), None), (Sort::FollowUp, 2));
    assert_eq!(placed(2, None, None), (Sort::FollowUp, 2));
    assert_eq!(placed(3, None, None), (Sort::Restoration, 3));
    assert_eq!(placed(3, None, Some(7)), (Sort::Restoration, 7));
}

#[test]
fn the_whole_list_of_prefixes_gives_whole_numbers() {
    let past = Past::after(3);
    let all: Vec<_> = past.last.samples.iter().map(|one| one.prefix).collect();
    let account = Account {
        affected: Some(&all),
        ..past.account()
    };
    let request = Request::new(Audience::Authority, Language::English);
    let settings = settings(Language::English);
    let report = Report::new(&account, &request, &reference(), &settings).unwrap();
    let facts = report.facts.as_ref().unwrap();
    assert_eq!(facts.customers.basis, Basis::All);
    let text = report.write(Format::Markdown, &settings);
    assert!(text.contains("looked up for every affected"), "{text}");
    assert!(!text.contains("at least"), "{text}");
}

#[test]
fn a_cause_is_presumed_by_how_near_the_offender_is_and_stated_only_by_the_operator() {
    let presumed = |change: &dyn Fn(&mut IncidentEvent, &mut Reference)| {
        let mut past = Past::after(3);
        let mut reference = reference();
        change(&mut past.last, &mut reference);
        let request = Request::new(Audience::Authority, Language::English);
        let settings = settings(Language::English);
        let report = Report::new(&past.account(), &request, &reference, &settings).unwrap();
        report.facts.unwrap().cause.cause
    };
    assert_eq!(presumed(&|_, _| {}), Cause::OtherInterconnected);
    assert_eq!(
        presumed(&|event, _| event.neighbour = Some(Asn(64999))),
        Cause::OtherOperator
    );
    assert_eq!(
        presumed(&|_, reference| reference.local_as = None),
        Cause::OtherOperator
    );
    assert_eq!(presumed(&|event, _| event.offender = None), Cause::Unknown);
    assert_eq!(
        presumed(&|event, _| event.offender = Some(Asn(64500))),
        Cause::Unknown
    );
    assert_eq!(
        presumed(&|event, _| event.kind = Kind::Surge),
        Cause::Unknown
    );
    let stated = Request {
        cause: Some(Cause::PowerCut),
        ..Request::new(Audience::Authority, Language::Japanese)
    };
    let text = Past::after(3).text(&stated, Format::Text);
    assert!(text.contains("停電") && !text.contains("と推定"), "{text}");
}

#[test]
fn evidence_has_its_counts_and_its_order_in_both_languages() {
    let mut past = Past::after(1);
    let operators = |language| Request::new(Audience::Operators, language);
    let japanese = past.text(&operators(Language::Japanese), Format::Markdown);
    let english = past.text(&operators(Language::English), Format::Markdown);
    for (text, lines) in [
        (
            &japanese,
            [
                "トランジットを提供しないASを経由する経路：128件",
                "再広告（RFC 7908）：50件",
                "従来観測されていなかった詳細経路：128件",
            ],
        ),
        (
            &english,
            ["128 routes through", "50 routes handed on", "128 more-spec"],
        ),
    ] {
        let places = lines.map(|line| text.find(line).unwrap());
        assert!(places.is_sorted(), "{text}");
    }
    // What an earlier version wrote has words only.
    past.last.evidence[0].seen = Seen::Other;
    let text = past.text(&operators(Language::Japanese), Format::Markdown);
    assert!(text.contains("128 routes through"), "{text}");
}

#[test]
fn what_only_the_operator_knows_is_asked_for_in_the_authoritys_report() {
    let past = Past::after(1);
    for (language, names) in [
        (
            Language::English,
            ["Service concerned", "Area", "Customers told"],
        ),
        (
            Language::Japanese,
            [
                "影響を与えた電気通信役務",
                "影響を与えた地域",
                "利用者への周知",
            ],
        ),
    ] {
        let text = |audience| past.text(&Request::new(audience, language), Format::Markdown);
        for name in names {
            assert!(text(Audience::Authority).contains(name), "{name}");
            assert!(!text(Audience::Operators).contains(name), "{name}");
        }
    }
}

#[test]
fn what_is_due_soon_is_told_with_its_time() {
    let past = Past::after(1);
    for (days, expected) in [
        (30, "詳細報告は2017年9月24日（日）まで"),
        (3, "28日（月）12:22:01 +09:00"),
    ] {
        let request = Request::new(Audience::Authority, Language::Japanese);
        let settings = Settings {
            due: Duration::from_secs(days * 86_400),
            ..settings(Language::Japanese)
        };
        let report = Report::new(&past.account(), &request, &reference(), &settings).unwrap();
        let text = report.write(Format::Markdown, &settings);
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn text_of_strangers_changes_neither_lines_nor_mark_up() {
    let hostile = "x\r\n# <script>|*a*\u{202e}\u{1b}[2J ![i](http://evil.example)";
    let mut past = Past::after(3);
    past.last.views[0].router = hostile.to_owned();
    past.last.samples[0].after = hostile.to_owned();
    past.last.samples[0].before = Some(hostile.to_owned());
    past.last.evidence[0].what = hostile.to_owned();
    past.last.summary = hostile.to_owned();
    let mut settings = settings(Language::English);
    settings.reporter.organisation = hostile.to_owned();
    let customers = format!(
        "prefix,name,users\n171.5.0.0/17,\"{}\",1\n",
        hostile.replace("\r\n", "")
    );
    settings.customers = Some(Arc::new(Customers::parse(&customers).unwrap()));
    for (_, audience) in Audience::ALL {
        for (_, language) in Language::ALL {
            let mut request = Request::new(*audience, *language);
            request.note = Some(format!("{hostile}\n1. second"));
            let report = Report::new(&past.account(), &request, &reference(), &settings).unwrap();
            for format in [Format::Text, Format::Markdown] {
                let text = report.write(format, &settings);
                assert!(!text.contains(['\r', '\u{202e}', '\u{1b}']), "{text}");
                let markdown = format == Format::Markdown;
                let unescaped = text.replace("<br>", "").replace("\\<", "");
                assert!(!markdown || !unescaped.contains('<'), "{text}");
                assert!(!markdown || !text.contains("![i]"), "{text}");
                assert!(!markdown || !text.contains("http://"), "{text}");
            }
        }
    }
}

#[test]
fn every_kind_has_words_in_both_languages() {
    for kind in Kind::ALL {
        let mut past = Past::after(1);
        past.last.kind = *kind;
        if kind.is_of_a_view() {
            (past.last.offender, past.last.neighbour) = (None, None);
        }
        for (_, language) in Language::ALL {
            let text = past.text(&Request::new(Audience::Authority, *language), Format::Text);
            // Nothing is left between two marks where a name is missing.
            assert!(
                !text.contains("から、") && !text.contains("  ;"),
                "{kind:?}: {text}"
            );
        }
    }
}

#[test]
fn what_users_notice_does_not_contradict_what_the_kind_does() {
    for kind in [
        Kind::MaximumPrefix,
        Kind::Path,
        Kind::Specific,
        Kind::Bogon,
        Kind::Leak,
    ] {
        for steps in [1, 3] {
            let mut past = Past::after(steps);
            past.last.kind = kind;
            for (_, audience) in Audience::ALL {
                let text =
                    |language| past.text(&Request::new(*audience, language), Format::Markdown);
                let (english, japanese) = (text(Language::English), text(Language::Japanese));
                let claims = kind == Kind::Leak;
                assert_eq!(english.contains(" slow or "), claims, "{kind:?}: {english}");
                assert_eq!(japanese.contains("遅延"), claims, "{kind:?}: {japanese}");
            }
        }
    }
}

#[test]
fn how_bad_it_is_is_not_said_in_the_words_of_the_law() {
    let request = Request::new(Audience::Authority, Language::Japanese);
    let text = Past::after(2).text(&request, Format::Markdown);
    assert!(text.contains("| 監視上の重要度 | 緊急 |"), "{text}");
    let of_the_law = ["重大な事故に該当する場合", "重大な事故等"];
    let rest = of_the_law
        .iter()
        .fold(text, |text, words| text.replace(words, ""));
    assert!(!rest.contains("重大"), "{rest}");
}

#[test]
fn the_archive_holds_what_it_says_and_is_the_same_each_time() {
    let past = Past::after(3);
    let request = Request::new(Audience::Operators, Language::English);
    let settings = settings(Language::English);
    let pack = |slice| bundle(&past.account(), &request, &reference(), &settings, slice).unwrap();
    let archive = pack(Some(&b"mrt"[..]));
    assert_eq!(archive, pack(Some(b"mrt")));
    let members = unpack(&archive);
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    let root = "leakwatch-leak-15169-via-701-417675";
    assert_eq!(names.first(), Some(&&*format!("{root}/README.txt")));
    assert_eq!(names.last(), Some(&&*format!("{root}/SHA256SUMS")));
    assert_eq!(names.len(), 2 + 3 + 3 * 2 * 3);
    let content = |name: &str| {
        let full = format!("{root}/{name}");
        &members.iter().find(|(other, _)| *other == full).unwrap().1
    };
    assert_eq!(content("messages.mrt"), b"mrt");
    let read: IncidentEvent = serde_json::from_slice(content("incident.json")).unwrap();
    assert_eq!(read, past.last);
    let sums = String::from_utf8(content("SHA256SUMS").clone()).unwrap();
    assert_eq!(sums.lines().count(), names.len() - 1);
    let readme = String::from_utf8(content("README.txt").clone()).unwrap();
    for name in names.iter().filter(|name| !name.ends_with("README.txt")) {
        let name = name.strip_prefix(&format!("{root}/")).unwrap();
        assert!(readme.contains(name), "{name}: {readme}");
    }
    insta::assert_snapshot!("readme", readme);
    let without = unpack(&pack(None));
    assert_eq!(without.len(), names.len() - 1);
    assert!(String::from_utf8_lossy(&without[0].1).contains("no messages were kept"));
}

#[test]
fn users_of_a_prefix_that_is_affected_in_part_are_not_at_least_so_many() {
    let past = Past::after(3);
    for (language, said, not_said) in [
        (
            Language::English,
            "of some of which only a part is affected",
            "at least",
        ),
        (Language::Japanese, "一部のみ影響の場合を含む", "少なくとも"),
    ] {
        let assess = |affected: &[&str]| {
            let prefixes: Vec<_> = affected.iter().map(|one| one.parse().unwrap()).collect();
            let account = Account {
                affected: Some(&prefixes),
                ..past.account()
            };
            let settings = Settings {
                customers: Some(Arc::new(
                    Customers::parse("prefix,name,users\n10.0.0.0/12,Everybody,2000000\n").unwrap(),
                )),
                ..settings(language)
            };
            let request = Request::new(Audience::Authority, language);
            let report = Report::new(&account, &request, &reference(), &settings).unwrap();
            let text = report.write(Format::Markdown, &settings);
            let assessment = report.facts.unwrap().assessment.unwrap();
            (text, assessment.rows[0].users_reached)
        };
        let (text, reached) = assess(&["10.1.2.0/24"]);
        assert!(text.contains(said) && !text.contains(not_said), "{text}");
        assert_eq!(reached, Reached::Unknown, "one in eight thousand addresses");
        let (text, reached) = assess(&["10.0.0.0/13", "10.8.0.0/13"]);
        assert!(!text.contains(said), "{text}");
        assert_eq!(reached, Reached::Yes);
    }
}

#[test]
fn a_note_in_an_archive_is_not_for_customers() {
    let past = Past::after(3);
    let request = Request {
        note: Some(note(Language::English)),
        ..Request::new(Audience::Operators, Language::English)
    };
    let settings = settings(Language::English);
    let archive = bundle(&past.account(), &request, &reference(), &settings, None).unwrap();
    for (name, content) in unpack(&archive) {
        let content = String::from_utf8(content).unwrap();
        let has_it = content.contains("NOC called; it is filtering");
        let is_for_those_who_know = name.contains("operators") || name.contains("authority");
        assert_eq!(has_it, is_for_those_who_know, "{name}: {content}");
        if name.ends_with("README.txt") {
            assert!(
                content.contains("not in what customers are told"),
                "{content}"
            );
        }
    }
}

#[test]
fn a_tab_in_a_note_is_a_blank() {
    let request = Request {
        note: Some("12:25\trefused".to_owned()),
        ..Request::new(Audience::Operators, Language::English)
    };
    let text = Past::after(1).text(&request, Format::Text);
    assert!(text.contains("12:25 refused"), "{text}");
}

#[test]
fn an_archive_of_what_operators_may_not_see_has_no_report_for_them() {
    let past = Past::after(3);
    let request = Request {
        operators: Some(false),
        ..Request::new(Audience::Authority, Language::English)
    };
    let settings = settings(Language::English);
    let archive = bundle(&past.account(), &request, &reference(), &settings, None).unwrap();
    let members = unpack(&archive);
    assert!(members.iter().all(|(name, _)| !name.contains("operators")));
    assert!(members.iter().any(|(name, _)| name.contains("authority")));
}

/// Names and contents of an archive's files.
fn unpack(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    let mut members = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        assert_eq!(
            Timestamp::from_secs(entry.header().mtime().unwrap()),
            Timestamp::from_secs(1_503_632_164)
        );
        let name = entry.path().unwrap().display().to_string();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        members.push((name, content));
    }
    members
}
