//! Who may look, and under which name the server is reached.

use std::{net::IpAddr, path::Path, sync::Arc};

use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header::HeaderMap};
use tokio_rustls::rustls::ServerConfig;

use super::{
    problem::Problem,
    token::Tokens,
    users::Users,
    web_config::{WebConfig, WebConfigError},
};
use crate::config;

/// What `[http]` and its `web_config` allow. Made anew on a reload; connections that
/// are open are held to the newest.
#[derive(Debug)]
pub struct Access {
    hosts: Vec<String>,
    pub(super) most_connections: usize,
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) users: Users,
    /// Who may change anything.
    pub(super) tokens: Tokens,
    open_paths: Vec<String>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Access {
    /// Reads what the settings name.
    ///
    /// # Errors
    /// If the `web_config`, a file that it names or the `token_file` cannot be used.
    pub fn new(settings: &config::Http) -> Result<Access, WebConfigError> {
        let web = match &settings.web_config {
            Some(path) => WebConfig::load(Path::new(path))?,
            None => WebConfig::default(),
        };
        Ok(Access {
            hosts: settings
                .hosts
                .iter()
                .map(|host| host.trim_end_matches('.').to_ascii_lowercase())
                .collect(),
            most_connections: settings.most_connections as usize,
            tls: web.tls,
            users: Users::new(web.users),
            tokens: match &settings.token_file {
                Some(path) => Tokens::load(path)?,
                None => Tokens::none(),
            },
            open_paths: web.open_paths,
            headers: web.headers,
        })
    }

    /// Whether TLS is spoken.
    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether a password is asked for.
    pub fn asks_password(&self) -> bool {
        !self.users.is_empty()
    }

    pub(super) fn needs_password(&self, path: &str) -> bool {
        self.asks_password() && !self.open_paths.iter().any(|open| open == path)
    }

    /// Refuses requests that a web page of somebody else made a browser send.
    ///
    /// A name that such a page controls may be pointed at this address (DNS rebinding),
    /// so only known names are answered to; an address cannot be pointed elsewhere.
    pub(super) fn check_source(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(), Problem> {
        use axum::http::header::{HOST, ORIGIN};
        let mut hosts = headers.get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().unwrap_or_default(),
            (None, _) => return Err(Problem::bad("the header `Host` is missing")),
            (Some(_), Some(_)) => return Err(Problem::bad("there are two headers `Host`")),
        };
        for named in [Some(host), uri.host()].into_iter().flatten() {
            if !self.is_ours(name_of(named)) {
                let named = super::show(named);
                return Err(Problem::new(
                    StatusCode::MISDIRECTED_REQUEST,
                    format!(
                        "this server is not known as `{named}`; if it should be, add the name to \
                         `hosts` in the table [http] of the configuration"
                    ),
                ));
            }
        }
        let foreign = |what: &str| {
            Err(Problem::new(
                StatusCode::FORBIDDEN,
                format!("{what}: only pages of this server itself may ask it through a browser"),
            ))
        };
        if let Some(origin) = headers.get(ORIGIN) {
            let origin = origin.to_str().unwrap_or_default();
            let own = origin
                .split_once("://")
                .is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(host));
            if !own {
                return foreign(&format!("the origin is `{}`", super::show(origin)));
            }
        }
        let fetch = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let crosses = fetch("sec-fetch-site") == Some("cross-site");
        // A link that is followed only looks; a form that is sent may not.
        let follows = fetch("sec-fetch-mode") == Some("navigate")
            && matches!(*method, Method::GET | Method::HEAD);
        if crosses && !follows {
            return foreign("a page of another site asks");
        }
        Ok(())
    }

    fn is_ours(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().is_ok() || name == "localhost" || self.hosts.contains(&name)
    }
}

/// The host without its port.
fn name_of(host: &str) -> &str {
    if host.starts_with('[') {
        return host.split_inclusive(']').next().unwrap_or(host);
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}
