//! The answers are what the `OpenAPI` document says, and the document says all.

use std::collections::BTreeSet;

use leakwatch::http::PATHS;
use serde_json::{Value, json};

use super::{
    client::{Answer, get, request},
    server::shared,
};

pub fn document() -> Value {
    let answer = get(shared().at, "/api/v1/openapi.json");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.json()
}

/// A schema with which nothing passes that the document does not name. What the document
/// gives to others may have more fields later.
fn closed(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(closed);
            if object.contains_key("properties") && !object.contains_key("additionalProperties") {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(array) => array.iter_mut().for_each(closed),
        _ => {}
    }
}

fn validator(document: &Value, name: &str) -> jsonschema::Validator {
    let mut components = document["components"].clone();
    closed(&mut components);
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": format!("#/components/schemas/{name}"),
        "components": components,
    });
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

/// Checks an answer against what the document says of `route` at this status.
fn check(document: &Value, route: &str, answer: &Answer) {
    check_method(document, route, "get", answer);
}

/// The same of another method.
pub fn check_method(document: &Value, route: &str, method: &str, answer: &Answer) {
    let said = &document["paths"][route][method]["responses"][answer.status.to_string()];
    assert!(
        said.is_object(),
        "{method} {route} may not answer {}",
        answer.status
    );
    let sent = answer.header("content-type").unwrap();
    let kind = sent.split(';').next().unwrap();
    let content = &said["content"][kind];
    assert!(content.is_object(), "{route} may not answer {kind}");
    let Some(reference) = content["schema"]["$ref"].as_str() else {
        return;
    };
    let name = reference.rsplit('/').next().unwrap();
    let json = answer.json();
    let errors: Vec<String> = validator(document, name)
        .iter_errors(&json)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{route}: {errors:#?}\n{json:#}");
}

#[test]
fn what_may_wait_for_the_disk_or_the_engine_may_be_too_much() {
    let document = document();
    for route in [
        "/incidents/{id}",
        "/api/v1/incidents/{id}",
        "/api/v1/incidents/{id}/report",
        "/api/v1/incidents/{id}/bundle",
        "/api/v1/routes",
    ] {
        let said = &document["paths"][route]["get"]["responses"]["503"];
        assert!(said.is_object(), "{route}");
    }
}

fn first_incident(query: &str) -> String {
    let list = get(shared().at, &format!("/api/v1/incidents?{query}")).json();
    list["incidents"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn every_route_is_in_the_document_and_nothing_else_is() {
    let document = document();
    let named: BTreeSet<&str> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(named, PATHS.iter().copied().collect());
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["openapi"], "3.1.0");
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    let document = document();
    let mut found = 0;
    let mut left = vec![&document];
    while let Some(value) = left.pop() {
        match value {
            Value::Object(object) => {
                if let Some(Value::String(to)) = object.get("$ref") {
                    let at = to.strip_prefix('#').unwrap();
                    assert!(document.pointer(at).is_some(), "{to}");
                    found += 1;
                }
                left.extend(object.values());
            }
            Value::Array(array) => left.extend(array),
            _ => {}
        }
    }
    assert!(found > 100, "{found}");
}

#[test]
fn answers_are_what_the_document_says() {
    let document = document();
    let (real, drill) = (first_incident("drill=false"), first_incident("drill=true"));
    let prefix = {
        let whole = get(
            shared().at,
            &format!("/api/v1/incidents/{drill}?drill=true"),
        )
        .json();
        let prefix = &whole["incident"]["samples"][0]["prefix"];
        prefix.as_str().unwrap().replace('/', "%2F")
    };
    for (route, path) in [
        ("/", "/".to_owned()),
        ("/incidents/{id}", format!("/incidents/{real}")),
        ("/incidents/{id}", "/incidents/none".to_owned()),
        ("/routes", "/routes".to_owned()),
        ("/routes", "/routes?prefix=10.0.0.0/8".to_owned()),
        ("/status.css", "/status.css".to_owned()),
        ("/status.js", "/status.js".to_owned()),
        ("/icon.svg", "/icon.svg".to_owned()),
        ("/favicon.ico", "/favicon.ico".to_owned()),
        ("/metrics", "/metrics".to_owned()),
        ("/healthz", "/healthz".to_owned()),
        ("/readyz", "/readyz".to_owned()),
        ("/api/v1/status", "/api/v1/status".to_owned()),
        ("/api/v1/status", "/api/v1/status?x=1".to_owned()),
        ("/api/v1/routers", "/api/v1/routers".to_owned()),
        ("/api/v1/peers", "/api/v1/peers".to_owned()),
        (
            "/api/v1/peers",
            "/api/v1/peers?drill=true&limit=1".to_owned(),
        ),
        ("/api/v1/incidents", "/api/v1/incidents".to_owned()),
        (
            "/api/v1/incidents",
            "/api/v1/incidents?state=opened".to_owned(),
        ),
        (
            "/api/v1/incidents/{id}",
            format!("/api/v1/incidents/{real}"),
        ),
        (
            "/api/v1/incidents/{id}",
            format!("/api/v1/incidents/{drill}?drill=true"),
        ),
        (
            "/api/v1/incidents/{id}",
            "/api/v1/incidents/none".to_owned(),
        ),
        (
            "/api/v1/incidents/{id}/report",
            format!("/api/v1/incidents/{real}/report"),
        ),
        (
            "/api/v1/incidents/{id}/report",
            format!("/api/v1/incidents/{drill}/report?format=markdown&drill=true"),
        ),
        (
            "/api/v1/incidents/{id}/report",
            format!("/api/v1/incidents/{drill}/report?drill=true&sort=restoration"),
        ),
        (
            "/api/v1/incidents/{id}/report",
            format!("/api/v1/incidents/{real}/report?operators=false"),
        ),
        (
            "/api/v1/incidents/{id}/report",
            "/api/v1/incidents/none/report".to_owned(),
        ),
        (
            "/api/v1/incidents/{id}/bundle",
            format!("/api/v1/incidents/{real}/bundle"),
        ),
        ("/api/v1/routes", "/api/v1/routes".to_owned()),
        (
            "/api/v1/routes",
            "/api/v1/routes?prefix=0.0.0.0/0&match=longer".to_owned(),
        ),
        (
            "/api/v1/routes",
            format!("/api/v1/routes?prefix={prefix}&drill=true"),
        ),
        ("/api/v1/openapi.json", "/api/v1/openapi.json".to_owned()),
        ("/api/v1/mutes", "/api/v1/mutes".to_owned()),
        ("/api/v1/expected", "/api/v1/expected".to_owned()),
        ("/api/v1/quiet-log", "/api/v1/quiet-log?limit=3".to_owned()),
        ("/api/v1/quiet-log", "/api/v1/quiet-log?limit=0".to_owned()),
    ] {
        check(&document, route, &get(shared().at, &path));
    }
    for (route, operation) in document["paths"].as_object().unwrap() {
        let path = route.replace("{id}", &real);
        let has: Vec<&str> = operation
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        for method in ["get", "post", "put", "delete", "patch"] {
            if method == "get" && has.contains(&method) {
                continue;
            }
            let answer = request(shared().at, &method.to_uppercase(), &path, &[]);
            if has.contains(&method) {
                // Nobody may, since there is no token.
                assert_eq!(answer.status, 403, "{method} {route}");
                check_method(&document, route, method, &answer);
                assert!(answer.detail().contains("`token_file`"), "{answer:?}");
            } else {
                assert_eq!(answer.status, 405, "{method} {route}");
                check_method(&document, route, has[0], &answer);
                let allowed = answer.header("allow").unwrap().to_lowercase();
                let mut allowed: Vec<&str> = allowed.split(", ").collect();
                allowed.retain(|method| *method != "head");
                allowed.sort_unstable();
                assert_eq!(allowed, has, "{route}");
            }
        }
    }
}

#[test]
fn every_report_is_what_the_document_says() {
    let document = document();
    let (real, drill) = (first_incident("drill=false"), first_incident("drill=true"));
    for (id, is_drill) in [(real, false), (drill, true)] {
        for audience in ["operators", "authority", "customers"] {
            for rest in ["lang=en", "lang=ja&note=x&public=true&cause=human-error"] {
                let path = format!(
                    "/api/v1/incidents/{id}/report?format=json&audience={audience}&{rest}\
                     &drill={is_drill}"
                );
                let answer = get(shared().at, &path);
                assert_eq!(answer.status, 200);
                check(&document, "/api/v1/incidents/{id}/report", &answer);
                assert_eq!(answer.json()["drill"], is_drill);
            }
        }
    }
}

#[test]
fn every_event_said_is_what_the_document_says() {
    let document = document();
    let (incident, standing) = (
        validator(&document, "IncidentEvent"),
        validator(&document, "Standing"),
    );
    let told = shared().board.after(0).unwrap();
    for one in &told {
        let json: Value = serde_json::from_str(&one.data).unwrap();
        let validator = match one.name {
            "incident" => &incident,
            "standing" => &standing,
            other => panic!("{other}"),
        };
        let errors: Vec<String> = validator
            .iter_errors(&json)
            .map(|e| e.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?} {json:#}");
    }
    assert!(told.iter().any(|one| one.name == "incident"));
}

#[test]
fn the_leak_is_told_as_it_was() {
    let at = shared().at;
    let list = get(at, "/api/v1/incidents?severity=critical").json();
    let incidents = list["incidents"].as_array().unwrap();
    assert_eq!(incidents.len(), 2, "{list:#}");
    assert_eq!(incidents[0]["state"], "open");
    assert_eq!(incidents[0]["drill"], true);
    assert_eq!(incidents[0]["offender"], 396_531);
    assert_eq!(incidents[1]["state"], "resolved");
    assert_eq!(incidents[1]["drill"], false);
    assert_eq!(incidents[1]["offender"], 15169);
    assert_eq!(incidents[1]["neighbour"], 701);

    let id = incidents[1]["id"].as_str().unwrap();
    let whole = get(at, &format!("/api/v1/incidents/{id}")).json();
    assert_eq!(whole["names"]["15169"], "Google");
    assert!(whole["incident"]["routes"]["peak"].as_u64().unwrap() > 1500);
    let timeline = whole["timeline"].as_array().unwrap();
    assert_eq!(timeline.first().unwrap()["event"], "opened");
    assert_eq!(timeline.last().unwrap()["event"], "resolved");
    assert_eq!(timeline.last().unwrap()["time"], whole["resolved"]);
    assert!(!whole["actions"].as_array().unwrap().is_empty());
}

#[test]
fn a_leaked_route_is_found_with_its_incident() {
    let at = shared().at;
    let id = first_incident("drill=true");
    let whole = get(at, &format!("/api/v1/incidents/{id}?drill=true")).json();
    let sample = &whole["incident"]["samples"][0];
    let prefix = sample["prefix"].as_str().unwrap();
    let answer = get(at, &format!("/api/v1/routes?prefix={prefix}&drill=true")).json();
    let routes = answer["routes"].as_array().unwrap();
    let leaked = routes
        .iter()
        .find(|route| route["path"] == sample["after"])
        .unwrap_or_else(|| panic!("{answer:#}"));
    assert_eq!(leaked["incident"], id.as_str());
    assert!(!leaked["findings"].as_array().unwrap().is_empty());
    // The same address in the other Internet has no part in it.
    let other = get(at, &format!("/api/v1/routes?prefix={prefix}")).json();
    assert!(!other.to_string().contains(&id));
}
