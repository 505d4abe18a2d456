//! What the program was asked to do: curl's options, one struct for each side.
//!
//! The tables (`request`, `transfer`, `output`, `network`, `program`) say which name sets what;
//! `command_line` is the grammar; `config_file` is the same options in a file.

pub(crate) mod value;
pub(crate) mod settings;
pub(crate) mod table;
mod request;
mod transfer;
mod output;
mod network;
mod program;
pub(crate) mod command_line;
mod config_file;
mod check;
pub(crate) mod help;

pub(crate) use command_line::parse;
pub(crate) use settings::{
    AuthChoice, Fail, Global, HttpVersion, Meter, NetrcUse, Operation, Out, Question, Resume,
    Target,
};
