//! What is sent: data, forms, files.

pub(crate) mod data;
mod media_type;
pub(crate) mod source;
pub(crate) mod form;
pub(crate) mod multipart;
