//! Secrets: read from a file or a service credential, never written in the configuration and
//! never printed.

use std::{
    env, fmt,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    str::FromStr,
};

/// The longest secret.
const MOST_BYTES: u64 = 64 << 10;
/// Before the name of a credential (systemd's `LoadCredential=`).
const CREDENTIAL: &str = "credential:";

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretFile {
    /// In a file.
    Path(PathBuf),
    /// In the service manager's directory of credentials, by this name.
    Credential(String),
}

/// A secret. It prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A name that is no file in the directory of credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no file; write a path, or \"credential:NAME\" for one of the service's")]
pub struct NoSecret(String);

impl FromStr for SecretFile {
    type Err = NoSecret;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix(CREDENTIAL) {
            Some(name)
                if name.is_empty() || name.starts_with('.') || name.contains(['/', '\0']) =>
            {
                Err(NoSecret(text.to_owned()))
            }
            Some(name) => Ok(SecretFile::Credential(name.to_owned())),
            None if text.is_empty() || text.contains('\0') => Err(NoSecret(text.to_owned())),
            None => Ok(SecretFile::Path(PathBuf::from(text))),
        }
    }
}

impl fmt::Display for SecretFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretFile::Path(path) => write!(f, "{}", path.display()),
            SecretFile::Credential(name) => write!(f, "{CREDENTIAL}{name}"),
        }
    }
}

impl SecretFile {
    /// A relative path starts at the directory of the configuration.
    pub fn start_at(&mut self, base: &Path) {
        if let SecretFile::Path(path) = self {
            *path = base.join(&path);
        }
    }

    /// The secret: the file without line ends after it.
    ///
    /// # Errors
    /// In words for a person, without the secret.
    pub fn read(&self) -> Result<Secret, String> {
        let path = match self {
            SecretFile::Path(path) => path.clone(),
            SecretFile::Credential(name) => {
                let directory = env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| {
                    format!(
                        "{self}: there is no directory of credentials; start leakwatch as a service \
                         with LoadCredential={name}:FILE, or name a file"
                    )
                })?;
                Path::new(&directory).join(name)
            }
        };
        let file = File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut text = String::new();
        file.take(MOST_BYTES + 1)
            .read_to_string(&mut text)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        if text.len() as u64 > MOST_BYTES {
            return Err(format!("{}: is larger than 64 KiB", path.display()));
        }
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() || secret.chars().any(char::is_control) {
            return Err(format!(
                "{}: must hold one line with the secret and nothing else",
                path.display()
            ));
        }
        Ok(Secret(secret.to_owned()))
    }

    /// Whether it is a credential and we are not run as a service.
    pub fn is_absent(&self) -> bool {
        let absent = env::var_os("CREDENTIALS_DIRECTORY").is_none();
        absent && matches!(self, SecretFile::Credential(_))
    }

    /// Whether it can be read; a credential is only there while the service runs.
    ///
    /// # Errors
    /// As [`SecretFile::read`].
    pub fn check(&self) -> Result<(), String> {
        if self.is_absent() {
            return Ok(());
        }
        self.read().map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_line_of_a_file_and_is_never_printed() {
        let path = env::temp_dir().join(format!("leakwatch-secret-{}", std::process::id()));
        let file: SecretFile = path.to_str().unwrap().parse().unwrap();
        std::fs::write(&path, "s3cret\r\n").unwrap();
        let secret = file.read().unwrap();
        assert_eq!(secret.expose(), "s3cret");
        assert_eq!(format!("{secret:?}"), "***");
        let long = vec![b'x'; 70_000];
        for wrong in [&b""[..], b"\n", b"two\nlines", b"\xff", &long] {
            std::fs::write(&path, wrong).unwrap();
            let error = file.read().unwrap_err();
            assert!(
                error.contains("leakwatch-secret") && !error.contains("two"),
                "{error}"
            );
        }
        std::fs::remove_file(&path).unwrap();
        assert!(file.check().unwrap_err().contains("No such file"));
    }

    #[test]
    fn a_credential_stays_in_its_directory() {
        for wrong in [
            "",
            "credential:",
            "credential:../x",
            "credential:a/b",
            "a\0b",
        ] {
            assert!(wrong.parse::<SecretFile>().is_err(), "{wrong:?}");
        }
        let named: SecretFile = "credential:pagerduty".parse().unwrap();
        assert_eq!(named, SecretFile::Credential("pagerduty".to_owned()));
        assert_eq!(named.to_string(), "credential:pagerduty");
    }
}
