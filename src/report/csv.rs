//! One line of a comma-separated file (RFC 4180), but for line ends within quotes.

/// A line that cannot be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LineError {
    /// A quote is open at the end of the line.
    #[error("a quote is not closed on this line")]
    Open,
    /// A quoted field goes on after its quote.
    #[error("something stands between a closing quote and the next comma")]
    AfterQuote,
}

/// The fields of a line, blanks around them taken away where they are not quoted.
pub(super) fn fields(line: &str) -> Result<Vec<String>, LineError> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let start = rest.trim_start();
        let (field, after) = if let Some(inside) = start.strip_prefix('"') {
            quoted(inside)?
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let (field, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            (field.trim().to_owned(), after)
        };
        fields.push(field);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Ok(fields),
        }
    }
}

/// A field whose opening quote is read already, and what comes after it.
fn quoted(mut rest: &str) -> Result<(String, &str), LineError> {
    let mut field = String::new();
    loop {
        let (part, after) = rest.split_once('"').ok_or(LineError::Open)?;
        field.push_str(part);
        if let Some(more) = after.strip_prefix('"') {
            field.push('"');
            rest = more;
            continue;
        }
        let after = after.trim_start();
        if after.is_empty() || after.starts_with(',') {
            return Ok((field, after));
        }
        return Err(LineError::AfterQuote);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_plain_or_quoted() {
        for (line, expected) in [
            ("a, b ,c", &["a", "b", "c"][..]),
            ("a,\"b, c\",\"d \"\"e\"\"\"", &["a", "b, c", "d \"e\""]),
            (" \"a\" , b", &["a", "b"]),
            ("a,,", &["a", "", ""]),
            ("", &[""]),
            ("株式会社例, \"東京,大阪\"", &["株式会社例", "東京,大阪"]),
        ] {
            assert_eq!(fields(line).unwrap(), expected, "{line}");
        }
        assert_eq!(fields("a,\"b"), Err(LineError::Open));
        assert_eq!(fields("\"a\"b,c"), Err(LineError::AfterQuote));
    }
}
