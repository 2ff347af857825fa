//! TLS as `web.config` describes it.

use std::{
    fs,
    io::{Read, Write},
    net::SocketAddr,
    path::Path,
    sync::Arc,
};

use leakwatch::{
    config,
    http::{Access, WebConfigError},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    version::{TLS12, TLS13},
};

use super::{
    access::tempfile,
    client::{Answer, connect, parse},
    server::empty,
};

/// A CA with a certificate for the server and one for a client.
struct Papers {
    ca: String,
    client: (String, String),
}

impl Papers {
    /// Writes `cert.pem`, `key.pem` and `ca.pem`.
    fn new(directory: &Path) -> Papers {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let issue = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            let certificate = params.signed_by(&key, &ca).unwrap();
            (certificate.pem(), key.serialize_pem())
        };
        let (certificate, key) = issue("localhost");
        fs::write(directory.join("cert.pem"), certificate).unwrap();
        fs::write(directory.join("key.pem"), key).unwrap();
        fs::write(directory.join("ca.pem"), ca.pem()).unwrap();
        Papers {
            ca: ca.pem(),
            client: issue("prometheus"),
        }
    }

    fn get(&self, at: SocketAddr, with_client: bool, old: bool) -> std::io::Result<Answer> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(self.ca.as_bytes()).unwrap())
            .unwrap();
        let versions = if old { [&TLS12] } else { [&TLS13] };
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&versions)
            .unwrap()
            .with_root_certificates(roots);
        let config = if with_client {
            let (certificate, key) = &self.client;
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        } else {
            builder.with_no_client_auth()
        };
        let name = ServerName::try_from("localhost").unwrap();
        let client = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = StreamOwned::new(client, connect(at));
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        Ok(parse(&bytes))
    }
}

fn settings(directory: &Path, more: &str) -> config::Http {
    let file = directory.join("web.yml");
    let text = format!("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n{more}");
    fs::write(&file, text).unwrap();
    config::Http {
        web_config: Some(file),
        ..config::Http::default()
    }
}

#[test]
fn files_are_found_beside_the_web_config_and_plain_http_is_not_spoken() {
    let directory = tempfile("tls");
    let papers = Papers::new(&directory);
    let server = empty(&settings(&directory, ""));
    assert_eq!(papers.get(server.at, false, false).unwrap().status, 200);
    assert_eq!(papers.get(server.at, false, true).unwrap().status, 200);
    let mut stream = connect(server.at);
    let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut back = Vec::new();
    let _ = stream.read_to_end(&mut back);
    assert!(!back.starts_with(b"HTTP"), "{back:?}");
}

#[test]
fn the_least_version_and_the_ciphers_are_held_to() {
    let directory = tempfile("tls-version");
    let papers = Papers::new(&directory);
    let server = empty(&settings(&directory, "  min_version: TLS13\n"));
    assert!(papers.get(server.at, false, true).is_err());
    assert_eq!(papers.get(server.at, false, false).unwrap().status, 200);
    let more = "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n  \
                curve_preferences: [X25519, CurveP256]\n";
    let server = empty(&settings(&directory, more));
    assert_eq!(papers.get(server.at, false, true).unwrap().status, 200);
}

#[test]
fn clients_without_a_certificate_are_turned_away_where_one_is_asked_for() {
    let directory = tempfile("tls-clients");
    let papers = Papers::new(&directory);
    let more = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n";
    let server = empty(&settings(&directory, more));
    assert!(papers.get(server.at, false, false).is_err());
    assert_eq!(papers.get(server.at, true, false).unwrap().status, 200);
    let more = "  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.pem\n";
    let server = empty(&settings(&directory, more));
    assert_eq!(papers.get(server.at, false, false).unwrap().status, 200);
    assert_eq!(papers.get(server.at, true, false).unwrap().status, 200);
}

#[test]
fn what_tls_cannot_be_had_is_refused_with_reason() {
    let directory = tempfile("tls-refused");
    Papers::new(&directory);
    for (more, reason) in [
        ("  min_version: TLS10\n", "RFC 8996"),
        (
            "  min_version: TLS13\n  max_version: TLS12\n",
            "above `max_version`",
        ),
        ("  client_auth_type: RequestClientCert\n", "checks nothing"),
        (
            "  client_auth_type: RequireAndVerifyClientCert\n",
            "`client_ca_file` is missing",
        ),
        ("  client_ca_file: ca.pem\n", "nothing checked against it"),
        ("  client_allowed_sans: [a]\n", "not supported"),
        (
            "  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n",
            "cipher_suites",
        ),
        ("  curve_preferences: [CurveP521]\n", "curve_preferences"),
        ("  cert: x\n", "not both"),
    ] {
        let error: WebConfigError = Access::new(&settings(&directory, more)).unwrap_err();
        assert!(error.to_string().contains(reason), "{more}: {error}");
    }
    // The key of another certificate.
    let other = KeyPair::generate().unwrap().serialize_pem();
    fs::write(directory.join("key.pem"), other).unwrap();
    let error = Access::new(&settings(&directory, "")).unwrap_err();
    assert!(error.to_string().contains("certificate and key"), "{error}");
}
