//! Which proxy is used: that of `-x`, or that of the environment; not for `--noproxy`.

use looplet_http::message::Version;
use looplet_http::proxy::{Proxies, Proxy};

use crate::failure::{Failure, code};
use crate::header_lines::{HeaderLines, Line};
use crate::options::Operation;

pub(crate) fn of(operation: &Operation) -> Result<Proxies, Failure> {
    let environment = Proxies::from_env().map_err(wrong)?;
    let mut proxies = match operation.proxy.as_deref() {
        None => environment,
        Some("") => Proxies::default(),
        Some(text) => Proxies {
            no_proxy: environment.no_proxy,
            ..Proxies::all(text.parse().map_err(wrong)?)
        },
    };
    if let Some(list) = &operation.noproxy {
        proxies.no_proxy = list.parse().map_err(wrong)?;
    }
    proxies.tunnel = operation.proxytunnel;
    proxies.http = proxies
        .http
        .map(|proxy| prepared(operation, proxy))
        .transpose()?;
    proxies.https = proxies
        .https
        .map(|proxy| prepared(operation, proxy))
        .transpose()?;
    Ok(proxies)
}

fn wrong(error: looplet_http::Error) -> Failure {
    Failure::new(code::COULDNT_RESOLVE_PROXY, error.to_string())
}

/// A proxy with what it is told about the user and the program.
fn prepared(operation: &Operation, mut proxy: Proxy) -> Result<Proxy, Failure> {
    if let Some(user) = &operation.proxy_user {
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        proxy = proxy.with_credentials(user, password).map_err(wrong)?;
    }
    if proxy.kind().is_socks() {
        return Ok(proxy);
    }
    if operation.proxy_http10 {
        proxy = proxy.with_version(Version::Http10);
    }
    let mut headers = HeaderLines::default();
    let agent = operation.agent();
    if !agent.is_empty() {
        headers.push("User-Agent", agent);
    }
    headers.push("Proxy-Connection", "Keep-Alive");
    let lines = operation.proxy_header.iter().map(|line| Line::parse(line));
    headers.overrule(lines.collect::<Result<Vec<_>, _>>()?.into_iter());
    for (name, value) in headers.iter() {
        proxy = proxy.with_header(name, value)?;
    }
    Ok(proxy)
}
