//! The status page.

use axum::response::Response;

use super::text;

pub(super) async fn overview() -> Response {
    text("text/html; charset=utf-8", "")
}
pub(super) async fn incident() -> Response {
    text("text/html; charset=utf-8", "")
}
pub(super) async fn style() -> Response {
    text("text/css; charset=utf-8", "")
}
pub(super) async fn script() -> Response {
    text("text/javascript; charset=utf-8", "")
}
pub(super) async fn icon() -> Response {
    text("image/svg+xml", "")
}
