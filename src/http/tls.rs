//! `tls_server_config` of exporter-toolkit's `web.config`, by rustls.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Deserialize;
use tokio_rustls::rustls::{
    RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
    version::{TLS12, TLS13},
};

use super::web_config::from_base;

/// The table as written. What is there only to be refused with reason is there too.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    cert_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    cert: Option<String>,
    key: Option<String>,
    client_auth_type: Option<String>,
    client_ca_file: Option<PathBuf>,
    client_ca: Option<String>,
    client_allowed_sans: Vec<String>,
    min_version: Option<String>,
    max_version: Option<String>,
    cipher_suites: Vec<String>,
    curve_preferences: Vec<String>,
    prefer_server_cipher_suites: Option<bool>,
}

/// Where a thing is from: a file, or the text itself.
fn pem(
    name: &str,
    file: Option<&PathBuf>,
    text: Option<&String>,
    base: &Path,
) -> Result<Option<Vec<u8>>, String> {
    match (file, text) {
        (Some(_), Some(_)) => Err(format!(
            "tls_server_config: give `{name}_file` or `{name}`, not both"
        )),
        (Some(path), None) => {
            let path = from_base(base, path);
            fs::read(&path).map(Some).map_err(|error| {
                format!("tls_server_config.{name}_file: {}: {error}", path.display())
            })
        }
        (None, Some(text)) => Ok(Some(text.clone().into_bytes())),
        (None, None) => Ok(None),
    }
}

fn certificates(name: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("tls_server_config.{name}: {error}"))?;
    if found.is_empty() {
        return Err(format!("tls_server_config.{name}: no certificate is in it"));
    }
    Ok(found)
}

