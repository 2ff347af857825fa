//! What a configuration says, and what is said of a wrong one.

use std::{net::IpAddr, time::Duration};

use super::*;
use crate::{
    bgp::{Asn, PeerKey},
    reference::{Relation, Role},
    store,
};

fn parse(text: &str) -> Config {
    Config::parse_text(text).unwrap_or_else(|error| panic!("{error}"))
}

fn problems(text: &str) -> Vec<String> {
    let error = Config::parse_text(text).expect_err("is refused");
    error.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn an_empty_file_is_complete() {
    assert_eq!(parse(""), Config::default());
}

#[test]
fn the_example_says_what_the_defaults_are() {
    assert_eq!(parse(EXAMPLE), Config::default());
    let written = Config::default().to_toml();
    if std::env::var_os("LEAKWATCH_BLESS").is_some() {
        std::fs::write(
            concat!(env!("CARGO_MANIFEST_DIR"), "/config/leakwatch.toml"),
            &written,
        )
        .unwrap();
    }
    assert_eq!(
        EXAMPLE, written,
        "config/leakwatch.toml is not what `config show` prints; \
         LEAKWATCH_BLESS=1 cargo test config:: writes it anew"
    );
}

#[test]
fn the_example_names_every_key_also_those_left_out() {
    for setting in settings::all() {
        let (plain, left_out) = (
            format!("\n{} = ", setting.key),
            format!("\n# {} = ", setting.key),
        );
        let table = EXAMPLE
            .split(&format!("\n[{}]\n", setting.table))
            .nth(1)
            .expect(setting.table);
        let table = table.split("\n[").next().unwrap_or_default();
        assert!(
            table.contains(&plain) || table.contains(&left_out),
            "{}",
            setting.full()
        );
    }
    // With every commented key taken in, it is still a configuration.
    let uncommented: String = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(key) if key.starts_with("[[") || key.contains(" = ") && !key.contains(". ") => {
                format!("{key}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let config = parse(&uncommented);
    assert_eq!(config.reference.local_as, Some(Asn(64500)));
    assert_eq!(config.reference.own.len(), 2);
    assert_eq!(config.reference.peers.len(), 1);
    assert!(config.relations_file.is_some());
    assert!(config.reference.contacts.get(Asn(64510)).is_some());
    assert_eq!(config.detect.maximum_prefix.table_ipv4, Some(1_048_576));
    assert_eq!(config.mrt.len(), 1);
    assert_eq!(config.http.web_config, Some(PathBuf::from("web.yml")));
    assert_eq!(
        config.report.customers_file,
        Some(PathBuf::from("customers.csv"))
    );
    assert_eq!(
        config.report.thresholds,
        Config::default().report.thresholds
    );
}

const FULL: &str = r#"
local_as = "AS64500"

[bmp]
listen = "[::]:11019"
allow = ["192.0.2.0/24", "2001:db8::/32"]
connect = ["198.51.100.7:1790"]
hold_stale = "10m"
most_message = "64KiB"
queue = "1GiB"

[[mrt]]
directory = "spool/rrc00"
follow = true
stable = "1m"

[[mrt]]
directory = "/var/spool/mrt"
name = "our \"own\""

[http]
listen = "127.0.0.1:0"
hosts = ["leakwatch.example"]
web_config = "web.yml"

[log]
level = "debug"
format = "json"

[state]
directory = "/srv/leakwatch"
keep = "30d"

[[own]]
prefixes = ["192.0.2.0/24^24-28", "2001:db8::/32"]
upstreams = [64510]

[[own]]
prefixes = ["203.0.113.0/24"]
origins = [64501, "AS64502"]

[[peer]]
match = { address = "198.51.100.1" }
name = "transit \"a\" \\ é"
local_role = "customer"
maximum_prefix = 1100000
warning_percent = 75

[[peer]]
match = { address = "2001:db8::1", as = 64511, router = "192.0.2.1" }
maximum_prefix = 200000
private = true
allow_own_as = true

[[peer]]
match = { as = 64512 }
local_role = "rs-client"
maximum_prefix = { ipv4 = 5, ipv6 = 6 }

[[contact]]
as = 64510
name = "NOC"
phone = "+1 555 0100"

[relations]
file = "as-rel.txt.gz"

[lists]
tier1 = [64520, "AS64521"]
never_transit = []
siblings = [[64500, 64501], [3356, 64530]]
route_servers = [64540]
blackhole_communities = ["65535:666", "64510:9"]

[detect.surge]
rate = "200/s"
burst = 2_000
burst_percent = 1

[detect.maximum_prefix]
table_ipv4 = 1_000_000

[incident]
page_confidence = 0.9

[alert]
resolve_after = "1h30m"
"#;

#[test]
fn every_table_is_read() {
    let config = parse(FULL);
    let reference = &config.reference;
    assert_eq!(reference.local_as, Some(Asn(64500)));
    let own = reference.own.find(0xC000_0210_u32, 28).unwrap();
    assert!(own.expects(28, Asn(64500)) && !own.expects(29, Asn(64500)));
    assert!(own.expects_upstream(Asn(64510)) && !own.expects_upstream(Asn(64511)));
    let own = reference.own.find(0xCB00_7100_u32, 24).unwrap();
    assert_eq!(own.origins, [Asn(64501), Asn(64502)]);

    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let policy = |text, asn| reference.peer_policy(&PeerKey::mrt(address(text), Asn(asn)));
    let transit = policy("198.51.100.1", 64510).unwrap();
    assert_eq!(transit.local_role, Some(Role::Customer));
    assert_eq!(transit.maximum_prefix_ipv4, Some(1_100_000));
    assert_eq!(transit.maximum_prefix_ipv6, None);
    let server = policy("198.51.100.9", 64512).unwrap();
    assert_eq!(
        (server.maximum_prefix_ipv4, server.maximum_prefix_ipv6),
        (Some(5), Some(6))
    );
    assert_eq!(policy("2001:db8::1", 64511), None, "its router is not MRT");
    let six = &reference.peers[1];
    assert_eq!(six.maximum_prefix_ipv6, Some(200_000));
    assert!(six.private && six.allow_own_as);

    assert_eq!(reference.relation(Asn(64520), Asn(64521)), Relation::Peer);
    assert_eq!(
        reference.relation(Asn(3549), Asn(64530)),
        Relation::Sibling,
        "a group that shares a member with a built-in one joins it"
    );
    assert!(!reference.tier1.contains(Asn(701)));
    assert!(reference.never_transit.is_empty());
    assert_eq!(
        reference.blackhole_communities,
        [0xFFFF_029A, 64510 << 16 | 9]
    );
    assert!((config.detect.surge.rate - 200.0).abs() < 1e-9);
    assert_eq!(config.detect.surge.burst, 2000);
    assert!((config.detect.surge.burst_percent - 1.0).abs() < 1e-9);
    assert_eq!(config.incident.resolve_after, Duration::from_secs(5400));
    assert_eq!(config.detect.maximum_prefix.table_ipv4, Some(1_000_000));
}

#[test]
fn the_service_is_read() {
    let config = parse(FULL);
    let bmp = &config.bmp;
    assert_eq!(bmp.listen, Some("[::]:11019".parse().unwrap()));
    assert_eq!((bmp.allow.len(), bmp.connect.len()), (2, 1));
    assert_eq!(bmp.hold_stale, Duration::from_secs(600));
    assert_eq!((bmp.most_message, bmp.queue), (64 << 10, 1 << 30));
    let [first, second] = &config.mrt[..] else {
        panic!("two directories: {:?}", config.mrt)
    };
    assert_eq!((first.name.as_str(), first.follow), ("rrc00", true));
    assert_eq!(first.stable, Duration::from_secs(60));
    assert_eq!(second.name, "our \"own\"");
    assert_eq!(config.http.listen.port(), 0);
    assert_eq!(config.http.hosts, ["leakwatch.example"]);
    assert_eq!(
        config.log,
        Log {
            level: LogLevel::Debug,
            format: LogFormat::Json
        }
    );
    assert_eq!(
        config.state,
        store::Settings {
            directory: Some(PathBuf::from("/srv/leakwatch")),
            keep: Duration::from_secs(30 * 86_400),
        }
    );
    assert_eq!(parse("[bmp]\nlisten = \"off\"").bmp.listen, None);
}

#[test]
fn relative_paths_start_at_the_directory_of_the_file() {
    let config = Config::parse(
        "[[mrt]]\ndirectory = \"spool\"\n[http]\nweb_config = \"web.yml\"\n\
         [state]\ndirectory = \"state\"",
        Path::new("/etc/leakwatch"),
    )
    .unwrap();
    assert_eq!(
        config.http.web_config.as_deref(),
        Some(Path::new("/etc/leakwatch/web.yml"))
    );
    assert_eq!(
        config.state.directory.as_deref(),
        Some(Path::new("/etc/leakwatch/state"))
    );
    assert_eq!(config.mrt[0].directory, Path::new("/etc/leakwatch/spool"));
    assert_eq!(config.mrt[0].name, "spool");
}

#[test]
fn what_is_shown_says_the_same() {
    let config = parse(FULL);
    assert_eq!(parse(&config.to_toml()), config);
}

#[test]
fn all_problems_are_reported_at_once_by_line() {
    let text = "\
locl_as = 64500
[detect.surge]
rat = \"200/s\"
burst = \"many\"
[detect.gate]
quiet = \"5 fortnights\"
[detect.valey]
prefixes = 3
[[peer]]
match = { addres = \"192.0.2.1\" }
local_role = \"upstream\"
[[own]]
prefixes = [\"192.0.2.1/24\"]
[detect.path_length]
page = 10
";
    let found = problems(text);
    let expected = [
        "line 1: locl_as: unknown key; did you mean `local_as`?",
        "line 3: detect.surge.rat: unknown key; did you mean `rate`?",
        "line 4: detect.surge.burst: is a text, not a whole number",
        "line 6: detect.gate.quiet: `5 fortnights` is not a duration; write it as \"30s\", \"5m\" or \"1h30m\"",
        "line 7: detect.valey: unknown key; did you mean `valley`?",
        "line 10: peer.match.addres: unknown key; did you mean `address`?",
        "line 11: peer.local_role: `upstream` is not a role; write customer, provider, peer, rs-server or rs-client",
        "line 13: own.prefixes: `192.0.2.1/24` has bits set beyond its mask; did you mean `192.0.2.0/24`?",
        "line 14: detect.path_length: `warn` must not be above `page`",
    ];
    assert_eq!(found, expected, "{found:#?}");
}

#[test]
fn wrong_types_and_values_are_named() {
    for (text, said) in [
        ("local_as = true", "is true or false, not an AS number"),
        ("local_as = -1", "-1 is not an AS number"),
        ("local_as = \"ASx\"", "`ASx` is not an AS number"),
        ("own = 1", "write [[own]], once for each"),
        (
            "[own]\nprefixes = [\"192.0.2.0/24\"]",
            "write [[own]], once for each",
        ),
        ("own = [1]", "own: is a whole number, not a table"),
        ("[[own]]\nprefixes = [\"192.0.2.0/24\"]", "needs `origins`"),
        ("local_as = 1\n[[own]]\norigins = [1]", "needs `prefixes`"),
        ("[[own]]\nprefixes = 5", "is a whole number, not a list"),
        (
            "local_as = 1\n[[own]]\nprefixes = [\"192.0.2.0/24\", \"192.0.2.0/24^25\"]",
            "192.0.2.0/24 is listed twice",
        ),
        ("[[peer]]\nname = \"x\"", "needs `match"),
        (
            "[[peer]]\nmatch = { as = 1 }\n[[peer]]\nmatch = { as = 1 }",
            "line 3: peer: matches exactly",
        ),
        (
            "[[peer]]\nmatch = { as = 1 }\nmaximum_prefix = { ipv5 = 1 }",
            "did you mean `ipv",
        ),
        (
            "[[peer]]\nmatch = { as = 1 }\nmaximum_prefix = 0",
            "0 is not between 1 and",
        ),
        ("[[peer]]\nmatch = { as = 1 }\nname = \"a\\nb\"", "one line"),
        ("[[contact]]\nas = 1", "needs `as` and `name`"),
        ("[lists]\nsiblings = [[1]]", "at least two"),
        (
            "[lists]\nblackhole_communities = [\"65536:1\"]",
            "not a standard community",
        ),
        ("[relations]\nfile = \"\"", "not the path of a file"),
        ("detect = 5", "detect: is a whole number, not a table"),
        (
            "[detect]\nsurge = 5",
            "detect.surge: is a whole number, not a table",
        ),
        ("[detect.surge]\nrate = 200", "not a rate such as \"200/s\""),
        ("[detect.surge]\nrate = \"0/s\"", "must be at least"),
        ("[detect.withdrawal]\npercent = nan", "not between"),
        (
            "[detect.withdrawal]\nwindow = \"2d\"",
            "not between \"1s\" and \"1h\"",
        ),
        (
            "[incident]\nresolve_after = \"5m\"",
            "did you mean `alert.resolve_after`?",
        ),
        (
            "[bmp]\nlisten = \"[::]:11019\"",
            "line 2: bmp.listen: `listen` = \"[::]:11019\" can be reached from other hosts",
        ),
        (
            "[bmp]\nlisten = \"11019\"",
            "`11019` is not an address with its port",
        ),
        ("[bmp]\nallow = [\"any\"]", "`any` is not a network"),
        ("[bmp]\nqueue = \"64MB\"", "`64MB` is not a size"),
        ("[bmp]\nqueue = 5", "\"5B\" is not between \"1MiB\""),
        (
            "[bmp]\nmost_peers = 10",
            "bmp.most_router_peers: must not be above `most_peers`",
        ),
        ("[bmp]\nhold_stal = \"1m\"", "did you mean `hold_stale`?"),
        (
            "[log]\nlevel = \"loud\"",
            "`loud` is not known; write error, warn, info, debug or trace",
        ),
        ("[[mrt]]\nname = \"x\"", "needs `directory`"),
        (
            "[[mrt]]\ndirectory = \"a\"\n[[mrt]]\ndirectory = \"b/a\"",
            "a second directory of the name",
        ),
        (
            "[[mrt]]\ndirectory = \"a\"\nname = \"x\"\n[[mrt]]\ndirectory = \"a\"",
            "watched already",
        ),
        ("local_as = 1\nlocal_as = 2", "duplicate key"),
        ("local_as = ", "line 1"),
    ] {
        let found = problems(text).join("\n");
        assert!(found.contains(said), "{text:?} gives {found:?}");
    }
}

#[test]
fn hostile_text_is_refused_without_harm() {
    let deep = format!("a = {}{}", "[".repeat(5000), "]".repeat(5000));
    let dotted = format!("{} = 1", vec!["detect"; 5000].join("."));
    let many = (0..100_000).fold(String::new(), |text, n| text + &format!("k{n} = 1\n"));
    let long = format!("{} = 1", "k".repeat(1 << 20));
    for text in [&deep, &dotted, &many, &long, "\u{0}", "\"\\u001b[2J\" = 1"] {
        let found = problems(text);
        assert!(!found.is_empty() && found.len() < 120);
        assert!(found.iter().all(|said| said.len() < 1000));
        assert!(!found.concat().contains('\u{1b}'));
    }
}

#[test]
fn the_relations_file_is_read_plain_and_compressed() {
    use std::io::Write;
    let dir = std::env::temp_dir().join(format!("leakwatch-config-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let text = b"# as-rel\n64500|64501|-1\n64500|64502|0|bgp\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(text).unwrap();
    std::fs::write(dir.join("plain"), text).unwrap();
    std::fs::write(dir.join("gzip"), gzip.finish().unwrap()).unwrap();
    std::fs::write(dir.join("bzip2"), bzip2.finish().unwrap()).unwrap();
    std::fs::write(dir.join("bad"), "64500|64501|-1\n64500 64502\n").unwrap();
    for name in ["plain", "gzip", "bzip2"] {
        let config = dir.join("leakwatch.toml");
        std::fs::write(&config, format!("[relations]\nfile = \"{name}\"\n")).unwrap();
        let config = Config::load(&config).unwrap();
        let relation = config.reference.relation(Asn(64500), Asn(64501));
        assert_eq!(relation, Relation::Customer, "{name}");
    }
    for (name, said) in [
        ("bad", "line 2: `64500 64502`"),
        ("none", "none: "),
        (".", "not a file"),
    ] {
        let text = format!("\n[relations]\nfile = \"{name}\"\n");
        let error = Config::parse(&text, &dir).unwrap_err().to_string();
        assert!(
            error.contains("line 3: relations.file: ") && error.contains(said),
            "{error}"
        );
    }
    let error = Config::load(&dir.join("absent.toml")).unwrap_err();
    assert!(matches!(error, ConfigError::Read { .. }));
    std::fs::remove_dir_all(&dir).unwrap();
}
