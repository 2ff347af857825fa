//! What operators build upon: every metric is documented, and every query of the alert
//! rules and of the dashboard names metrics that exist.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read the files has failed"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use leakwatch::metrics::{Described, Metrics, Type};

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn catalogue() -> BTreeMap<&'static str, Described> {
    let metrics = Metrics::new();
    let all = metrics.catalogue();
    let by_name: BTreeMap<_, _> = all.iter().map(|one| (one.name, *one)).collect();
    assert_eq!(all.len(), by_name.len(), "a name stands for one metric");
    by_name
}

/// The rows of the tables of a page of Markdown, cell by cell.
fn rows(page: &str) -> impl Iterator<Item = Vec<&str>> {
    page.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").map(str::trim).collect())
}

#[test]
fn every_metric_is_documented_and_no_other() {
    let catalogue = catalogue();
    let page = read("docs/metrics.md");
    let mut documented = BTreeSet::new();
    for cells in rows(&page).filter(|cells| cells[0].starts_with('`')) {
        let name = cells[0].trim_matches('`');
        let Some(metric) = catalogue.get(name) else {
            panic!("docs/metrics.md documents `{name}`, which does not exist");
        };
        assert!(documented.insert(name), "`{name}` is documented twice");
        let [_, kind, labels, unit, meaning, advice] = cells[..] else {
            panic!("{name}: six columns, not {cells:?}");
        };
        assert_eq!(kind, metric.kind.name(), "{name}");
        let labels: Vec<&str> = labels
            .split(", ")
            .map(|label| label.trim_matches('`'))
            .filter(|label| !label.is_empty())
            .collect();
        assert_eq!(labels, metric.labels, "{name}");
        for cell in [unit, meaning, advice] {
            assert!(!cell.is_empty(), "{name}: an empty cell");
        }
    }
    let missing: Vec<_> = catalogue
        .keys()
        .filter(|name| !documented.contains(*name))
        .collect();
    assert!(missing.is_empty(), "not in docs/metrics.md: {missing:?}");
}

#[test]
fn names_follow_the_rules_of_prometheus() {
    for metric in catalogue().values() {
        let (name, kind) = (metric.name, metric.kind);
        assert!(
            name.starts_with("leakwatch_") || name.starts_with("process_"),
            "{name}"
        );
        assert_eq!(name.ends_with("_total"), kind == Type::Counter, "{name}");
        assert!(metric.labels.len() < 8, "{name} has too many labels");
        for of_strangers in ["prefix", "origin", "path", "sys_name", "user_agent", "uri"] {
            assert!(!metric.labels.contains(&of_strangers), "{name}");
        }
        assert!(metric.help.ends_with('.'), "{name}: a sentence");
    }
}

/// The metrics that a query names, histograms by their base name.
fn named(query: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let without_strings: String = query.split('"').step_by(2).collect();
    without_strings
        .split(|c| !is_part(c))
        .filter(|word| {
            ["leakwatch", "process_", "ifHC"]
                .iter()
                .any(|prefix| word.starts_with(prefix))
        })
        .map(|word| {
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|suffix| word.strip_suffix(suffix));
            base.unwrap_or(word).to_owned()
        })
        .collect()
}

/// What is neither ours nor made by a rule of ours.
const OF_OTHERS: [&str; 2] = ["ifHCInOctets", "ifHCOutOctets"];

fn unknown(query: &str, recorded: &BTreeSet<String>) -> Vec<String> {
    let catalogue = catalogue();
    named(query)
        .into_iter()
        .filter(|name| {
            !catalogue.contains_key(name.as_str())
                && !recorded.contains(name)
                && !OF_OTHERS.contains(&name.as_str())
        })
        .collect()
}

/// The labels that a query gives to, or takes from, a metric of ours.
fn wrong_labels(query: &str) -> Vec<String> {
    let catalogue = catalogue();
    let mut wrong = Vec::new();
    for (at, _) in query.match_indices('{') {
        let name_start = query[..at]
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .map_or(0, |before| before + 1);
        let name = &query[name_start..at];
        let base = name.strip_suffix("_bucket").unwrap_or(name);
        let Some(metric) = catalogue.get(base) else {
            continue;
        };
        let inside = &query[at + 1..at + query[at..].find('}').unwrap()];
        for matcher in inside.split(',').filter(|matcher| !matcher.is_empty()) {
            let label = matcher.trim().split(['=', '!']).next().unwrap().trim();
            if !["instance", "job"].contains(&label) && !metric.labels.contains(&label) {
                wrong.push(format!("{name}{{{label}}}"));
            }
        }
    }
    wrong
}

#[derive(serde::Deserialize)]
struct RuleFile {
    groups: Vec<Group>,
}