/// An acceptor as the table describes it.
pub(super) fn acceptor(raw: &Raw, base: &Path) -> Result<Arc<ServerConfig>, String> {
    let wrong = |what: &str| format!("tls_server_config: {what}");
    let chain = pem("cert", raw.cert_file.as_ref(), raw.cert.as_ref(), base)?
        .ok_or_else(|| wrong("`cert_file` is missing"))?;
    let chain = certificates("cert", &chain)?;
    let key = pem("key", raw.key_file.as_ref(), raw.key.as_ref(), base)?
        .ok_or_else(|| wrong("`key_file` is missing"))?;
    let key = PrivateKeyDer::from_pem_slice(&key)
        .map_err(|error| format!("tls_server_config.key: {error}"))?;
    if !raw.client_allowed_sans.is_empty() {
        return Err(wrong(
            "`client_allowed_sans` is not supported: let a CA of their own sign the clients' \
             certificates",
        ));
    }
    // Only Go before 1.17 heeded this; the client chooses among what is allowed.
    let _ = raw.prefer_server_cipher_suites;
    let provider = provider(&raw.cipher_suites, &raw.curve_preferences)?;
    let versions = versions(raw.min_version.as_deref(), raw.max_version.as_deref())?;
    let client_ca = pem(
        "client_ca",
        raw.client_ca_file.as_ref(),
        raw.client_ca.as_ref(),
        base,
    )?;
    let clients = clients(raw.client_auth_type.as_deref(), client_ca, &provider)?;
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(|error| wrong(&error.to_string()))?;
    let mut config = match clients {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    }
    .with_single_cert(chain, key)
    .map_err(|error| wrong(&format!("certificate and key: {error}")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn clients(
    kind: Option<&str>,
    ca: Option<Vec<u8>>,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, String> {
    const NAME: &str = "tls_server_config.client_auth_type";
    let optional = match (kind.unwrap_or("NoClientCert"), &ca) {
        ("NoClientCert", None) => return Ok(None),
        ("NoClientCert", Some(_)) => {
            return Err(format!(
                "{NAME}: a client CA is given and nothing checked against it; say \
                 `RequireAndVerifyClientCert`"
            ));
        }
        ("RequireAndVerifyClientCert", _) => false,
        ("VerifyClientCertIfGiven", _) => true,
        (other @ ("RequestClientCert" | "RequireAnyClientCert"), _) => {
            return Err(format!(
                "{NAME}: `{other}` checks nothing and is not supported; say \
                 `RequireAndVerifyClientCert`"
            ));
        }
        (other, _) => {
            let known = [
                "NoClientCert",
                "VerifyClientCertIfGiven",
                "RequireAndVerifyClientCert",
            ];
            let what = super::problem::unknown("client_auth_type", other, &known);
            return Err(format!("tls_server_config: {what}"));
        }
    };
    let Some(ca) = ca else {
        return Err(format!("{NAME}: `client_ca_file` is missing"));
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates("client_ca", &ca)? {
        roots
            .add(certificate)
            .map_err(|error| format!("tls_server_config.client_ca: {error}"))?;
    }
    let builder =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let builder = if optional {
        builder.allow_unauthenticated()
    } else {
        builder
    };
    builder
        .build()
        .map(Some)
        .map_err(|error| format!("tls_server_config.client_ca: {error}"))
}

fn versions(
    least: Option<&str>,
    most: Option<&str>,
) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    let place = |name: &str, text: Option<&str>, otherwise: usize| match text {
        None => Ok(otherwise),
        Some("TLS12") => Ok(0),
        Some("TLS13") => Ok(1),
        Some(old @ ("TLS10" | "TLS11")) => Err(format!(
            "tls_server_config.{name}: `{old}` is broken (RFC 8996); say `TLS12` or `TLS13`"
        )),
        Some(other) => Err(format!(
            "tls_server_config.{name}: `{}` is not known; say `TLS12` or `TLS13`",
            super::show(other)
        )),
    };
    let range = place("min_version", least, 0)?..=place("max_version", most, 1)?;
    if range.is_empty() {
        return Err("tls_server_config: `min_version` is above `max_version`".to_owned());
    }
    Ok([&TLS12, &TLS13]
        .into_iter()
        .enumerate()
        .filter(|(index, _)| range.contains(index))
        .map(|(_, version)| version)
        .collect())
}

/// The ciphers and groups allowed, by the names that Go gives them.
fn provider(suites: &[String], groups: &[String]) -> Result<Arc<CryptoProvider>, String> {
    let mut provider = ring::default_provider();
    if !suites.is_empty() {
        let name = |suite: &tokio_rustls::rustls::SupportedCipherSuite| {
            format!("{:?}", suite.suite()).replace("TLS13_", "TLS_")
        };
        let known: Vec<String> = provider.cipher_suites.iter().map(&name).collect();
        for wanted in suites {
            // Go's names for the ChaCha20 suites end in the hash; the older ones do not.
            if !known.iter().any(|one| one == wanted) {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let what = super::problem::unknown("cipher suite of ours", wanted, &known);
                return Err(format!("tls_server_config.cipher_suites: {what}"));
            }
        }
        // TLS 1.3 suites cannot be chosen in Go, and all of them are good: they stay.
        provider.cipher_suites.retain(|suite| {
            suite.tls13().is_some() || suites.iter().any(|one| *one == name(suite))
        });
    }
    if !groups.is_empty() {
        let name = |group: &dyn tokio_rustls::rustls::crypto::SupportedKxGroup| match format!(
            "{:?}",
            group.name()
        )
        .as_str()
        {
            "secp256r1" => "CurveP256".to_owned(),
            "secp384r1" => "CurveP384".to_owned(),
            other => other.to_owned(),
        };
        let known: Vec<String> = provider.kx_groups.iter().map(|one| name(*one)).collect();
        for wanted in groups {
            if !known.contains(wanted) {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let what = super::problem::unknown("curve of ours", wanted, &known);
                return Err(format!("tls_server_config.curve_preferences: {what}"));
            }
        }
        provider
            .kx_groups
            .retain(|group| groups.contains(&name(*group)));
    }
    Ok(Arc::new(provider))
}
