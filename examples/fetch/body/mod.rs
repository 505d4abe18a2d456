//! What is sent: data, forms, files.

pub(crate) mod data;
pub(crate) mod form;
pub(crate) mod source;
pub(crate) mod media_type;
