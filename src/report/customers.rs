//! Our own customers by prefix, from a file.
//!
//! The file is a table with a comma between the fields (RFC 4180), so that it can be exported
//! from where customers are kept:
//!
//! ```text
//! prefix,name,users,contact
//! 192.0.2.0/25,Example Bank,1200,noc@bank.example
//! 2001:db8:10::/48,"Example, University",30000,+81 3 5550 0100
//! ```
//!
//! The first line names the columns, in any order; `users` and `contact` may be left out. An
//! address belongs to the customer of its longest prefix.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;

use super::csv;
use crate::bgp::{Plain, Prefix};

/// Problems beyond this many are counted only.
const MOST_PROBLEMS: usize = 50;

/// One line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Theirs.
    pub prefix: Prefix,
    /// Who.
    pub name: String,
    /// Users behind this prefix; none where nobody knows.
    pub users: Option<u64>,
    /// How they are reached.
    pub contact: Option<String>,
}

/// A line that affected prefixes concern.
#[derive(Clone, Copy, Debug)]
pub(super) struct Concerned<'a> {
    /// Which.
    pub customer: &'a Customer,
    /// Not all of its prefix is affected, as far as was looked up: perhaps not all of its users.
    pub partly: bool,
}

/// All customers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Customers {
    entries: Vec<Customer>,
    v4: PrefixMap<Ipv4Net, u32>,
    v6: PrefixMap<Ipv6Net, u32>,
}

/// Columns, in the order in which they are told.
const COLUMNS: [&str; 4] = ["prefix", "name", "users", "contact"];

/// Which place each column has in a line.
#[derive(Clone, Copy, Debug, Default)]
struct Header {
    prefix: Option<usize>,
    name: Option<usize>,
    users: Option<usize>,
    contact: Option<usize>,
}

impl Customers {
    /// Reads a file's text.
    ///
    /// # Errors
    /// With every problem in it, a line each, that begins with its number.
    pub fn parse(text: &str) -> Result<Customers, Vec<String>> {
        // Spreadsheets begin a file with a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = (1_u32..).zip(text.lines()).filter(|(_, line)| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with('#')
        });
        let Some((number, first)) = lines.next() else {
            return Err(vec![
                "nothing is in it; its first line names the columns: prefix,name,users,contact"
                    .to_owned(),
            ]);
        };
        let header = header(first).map_err(|what| vec![format!("line {number}: {what}")])?;
        let mut customers = Customers::default();
        let mut seen: BTreeMap<Prefix, u32> = BTreeMap::new();
        let mut problems = Vec::new();
        let mut more = 0_usize;
        for (number, line) in lines {
            let read = read(line, header).and_then(|customer| {
                match seen.insert(customer.prefix, number) {
                    Some(before) => Err(format!(
                        "{} stands on line {before} already",
                        customer.prefix
                    )),
                    None => Ok(customer),
                }
            });
            match read {
                Ok(customer) => customers.add(customer),
                Err(what) if problems.len() < MOST_PROBLEMS => {
                    problems.push(format!("line {number}: {what}"));
                }
                Err(_) => more += 1,
            }
        }
        if more > 0 {
            problems.push(format!("and {more} more problems"));
        }
        if problems.is_empty() {
            Ok(customers)
        } else {
            Err(problems)
        }
    }

    fn add(&mut self, customer: Customer) {
        let index = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        match customer.prefix {
            IpNet::V4(prefix) => self.v4.insert(prefix, index),
            IpNet::V6(prefix) => self.v6.insert(prefix, index),
        };
        self.entries.push(customer);
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Who has a prefix, by the longest that equals or covers it.
    pub fn of(&self, prefix: Prefix) -> Option<&Customer> {
        self.index_of(prefix).and_then(|index| self.at(index))
    }

    /// Customers that `prefixes` concern, in the order of the file: those they belong to, and
    /// those that lie within them.
    pub(super) fn within_or_of(&self, prefixes: &[Prefix]) -> Vec<Concerned<'_>> {
        let mut found: BTreeSet<u32> = BTreeSet::new();
        for &prefix in prefixes {
            found.extend(self.index_of(prefix));
            match prefix {
                IpNet::V4(prefix) => {
                    found.extend(self.v4.children(&prefix).map(|(_, index)| index));
                }
                IpNet::V6(prefix) => {
                    found.extend(self.v6.children(&prefix).map(|(_, index)| index));
                }
            }
        }
        // Both halves of a prefix are the whole of it.
        let mut whole = Prefix::aggregate(&prefixes.to_vec());
        whole.sort_unstable();
        let found = found.into_iter().filter_map(|index| self.at(index));
        found
            .map(|customer| Concerned {
                customer,
                partly: !covers(&whole, customer.prefix),
            })
            .collect()
    }

    fn index_of(&self, prefix: Prefix) -> Option<u32> {
        match prefix {
            IpNet::V4(prefix) => self.v4.get_lpm(&prefix).map(|(_, index)| *index),
            IpNet::V6(prefix) => self.v6.get_lpm(&prefix).map(|(_, index)| *index),
        }
    }

    fn at(&self, index: u32) -> Option<&Customer> {
        self.entries.get(index as usize)
    }
}

