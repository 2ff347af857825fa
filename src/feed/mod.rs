//! Where updates come from: recorded files now, routers' BMP sessions next.

pub mod replay;
