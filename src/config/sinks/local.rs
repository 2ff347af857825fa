//! Syslog and files.

use std::time::Duration;

use toml::de::DeValue;

use super::{
    super::{
        kinds::string,
        problem::printable,
        reader::{Context, Reader, parsed},
        words::path,
    },
    needed, timeout,
};
use crate::alert::{Destination, file, syslog};

pub(super) fn syslog(reader: &mut Reader, context: &mut Context) -> Destination {
    let address = |value: &DeValue| parsed::<syslog::Address>(value, "an address");
    let address = reader.read(context, "address", address);
    let facility = |value: &DeValue| parsed::<syslog::Facility>(value, "a facility");
    let facility = reader.read(context, "facility", facility);
    let checked = |what: &'static str, right: fn(&str) -> bool| {
        move |value: &DeValue| {
            let text = string(value, what)?;
            if right(text) {
                Ok(text.to_owned())
            } else {
                Err(format!("`{}` is not {what}", printable(text)))
            }
        }
    };
    let app_name = checked("a name of up to 48 visible characters", |text| {
        syslog::is_head(text, 48)
    });
    let app_name = reader.read(context, "app_name", app_name);
    let sd_id = checked("a name such as \"leakwatch@32473\"", syslog::is_sd_id);
    let sd_id = reader.read(context, "sd_id", sd_id);
    let timeout = timeout(Duration::from_secs(10), reader, context);
    let default = syslog::Settings::default();
    Destination::Syslog(syslog::Settings {
        address: address.unwrap_or(default.address),
        facility: facility.unwrap_or(default.facility),
        app_name: app_name.unwrap_or(default.app_name),
        sd_id: sd_id.unwrap_or(default.sd_id),
        timeout,
    })
}

pub(super) fn lines(reader: &mut Reader, context: &mut Context) -> Option<Destination> {
    let file = reader.read(context, "path", path);
    let path = needed(reader, context, "path", file)?;
    Some(Destination::File(file::Settings { path }))
}