/// Whether one of these, which are in order and none within another, covers a prefix.
fn covers(sorted: &[Prefix], prefix: Prefix) -> bool {
    let behind = sorted.partition_point(|one| one.network() <= prefix.network());
    let last = behind.checked_sub(1).and_then(|last| sorted.get(last));
    last.is_some_and(|last| last.contains(&prefix))
}

fn header(line: &str) -> Result<Header, String> {
    let mut header = Header::default();
    for (index, name) in csv::fields(line)
        .map_err(|error| error.to_string())?
        .iter()
        .enumerate()
    {
        let name = name.to_lowercase();
        let place = match name.as_str() {
            "prefix" => &mut header.prefix,
            "name" => &mut header.name,
            "users" => &mut header.users,
            "contact" => &mut header.contact,
            _ => {
                let near = super::template::nearest(&name, &COLUMNS);
                let near = near.map_or_else(
                    || format!("known are {}", COLUMNS.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                return Err(format!("`{}` is no column; {near}", cut(&name)));
            }
        };
        if place.replace(index).is_some() {
            return Err(format!("the column `{name}` is there twice"));
        }
    }
    if header.prefix.is_none() || header.name.is_none() {
        return Err("the first line names the columns, `prefix` and `name` among them".to_owned());
    }
    Ok(header)
}

fn read(line: &str, header: Header) -> Result<Customer, String> {
    let fields = csv::fields(line).map_err(|error| error.to_string())?;
    let field = |place: Option<usize>| {
        let field = fields.get(place?)?.trim();
        (!field.is_empty()).then_some(field)
    };
    let text = field(header.prefix).ok_or("has no prefix")?;
    let prefix: Prefix = text.parse().map_err(|_| {
        format!(
            "`{}` is no prefix; write it as 192.0.2.0/24 or 2001:db8::/32",
            cut(text)
        )
    })?;
    if prefix != prefix.trunc() {
        return Err(format!(
            "`{}` has bits set beyond its length; did you mean {}?",
            cut(text),
            prefix.trunc()
        ));
    }
    let name = field(header.name).ok_or("has no name")?.to_owned();
    let users = match field(header.users) {
        None => None,
        Some(text) => Some(
            text.parse::<u64>()
                .map_err(|_| format!("`{}` is no number of users; write digits only", cut(text)))?,
        ),
    };
    let contact = field(header.contact).map(str::to_owned);
    Ok(Customer {
        prefix,
        name,
        users,
        contact,
    })
}

/// Text of the file as it may appear on a terminal.
fn cut(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    Plain(&short).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\u{feff}name,prefix,users,contact\r\n\
        Bank,192.0.2.0/25,1200,noc@bank.example\r\n\
        # the rest of it\r\n\
        \r\n\
        \"Shops, small\",192.0.2.0/24,,\r\n\
        University,2001:db8::/32,30000,\r\n\
        Institute,2001:db8:1::/48,50,\r\n";

    fn prefix(text: &str) -> Prefix {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_belongs_to_the_longest_prefix_in_both_families() {
        let customers = Customers::parse(FILE).unwrap();
        assert_eq!(customers.len(), 4);
        let name = |text| customers.of(prefix(text)).map(|found| found.name.as_str());
        assert_eq!(name("192.0.2.0/25"), Some("Bank"));
        assert_eq!(name("192.0.2.64/26"), Some("Bank"));
        assert_eq!(name("192.0.2.128/25"), Some("Shops, small"));
        assert_eq!(name("192.0.2.0/24"), Some("Shops, small"));
        assert_eq!(name("192.0.0.0/16"), None);
        assert_eq!(name("2001:db8:1:2::/64"), Some("Institute"));
        assert_eq!(name("2001:db8:2::/48"), Some("University"));
        assert_eq!(name("2001:db9::/32"), None);
        assert_eq!(customers.of(prefix("192.0.2.128/32")).unwrap().users, None);
    }

    #[test]
    fn what_lies_within_an_affected_prefix_is_affected_and_counted_once() {
        let customers = Customers::parse(FILE).unwrap();
        let names = |prefixes: &[&str]| -> Vec<String> {
            let prefixes: Vec<Prefix> = prefixes.iter().map(|text| prefix(text)).collect();
            let found = customers.within_or_of(&prefixes);
            let name = |one: &Concerned| one.customer.name.clone();
            found.iter().map(name).collect()
        };
        assert_eq!(
            names(&["192.0.0.0/16", "192.0.2.0/26"]),
            ["Bank", "Shops, small"]
        );
        assert_eq!(names(&["192.0.2.0/26", "192.0.2.64/26"]), ["Bank"]);
        assert_eq!(names(&["::/0"]), ["University", "Institute"]);
        assert!(names(&["198.51.100.0/24"]).is_empty());
    }

    #[test]
    fn a_line_is_affected_partly_or_whole() {
        let customers = Customers::parse(FILE).unwrap();
        let partly = |prefixes: &[&str]| -> Vec<bool> {
            let prefixes: Vec<Prefix> = prefixes.iter().map(|text| prefix(text)).collect();
            let found = customers.within_or_of(&prefixes);
            found.iter().map(|one| one.partly).collect()
        };
        assert_eq!(partly(&["192.0.2.0/25"]), [false]);
        assert_eq!(partly(&["192.0.2.0/26"]), [true]);
        assert_eq!(partly(&["192.0.2.64/26", "192.0.2.0/26"]), [false]);
        assert_eq!(partly(&["192.0.0.0/16", "192.0.2.0/26"]), [false, false]);
        assert_eq!(partly(&["192.0.2.0/25", "192.0.2.128/26"]), [false, true]);
        assert_eq!(partly(&["2001:db8:2::/48", "10.0.0.0/8"]), [true]);
        assert_eq!(partly(&["2001:db8::/32", "10.0.0.0/8"]), [false, false]);
        assert_eq!(partly(&["2001:db8:1::/49", "::/1"]), [false, false]);
    }

    #[test]
    fn every_problem_is_told_with_its_line() {
        let problems = Customers::parse(
            "prefix,name,users\n192.0.2.0/33,A,1\n192.0.2.1/24,B,1\n192.0.2.0/24,,1\n\
             192.0.2.0/24,C,1.5\n\"192.0.2.0/24,D,1\n192.0.2.0/24,E,7\n192.0.2.0/24,F,7\n",
        )
        .unwrap_err();
        let expected = [
            "line 2: `192.0.2.0/33` is no prefix",
            "line 3: `192.0.2.1/24` has bits set beyond its length; did you mean 192.0.2.0/24?",
            "line 4: has no name",
            "line 5: `1.5` is no number of users",
            "line 6: a quote is not closed on this line",
            "line 8: 192.0.2.0/24 stands on line 7 already",
        ];
        assert_eq!(problems.len(), expected.len(), "{problems:#?}");
        for (problem, expected) in problems.iter().zip(expected) {
            assert!(problem.starts_with(expected), "{problem}");
        }
    }

    #[test]
    fn a_header_that_is_not_understood_is_told() {
        let refused = |text| Customers::parse(text).unwrap_err().join("\n");
        assert!(refused("").contains("its first line names the columns"));
        assert!(refused("prefix,nmae\n").contains("did you mean `name`?"));
        assert!(refused("prefix,users\n").contains("`prefix` and `name`"));
        assert!(refused("prefix,name,name\n").contains("there twice"));
        assert!(refused("192.0.2.0/24,Bank,5\n").contains("is no column"));
    }

    #[test]
    fn a_wrong_file_is_not_quoted_without_end() {
        let text = format!("prefix,name\n{}", "\u{1b}[2J,x\n".repeat(1000));
        let problems = Customers::parse(&text).unwrap_err();
        assert_eq!(problems.len(), MOST_PROBLEMS + 1);
        assert_eq!(problems.last().unwrap(), "and 950 more problems");
        assert!(problems.iter().all(|problem| !problem.contains('\u{1b}')));
    }
}
