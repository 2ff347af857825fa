//! The sockets: how many, how long, and an end in order.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::Router;
use hyper::{Request, body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{Access, Client, Desk, Shared, routes, stall::Stall};

/// Between two requests, and for the head of one (slow-loris), no longer than this. A
/// scraper that comes once a minute opens a new connection each time.
const HEAD: Duration = Duration::from_secs(10);
/// For the handshake of TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// An answer that nobody takes is given up after this.
const PATIENCE: Duration = Duration::from_secs(30);
/// The head of a request and its header lines.
const MOST_HEAD: usize = 16 << 10;
const MOST_HEADERS: usize = 64;
/// Answers that are being written get so long when the daemon stops.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Serves until `shutdown`, and then what is being answered, for three seconds at most.
///
/// `access` may change at any time; what it says holds for the next request.
pub async fn serve(
    listener: TcpListener,
    access: watch::Receiver<Arc<Access>>,
    desk: Desk,
    shutdown: impl Future<Output = ()> + Send,
) {
    let (stop, stopping) = watch::channel(false);
    let shared = Shared::new(desk, access, stopping);
    let router = routes::router(shared.clone());
    let open = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = tasks.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => {
                    let most = shared.access().most_connections;
                    let Some(place) = Place::take(&open, most, &shared) else {
                        shared.refused("connections");
                        tracing::debug!(%from, "HTTP connection refused: too many are open");
                        continue;
                    };
                    tasks.spawn(connection(stream, from, router.clone(), shared.clone(), place));
                }
                Err(error) if concerns_one(&error) => {}
                Err(error) => {
                    // Out of descriptors, most likely: others must close theirs first.
                    tracing::warn!(%error, "accepting an HTTP connection failed");
                    sleep(Duration::from_millis(250)).await;
                }
            },
        }
    }
    drop(listener);
    stop.send_replace(true);
    let all = async { while tasks.join_next().await.is_some() {} };
    let _ = timeout(LAST_WORDS, all).await;
}

/// Whether an accept failed for the sake of the one that came.
fn concerns_one(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

/// A place among the connections, given back when it is dropped.
struct Place {
    open: Arc<AtomicUsize>,
    shared: Shared,
}

impl Place {
    fn take(open: &Arc<AtomicUsize>, most: usize, shared: &Shared) -> Option<Place> {
        // One task alone adds.
        let now = open.load(Ordering::Acquire);
        if now >= most {
            return None;
        }
        open.fetch_add(1, Ordering::AcqRel);
        let place = Place {
            open: Arc::clone(open),
            shared: shared.clone(),
        };
        place.tell();
        Some(place)
    }

    fn tell(&self) {
        self.shared.connections(self.open.load(Ordering::Acquire));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::AcqRel);
        self.tell();
    }
}

async fn connection(
    stream: TcpStream,
    from: SocketAddr,
    router: Router,
    shared: Shared,
    _place: Place,
) {
    let _ = stream.set_nodelay(true);
    let ended = match &shared.access().tls {
        None => http(stream, from, router, shared).await,
        Some(config) => match timeout(
            HANDSHAKE,
            TlsAcceptor::from(Arc::clone(config)).accept(stream),
        )
        .await
        {
            Ok(Ok(stream)) => http(stream, from, router, shared).await,
            Ok(Err(error)) => {
                tracing::debug!(%from, %error, "TLS handshake failed");
                return;
            }
            Err(_) => {
                tracing::debug!(%from, "TLS handshake took too long");
                return;
            }
        },
    };
    if let Err(error) = ended {
        tracing::debug!(%from, %error, "HTTP connection ended");
    }
}

async fn http<S>(
    stream: S,
    from: SocketAddr,
    router: Router,
    mut shared: Shared,
) -> Result<(), hyper::Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = Addressed {
        from,
        router: TowerToHyperService::new(router),
    };
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(MOST_HEAD)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(Stall::new(stream, PATIENCE)), service);
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => return ended,
        () = shared.stopped() => serving.as_mut().graceful_shutdown(),
    }
    serving.await
}

/// The router, told with each request where it comes from.
struct Addressed {
    from: SocketAddr,
    router: TowerToHyperService<Router>,
}

impl Service<Request<Incoming>> for Addressed {
    type Response = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Error;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(Client(self.from));
        self.router.call(request)
    }
}
