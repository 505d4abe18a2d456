//! What goes with a request: nothing, data, a form, or a file.

use looplet_http::message::Body;

use crate::body::multipart::{Escape, encode};
use crate::body::source::{Segment, body, file_length};
use crate::failure::{Failure, code};
use crate::options::{Operation, Resume};
use crate::plan::Plan;

/// A body, and what is said about it.
#[derive(Clone, Debug)]
pub(crate) struct Payload {
    pub(crate) kind: Kind,
    pub(crate) body: Body,
    pub(crate) content_type: Option<String>,
    /// Which part of a file it is.
    pub(crate) content_range: Option<String>,
}

/// What a body comes from. Redirects treat them differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Nothing,
    /// `-d`, `--json` and `-F`.
    Post,
    /// `-T`.
    Upload,
}

impl Payload {
    pub(crate) fn nothing() -> Self {
        Self {
            kind: Kind::Nothing,
            body: Body::Empty,
            content_type: None,
            content_range: None,
        }
    }

    pub(crate) fn of(plan: &Plan) -> Result<Self, Failure> {
        let operation = &*plan.operation;
        if let Some(file) = &plan.upload {
            return Self::upload(file, operation);
        }
        if !operation.form.is_empty() {
            return Self::form(operation);
        }
        let Some(data) = operation.data.as_ref().filter(|_| !operation.get) else {
            return Ok(Self::nothing());
        };
        let content_type = match operation.json {
            true => "application/json",
            false => "application/x-www-form-urlencoded",
        };
        Ok(Self {
            kind: Kind::Post,
            body: body(vec![Segment::Bytes(data.clone())], operation.limit_rate)?,
            content_type: Some(content_type.to_string()),
            content_range: None,
        })
    }

    fn form(operation: &Operation) -> Result<Self, Failure> {
        let escape = match operation.form_escape {
            true => Escape::Backslash,
            false => Escape::Percent,
        };
        let form = encode(&operation.form, escape);
        // A type of one's own is kept, but for the boundary.
        let given = operation.header.iter().find_map(|line| {
            let line = std::str::from_utf8(line).ok()?;
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-type")
                .then(|| value.trim().to_string())
        });
        let media_type = given.filter(|given| !given.is_empty());
        let media_type = media_type.unwrap_or_else(|| "multipart/form-data".to_string());
        Ok(Self {
            kind: Kind::Post,
            body: body(form.segments, operation.limit_rate)?,
            content_type: Some(format!("{media_type}; boundary={}", form.boundary)),
            content_range: None,
        })
    }

    fn upload(file: &str, operation: &Operation) -> Result<Self, Failure> {
        let upload = |segment, content_range| -> Result<Self, Failure> {
            Ok(Self {
                kind: Kind::Upload,
                body: body(vec![segment], operation.limit_rate)?,
                content_type: None,
                content_range,
            })
        };
        if file == "-" || file == "." {
            return upload(Segment::Stdin, None);
        }
        let path = file.to_string();
        let Some(resume) = operation.continue_at else {
            return upload(Segment::file(file), None);
        };
        let offset = match resume {
            Resume::At(offset) => offset,
            Resume::Automatic => 0,
        };
        let length = file_length(file)?.unwrap_or(0);
        if offset > length || length == 0 {
            let message = format!("upload {file}: cannot go on at {offset} of {length} bytes");
            return Err(Failure::new(code::READ_ERROR, message));
        }
        let range = format!("bytes {offset}-{}/{length}", length - 1);
        upload(Segment::File { path, offset }, Some(range))
    }
}
