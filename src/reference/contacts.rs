//! Whom to call about an AS.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::bgp::Asn;

/// One network's operators.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Contact {
    /// Who answers.
    pub name: String,
    /// Telephone number as dialled.
    pub phone: Option<String>,
    /// Mail address.
    pub mail: Option<String>,
}

/// Contacts by AS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contacts(BTreeMap<Asn, Contact>);

impl Contacts {
    /// Adds one; returns the one it replaced.
    pub fn insert(&mut self, asn: Asn, contact: Contact) -> Option<Contact> {
        self.0.insert(asn, contact)
    }

    /// Who answers for `asn`.
    pub fn get(&self, asn: Asn) -> Option<&Contact> {
        self.0.get(&asn)
    }

    /// All of them, by AS number.
    pub fn iter(&self) -> impl Iterator<Item = (Asn, &Contact)> {
        self.0.iter().map(|(asn, contact)| (*asn, contact))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_found_by_its_as() {
        let mut contacts = Contacts::default();
        let noc = Contact {
            name: "NOC".to_owned(),
            ..Contact::default()
        };
        assert_eq!(contacts.insert(Asn(701), noc.clone()), None);
        assert_eq!(contacts.get(Asn(701)), Some(&noc));
        assert_eq!(contacts.get(Asn(702)), None);
        assert_eq!(contacts.iter().count(), 1);
    }
}