#[derive(serde::Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(serde::Deserialize)]
struct Rule {
    alert: Option<String>,
    record: Option<String>,
    expr: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

fn rules() -> Vec<Rule> {
    [
        "config/prometheus/leakwatch.rules.yml",
        "config/prometheus/interfaces.rules.yml",
    ]
    .into_iter()
    .flat_map(|path| {
        let file: RuleFile = serde_saphyr::from_str(&read(path)).unwrap();
        file.groups.into_iter().flat_map(|group| group.rules)
    })
    .collect()
}

fn recorded(rules: &[Rule]) -> BTreeSet<String> {
    rules
        .iter()
        .filter_map(|rule| rule.record.clone())
        .collect()
}

#[test]
fn rules_name_metrics_and_labels_that_exist() {
    let rules = rules();
    let recorded = recorded(&rules);
    for rule in &rules {
        let name = rule.alert.as_ref().or(rule.record.as_ref()).unwrap();
        assert_eq!(unknown(&rule.expr, &recorded), [""; 0], "{name}");
        assert_eq!(wrong_labels(&rule.expr), [""; 0], "{name}");
    }
}

#[test]
fn every_alert_says_what_to_do_and_is_tested_both_ways() {
    let runbook = read("docs/runbook.md");
    let tests = read("config/prometheus/leakwatch.rules.test.yml");
    let metrics = read("docs/metrics.md");
    let mut alerts = BTreeSet::new();
    for rule in rules() {
        let Some(alert) = rule.alert else { continue };
        assert!(
            ["page", "ticket", "info"].contains(&rule.labels["severity"].as_str()),
            "{alert}"
        );
        for annotation in ["summary", "description"] {
            assert!(
                !rule.annotations[annotation].is_empty(),
                "{alert}: {annotation}"
            );
        }
        assert_eq!(
            rule.annotations["runbook_url"],
            format!("docs/runbook.md#{}", alert.to_lowercase())
        );
        assert!(
            runbook.contains(&format!("\n## {alert}\n")),
            "docs/runbook.md has no chapter {alert}"
        );
        let queried = format!("(ALERTS{{alertname=\"{alert}\", alertstate=\"firing\"}})");
        let after: Vec<&str> = tests
            .split(&queried)
            .skip(1)
            .map(|rest| rest.lines().nth(2).unwrap().trim())
            .collect();
        assert!(
            after.contains(&"exp_samples: []"),
            "{alert} is not tested to be quiet"
        );
        assert!(
            after.contains(&"exp_samples:"),
            "{alert} is not tested to fire"
        );
        alerts.insert(alert);
    }
    // The other chapters are those of what leakwatch itself sends.
    let chapters = runbook.lines().filter_map(|line| line.strip_prefix("## "));
    for chapter in chapters.filter(|chapter| chapter.starts_with("Leakwatch")) {
        assert!(alerts.contains(chapter), "there is no alert {chapter}");
    }
    for word in metrics.split(|c: char| !c.is_ascii_alphanumeric()) {
        let is_alert = word.len() > "Leakwatch".len() && word.starts_with("Leakwatch");
        assert!(
            !is_alert || alerts.contains(word),
            "docs/metrics.md names {word}"
        );
    }
}

#[test]
fn a_wrong_name_or_label_in_a_query_is_found() {
    let none = BTreeSet::new();
    assert_eq!(
        unknown("rate(leakwatch_routs[5m]) + leakwatch_routes", &none),
        ["leakwatch_routs"]
    );
    assert_eq!(
        unknown(
            "histogram_quantile(0.9, leakwatch_detection_latency_seconds_bucket)",
            &none
        ),
        [""; 0]
    );
    assert_eq!(
        wrong_labels("leakwatch_routes{peer=\"a\", kind=\"b\"} / leakwatch_bmp_peers{x!=\"\"}"),
        ["leakwatch_routes{kind}", "leakwatch_bmp_peers{x}"]
    );
}

/// Every query of the dashboard, with where it stands.
fn queries(value: &serde_json::Value, place: &str, found: &mut Vec<(String, String)>) {
    match value {
        serde_json::Value::Object(fields) => {
            let title = fields.get("title").or(fields.get("name"));
            let place = title.and_then(|title| title.as_str()).unwrap_or(place);
            for (key, inner) in fields {
                match inner.as_str() {
                    Some(query) if ["expr", "query", "definition"].contains(&key.as_str()) => {
                        found.push((place.to_owned(), query.to_owned()));
                    }
                    _ => queries(inner, place, found),
                }
            }
        }
        serde_json::Value::Array(list) => {
            for inner in list {
                queries(inner, place, found);
            }
        }
        _ => {}
    }
}

fn dashboard() -> serde_json::Value {
    serde_json::from_str(&read("config/grafana/leakwatch.json")).unwrap()
}

#[test]
fn every_query_of_the_dashboard_names_metrics_and_labels_that_exist() {
    let recorded = recorded(&rules());
    let mut found = Vec::new();
    queries(&dashboard(), "", &mut found);
    assert!(found.len() > 40, "{} queries", found.len());
    for (place, query) in &found {
        assert_eq!(unknown(query, &recorded), [""; 0], "{place}: {query}");
        assert_eq!(wrong_labels(query), [""; 0], "{place}: {query}");
        let names_ours = query.contains("leakwatch_") || query.contains("process_");
        assert!(names_ours || query == "prometheus", "{place}: {query}");
    }
}

#[test]
fn the_dashboard_is_one_that_grafana_can_show() {
    let dashboard = dashboard();
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 36);
    let variables: Vec<&str> = dashboard["templating"]["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variable| variable["name"].as_str().unwrap())
        .collect();
    assert_eq!(variables, ["datasource", "instance", "router"]);
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: id");
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap());
        assert!(x + w <= 24, "{title} is wider than the page");
        for cell in (y..y + h).flat_map(|row| (x..x + w).map(move |column| (row, column))) {
            assert!(taken.insert(cell), "{title} lies on another panel");
        }
        if panel["type"] == "row" {
            continue;
        }
        assert!(
            panel["description"].as_str().unwrap().ends_with('.'),
            "{title}"
        );
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
        }
    }
}
