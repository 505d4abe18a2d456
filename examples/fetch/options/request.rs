//! Options about what is sent.

use super::settings::{AuthChoice, HttpVersion, NetrcUse, Resume};
use super::table::{Opt, flag, value};
use crate::body::{data, form};

pub(super) const OPTIONS: &[Opt] = &[
    value(
        'X',
        "request",
        ("<method>", "Method of the request"),
        |set, value| {
            set.here.request = Some(value.text()?);
            Ok(())
        },
    ),
    flag('I', "head", "Fetch the headers only", |set, on| {
        set.here.head = on;
        set.here.include |= on;
    }),
    flag('G', "get", "Put what is posted into the URL", |set, on| {
        set.here.get = on
    }),
    value(
        'd',
        "data",
        (
            "<data>",
            "Post data, or those in @file without its line ends",
        ),
        |set, value| {
            data::add(&mut set.here.data, &data::plain(value)?, b"&");
            Ok(())
        },
    ),
    value(' ', "data-ascii", ("<data>", "As --data"), |set, value| {
        data::add(&mut set.here.data, &data::plain(value)?, b"&");
        Ok(())
    }),
    value(
        ' ',
        "data-binary",
        ("<data>", "Post data, or @file as it is"),
        |set, value| {
            data::add(&mut set.here.data, &value.or_file()?, b"&");
            Ok(())
        },
    ),
    value(
        ' ',
        "data-raw",
        ("<data>", "Post data; an @ means itself"),
        |set, value| {
            data::add(&mut set.here.data, value.bytes, b"&");
            Ok(())
        },
    ),
    value(
        ' ',
        "data-urlencode",
        ("<data>", "Post data with percent signs"),
        |set, value| {
            data::add(&mut set.here.data, &data::urlencoded(value)?, b"&");
            Ok(())
        },
    ),
    value(
        ' ',
        "json",
        ("<data>", "Post JSON, or that in @file"),
        |set, value| {
            data::add(&mut set.here.data, &value.or_file()?, b"");
            set.here.json = true;
            Ok(())
        },
    ),
    value(
        ' ',
        "url-query",
        ("<data>", "Add to the query of the URL"),
        |set, value| {
            set.here.url_query.push(data::query(value)?);
            Ok(())
        },
    ),
    value(
        'F',
        "form",
        ("<name=content>", "Post a form with parts and files"),
        |set, value| form::add(&mut set.here.form, &value.text()?),
    ),
    value(
        ' ',
        "form-string",
        ("<name=text>", "Add a text to the form as it is"),
        |set, value| form::add_text(&mut set.here.form, &value.text()?),
    ),
    flag(
        ' ',
        "form-escape",
        "Escape names in forms by backslashes",
        |set, on| {
            set.here.form_escape = on;
        },
    ),
    value(
        'T',
        "upload-file",
        ("<file>", "Send a file; - is stdin"),
        |set, value| {
            let file = value.text()?;
            set.here
                .target_with(|target| target.upload.is_none())
                .upload = Some(file);
            Ok(())
        },
    ),
    value(
        'H',
        "header",
        ("<line/@file>", "Send this header, or none of that name"),
        |set, value| {
            set.here.header.extend(data::lines(value)?);
            Ok(())
        },
    ),
    value(
        ' ',
        "proxy-header",
        ("<line/@file>", "As --header, for the proxy"),
        |set, value| {
            set.here.proxy_header.extend(data::lines(value)?);
            Ok(())
        },
    ),
    value(
        'A',
        "user-agent",
        ("<name>", "User-Agent; none if empty"),
        |set, value| {
            set.here.user_agent = Some(value.bytes.to_vec());
            Ok(())
        },
    ),
    value(
        'e',
        "referer",
        (
            "<URL>",
            "Referer; with ';auto' behind it, also after redirects",
        ),
        |set, value| {
            let text = value.text()?;
            let url = text.strip_suffix(";auto").unwrap_or(&text);
            set.here.auto_referer |= url.len() < text.len();
            set.here.referer = (!url.is_empty()).then(|| url.to_string());
            Ok(())
        },
    ),
    value(
        'b',
        "cookie",
        ("<data/file>", "Send these cookies, or those in a file"),
        |set, value| {
            let text = value.text()?;
            match text.contains('=') {
                true => set.here.cookie.push(text),
                false => set.here.cookie_files.push(text),
            }
            Ok(())
        },
    ),
    value(
        'c',
        "cookie-jar",
        ("<file>", "Write all cookies to a file at the end"),
        |set, value| {
            set.here.cookie_jar = Some(value.text()?);
            Ok(())
        },
    ),
    flag(
        'j',
        "junk-session-cookies",
        "Ignore session cookies in files",
        |set, on| {
            set.here.junk_session_cookies = on;
        },
    ),
    value(
        'u',
        "user",
        ("<user:password>", "User and password for the server"),
        |set, value| {
            set.here.user = Some(value.text()?);
            Ok(())
        },
    ),
    flag(' ', "basic", "Use Basic authentication", |set, _| {
        set.here.auth = AuthChoice::Basic
    }),
    flag(' ', "digest", "Use Digest authentication", |set, _| {
        set.here.auth = AuthChoice::Digest
    }),
    flag(' ', "anyauth", "Use what the server asks for", |set, _| {
        set.here.auth = AuthChoice::Any
    }),
    value(
        ' ',
        "oauth2-bearer",
        ("<token>", "Bearer token"),
        |set, value| {
            set.here.oauth2_bearer = Some(value.text()?);
            Ok(())
        },
    ),
    flag(
        'n',
        "netrc",
        "Take user and password from ~/.netrc",
        |set, on| {
            set.here.netrc = if on { NetrcUse::Required } else { NetrcUse::No };
        },
    ),
    flag(
        ' ',
        "netrc-optional",
        "Use ~/.netrc or what the URL says",
        |set, on| {
            set.here.netrc = if on { NetrcUse::Optional } else { NetrcUse::No };
        },
    ),
    value(
        ' ',
        "netrc-file",
        ("<file>", "A file in the place of ~/.netrc"),
        |set, value| {
            set.here.netrc_file = Some(value.text()?);
            if set.here.netrc == NetrcUse::No {
                set.here.netrc = NetrcUse::Required;
            }
            Ok(())
        },
    ),
    flag(
        ' ',
        "compressed",
        "Ask for a compressed body and take that off",
        |set, on| {
            set.here.compressed = on;
        },
    ),
    flag(
        ' ',
        "tr-encoding",
        "Ask for a compressed transfer",
        |set, on| set.here.tr_encoding = on,
    ),
    flag(' ', "raw", "Take no coding off", |set, on| {
        set.here.raw = on
    }),
    value(
        'r',
        "range",
        ("<range>", "Fetch only these bytes"),
        |set, value| {
            let text = value.text()?;
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            set.here.range = Some(if is_number { text + "-" } else { text });
            Ok(())
        },
    ),
    value(
        'C',
        "continue-at",
        ("<offset>", "Go on there; - is where the output ends"),
        |set, value| {
            set.here.continue_at = Some(match value.bytes {
                b"-" => Resume::Automatic,
                _ => Resume::At(value.number()?),
            });
            Ok(())
        },
    ),
    value(
        'z',
        "time-cond",
        ("<time/file>", "Only what is newer; older with a dash"),
        |set, value| {
            set.here.time_cond = Some(value.text()?);
            Ok(())
        },
    ),
    value(
        ' ',
        "etag-save",
        ("<file>", "Write the ETag to a file"),
        |set, value| {
            set.here.etag_save = Some(value.text()?);
            Ok(())
        },
    ),
    value(
        ' ',
        "etag-compare",
        ("<file>", "Only what has another ETag than the file says"),
        |set, value| {
            set.here.etag_compare = Some(value.text()?);
            Ok(())
        },
    ),
    value(
        ' ',
        "request-target",
        ("<target>", "What to ask for in the place of the path"),
        |set, value| {
            set.here.request_target = Some(value.text()?);
            Ok(())
        },
    ),
    flag(
        ' ',
        "path-as-is",
        "Keep /../ and /./ in the URL",
        |set, on| set.here.path_as_is = on,
    ),
    flag(
        ' ',
        "disallow-username-in-url",
        "Refuse URLs with a user",
        |set, on| {
            set.here.disallow_username = on;
        },
    ),
    flag('0', "http1.0", "Speak HTTP/1.0", |set, _| {
        set.here.http_version = HttpVersion::Http10
    }),
    flag(' ', "http1.1", "Speak HTTP/1.1", |set, _| {
        set.here.http_version = HttpVersion::Http11
    }),
    flag(
        ' ',
        "http0.9",
        "Take an answer without headers",
        |set, on| set.here.http09 = on,
    ),
    value(
        ' ',
        "expect100-timeout",
        ("<seconds>", "How long to wait before the body is sent"),
        |set, value| {
            set.here.expect100_timeout = Some(value.seconds()?);
            Ok(())
        },
    ),
];
