//! How values of the service are written: addresses, lists, words, sizes and paths.

use std::{fmt::Display, net::SocketAddr, ops::RangeInclusive, path::PathBuf, str::FromStr};

use toml::de::DeValue;

use super::{
    kinds::{Kind, integer, named, string},
    problem::printable,
    reader::{flag, label},
    show::quoted,
};

/// A text that is read as a value; the text says what is wanted.
pub(super) struct Word(pub &'static str);

/// An address with its port, or `"off"`.
pub(super) struct Listen;

/// A list of texts, each read as a value; the text says what one of them is.
pub(super) struct Listed(pub &'static str);

/// A number of bytes such as `"64MiB"`, within bounds.
pub(super) struct Size(pub RangeInclusive<u64>);

/// The path of a file, or nothing.
pub(super) struct File;

/// True or false.
pub(super) struct Flag;

/// A name on one line, or nothing.
pub(super) struct Name;

impl Kind<Option<String>> for Name {
    fn read(&self, value: &DeValue) -> Result<Option<String>, String> {
        label(value).map(Some)
    }

    fn write(&self, value: &Option<String>) -> Option<String> {
        value.as_deref().map(quoted)
    }
}

/// One line of text, which may be empty.
pub(super) struct Line;

impl Kind<bool> for Flag {
    fn read(&self, value: &DeValue) -> Result<bool, String> {
        flag(value)
    }

    fn write(&self, value: &bool) -> Option<String> {
        Some(value.to_string())
    }
}

impl Kind<String> for Line {
    fn read(&self, value: &DeValue) -> Result<String, String> {
        if value.as_str() == Some("") {
            return Ok(String::new());
        }
        label(value)
    }

    fn write(&self, value: &String) -> Option<String> {
        Some(quoted(value))
    }
}
/// An HTTP address, or nothing.
pub(super) struct Url;

/// A text on one line; the text says what it is.
pub(super) struct Text(pub &'static str);

impl<T: FromStr<Err: Display> + Display> Kind<T> for Word {
    fn read(&self, value: &DeValue) -> Result<T, String> {
        word(value, self.0)
    }

    fn write(&self, value: &T) -> Option<String> {
        Some(quoted(&value.to_string()))
    }
}

impl Kind<Option<SocketAddr>> for Listen {
    fn read(&self, value: &DeValue) -> Result<Option<SocketAddr>, String> {
        let wanted = "an address with its port such as \"[::]:11019\", or \"off\"";
        if string(value, wanted)? == "off" {
            return Ok(None);
        }
        word(value, wanted).map(Some)
    }

    fn write(&self, value: &Option<SocketAddr>) -> Option<String> {
        Some(match value {
            Some(address) => quoted(&address.to_string()),
            None => "\"off\"".to_owned(),
        })
    }
}

impl<T: FromStr<Err: Display> + Display> Kind<Vec<T>> for Listed {
    fn read(&self, value: &DeValue) -> Result<Vec<T>, String> {
        let Some(elements) = value.as_array() else {
            return Err(format!("is {}, not a list", named(value)));
        };
        elements
            .iter()
            .map(|element| word(element.get_ref(), self.0))
            .collect()
    }

    fn write(&self, value: &Vec<T>) -> Option<String> {
        let elements: Vec<String> = value
            .iter()
            .map(|element| quoted(&element.to_string()))
            .collect();
        Some(format!("[{}]", elements.join(", ")))
    }
}

impl<T: TryFrom<u64> + Copy + TryInto<u64>> Kind<T> for Size {
    fn read(&self, value: &DeValue) -> Result<T, String> {
        let wanted = "a size such as \"64MiB\"";
        let bytes = match value {
            DeValue::String(text) => size(text).ok_or_else(|| {
                format!(
                    "`{}` is not a size; write it as \"512KiB\" or \"64MiB\"",
                    printable(text)
                )
            })?,
            _ => integer(value)
                .ok()
                .and_then(|bytes| u64::try_from(bytes).ok())
                .ok_or_else(|| format!("is {}, not {wanted}", named(value)))?,
        };
        if !self.0.contains(&bytes) {
            return Err(format!(
                "\"{}\" is not between \"{}\" and \"{}\"",
                write_size(bytes),
                write_size(*self.0.start()),
                write_size(*self.0.end())
            ));
        }
        T::try_from(bytes).map_err(|_| format!("{bytes} is too large"))
    }

    fn write(&self, value: &T) -> Option<String> {
        let bytes: u64 = (*value).try_into().ok()?;
        Some(quoted(&write_size(bytes)))
    }
}

impl Kind<Option<PathBuf>> for File {
    fn read(&self, value: &DeValue) -> Result<Option<PathBuf>, String> {
        path(value).map(Some)
    }

    fn write(&self, value: &Option<PathBuf>) -> Option<String> {
        Some(quoted(&value.as_ref()?.to_string_lossy()))
    }
}

impl Kind<Option<String>> for Url {
    fn read(&self, value: &DeValue) -> Result<Option<String>, String> {
        super::sinks::url(value).map(Some)
    }

    fn write(&self, value: &Option<String>) -> Option<String> {
        Some(quoted(value.as_ref()?))
    }
}

impl Kind<String> for Text {
    fn read(&self, value: &DeValue) -> Result<String, String> {
        string(value, self.0)?;
        super::reader::label(value)
    }

    fn write(&self, value: &String) -> Option<String> {
        Some(quoted(value))
    }
}

/// The path of a file or a directory.
pub(super) fn path(value: &DeValue) -> Result<PathBuf, String> {
    let text = string(value, "a path")?;
    if text.is_empty() || text.contains('\0') {
        return Err("is not a path".to_owned());
    }
    Ok(PathBuf::from(text))
}

fn word<T: FromStr<Err: Display>>(value: &DeValue, wanted: &str) -> Result<T, String> {
    let text = string(value, wanted)?;
    text.parse().map_err(|error: T::Err| {
        let error = error.to_string();
        if error.contains('`') {
            printable(&error)
        } else {
            format!("`{}` is not {wanted}", printable(text))
        }
    })
}

const SIZES: [(&str, u32); 4] = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0)];

fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let (number, shift) = SIZES
        .iter()
        .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)))?;
    let number: u64 = number.trim_end().parse().ok()?;
    number.checked_mul(1 << shift)
}

fn write_size(bytes: u64) -> String {
    let (unit, shift) = SIZES
        .iter()
        .find(|(_, shift)| bytes > 0 && bytes.trailing_zeros() >= *shift)
        .copied()
        .unwrap_or(("B", 0));
    format!("{}{unit}", bytes >> shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written_alike() {
        for (text, bytes) in [
            ("64MiB", 64 << 20),
            ("1536KiB", 1536 << 10),
            ("1GiB", 1 << 30),
            ("7B", 7),
            ("0B", 0),
        ] {
            assert_eq!(size(text), Some(bytes), "{text}");
            assert_eq!(write_size(bytes), text);
        }
        assert_eq!(size("1 MiB"), Some(1 << 20));
        for text in ["", "5", "MiB", "5MB", "-5MiB", "1.5MiB", "99999999999GiB"] {
            assert_eq!(size(text), None, "{text}");
        }
    }
}
