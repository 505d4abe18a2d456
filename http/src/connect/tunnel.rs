//! Asking an HTTP proxy for a connection: CONNECT (RFC 9110, section 9.3.6).
//!
//! # Rules
//!
//! 1. Any 2xx opens the tunnel, and whatever its head says of a body is ignored. Any other
//!    status is a refusal, and the connection is closed.
//! 2. Bytes behind the head of a 2xx cannot be the server's, who has not been spoken to: they
//!    are an error.
//! 3. What is meant for the server, headers and credentials, is not shown to the proxy.

use url::Url;

use super::talk::{receive, send};
use crate::codec::{Event, Expected, Limits, ResponseReader, TargetForm, encode_head};
use crate::error::{Error, Phase};
use crate::message::{Headers, Method, Origin, Request, ResponseHead};
use crate::progress::{Progress, WireEvent};
use crate::proxy::Proxy;
use crate::socket::Layer;
use crate::timeouts::in_phase;

/// What is read of an answer at once.
const READ_SIZE: usize = 4096;

/// Asks `proxy`, which is at the other end of `layer`, for a tunnel to `origin`.
///
/// # Errors
///
/// [`Error::ProxyRefused`] with the status, [`Error::Proxy`] if there is more than an answer, or
/// what is wrong with it.
pub(super) async fn open(
    layer: &impl Layer,
    proxy: &Proxy,
    origin: &Origin,
    limits: Limits,
    progress: &Progress,
) -> Result<(), Error> {
    let head = request(proxy, origin)?;
    send(layer, &head).await.map_err(in_phase(Phase::Proxy))?;
    progress.tell(|| WireEvent::RequestHead(&head));
    let (answer, behind) = read_answer(layer, limits, progress).await?;
    if answer.status().is_success() && behind > 0 {
        return Err(Error::Proxy {
            proxy: proxy.to_string(),
            cause: format!("{behind} bytes follow its answer, which cannot be the server's"),
        });
    }
    if answer.status().is_success() {
        return Ok(());
    }
    Err(Error::ProxyRefused {
        proxy: proxy.to_string(),
        code: answer.status().as_u16(),
    })
}

fn request(proxy: &Proxy, origin: &Origin) -> Result<Vec<u8>, Error> {
    let text = origin.to_string();
    let url = Url::parse(&text).map_err(|error| Error::InvalidUrl {
        url: text,
        reason: error.to_string(),
    })?;
    let mut request = Request::new(Method::CONNECT, url);
    request.headers = proxy.all_headers()?;
    request.version = proxy.version();
    if !request.headers.contains("Host") {
        request.headers.insert("Host", origin.host_and_port())?;
    }
    let mut head = Vec::new();
    encode_head(&request, &Headers::new(), TargetForm::Authority, &mut head)?;
    Ok(head)
}

/// Reads the head of the final answer. Returns how many bytes have come behind it, too.
async fn read_answer(
    layer: &impl Layer,
    limits: Limits,
    progress: &Progress,
) -> Result<(ResponseHead, usize), Error> {
    let mut reader = ResponseReader::new(Expected::answer_to(Method::CONNECT), limits);
    let mut unread: Vec<u8> = Vec::new();
    let tell_broken = |unread: &[u8]| {
        if !unread.is_empty() {
            progress.tell(|| WireEvent::BrokenHead(unread));
        }
    };
    loop {
        let read = reader.read(&unread);
        let step = read.inspect_err(|_| tell_broken(&unread))?;
        if let Event::Head(_) | Event::Interim(_) = step.event {
            progress.tell(|| WireEvent::ResponseHead(&unread[..step.consumed]));
        }
        unread.drain(..step.consumed);
        match step.event {
            Event::Head(head) => return Ok((head, unread.len())),
            Event::Interim(_) => {}
            _ => {
                let received = receive_more(layer, &mut reader, &mut unread).await;
                received.inspect_err(|_| tell_broken(&unread))?;
            }
        }
    }
}

async fn receive_more(
    layer: &impl Layer,
    reader: &mut ResponseReader,
    unread: &mut Vec<u8>,
) -> Result<(), Error> {
    let mut buffer = vec![0; READ_SIZE];
    match receive(layer, &mut buffer).await {
        Ok(count) => {
            unread.extend_from_slice(&buffer[..count]);
            Ok(())
        }
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            reader.end_of_stream(unread)
        }
        Err(error) => Err(in_phase(Phase::Proxy)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Version;

    #[test]
    fn a_tunnel_is_asked_for_in_the_version_that_the_proxy_knows() {
        let url = Url::parse("https://a.example/").expect("a URL");
        let origin = Origin::of(&url).expect("an origin");
        let proxy: Proxy = "proxy.example:3128".parse().expect("a proxy");
        for (proxy, version) in [
            (proxy.clone(), "HTTP/1.1"),
            (proxy.with_version(Version::Http10), "HTTP/1.0"),
        ] {
            let head = request(&proxy, &origin).expect("a valid request");
            let expected =
                format!("CONNECT a.example:443 {version}\r\nHost: a.example:443\r\n\r\n");
            assert_eq!(String::from_utf8_lossy(&head), expected);
        }
    }
}
