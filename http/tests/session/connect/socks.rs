//! SOCKS 4, 4a, 5 and 5h: what is sent, byte for byte, and what is made of every answer.

use std::cell::RefCell;
use std::rc::Rc;

use looplet_http::proxy::{Proxies, Proxy};
use looplet_http::runtime::{UnixListener, create_task};
use looplet_http::{Error, Resolver, Resolving, Response, Session, SessionConfig};

use super::{config, session_through, text_of};
use crate::server::{HELLO, Peer, Sent, TestServer, on_loop};

/// "Granted", version 4.
const GRANTED_4: &[u8] = &[0, 90, 0, 0, 0, 0, 0, 0];
/// "Succeeded", version 5, bound to 0.0.0.0:0.
const GRANTED_5: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

/// A proxy that receives so many bytes and answers, step by step, and is the server behind
/// itself after the last one. What it has received is remembered.
struct Scripted {
    server: TestServer,
    heard: Rc<RefCell<Vec<Vec<u8>>>>,
}

impl Scripted {
    async fn start<const N: usize>(steps: [(usize, &[u8]); N]) -> Self {
        let steps = steps.map(|(count, answer)| (count, answer.to_vec()));
        let heard = Rc::new(RefCell::new(Vec::new()));
        let hearing = heard.clone();
        let script = async move |mut peer: Peer| {
            for (count, answer) in &steps {
                let Some(bytes) = peer.receive(*count).await else {
                    return;
                };
                hearing.borrow_mut().push(bytes);
                peer.send(answer);
            }
            peer.serve(HELLO).await;
        };
        Self {
            server: TestServer::start(script).await,
            heard,
        }
    }

    /// Fetches a URL through it; `proxy` has `PROXY` for its host and port.
    async fn fetch(&self, proxy: &str, url: &str) -> Result<Response, Error> {
        let proxy = proxy.replace("PROXY", &self.server.authority());
        session_through(&proxy).get(url).sent().await
    }

    fn heard(&self) -> Vec<Vec<u8>> {
        self.heard.borrow().clone()
    }
}

/// Knows the addresses of one host.
#[derive(Debug)]
struct Known(&'static [&'static str]);

impl Resolver for Known {
    fn resolve<'r>(&'r self, _host: &'r str, _port: u16) -> Resolving<'r> {
        Box::pin(async { Ok(self.0.iter().map(|text| text.parse().unwrap()).collect()) })
    }
}

/// Fetches a URL through a proxy, with a resolver that knows these addresses.
async fn fetch_with(known: Known, proxy: String, url: &str) -> Result<String, Error> {
    let mut with_resolver = config();
    // The proxy itself is an address, which is looked up, too.
    let at = proxy.rsplit('/').next().unwrap().to_owned();
    with_resolver.connect.resolver = Rc::new(Beside(known, at));
    with_resolver.proxies = Proxies::all(proxy.parse().unwrap());
    let session = Session::with(with_resolver);
    session.get(url).sent().await?.text().await
}

/// Knows the addresses of one host, and lets the proxy be where it is.
#[derive(Debug)]
struct Beside(Known, String);

impl Resolver for Beside {
    fn resolve<'r>(&'r self, host: &'r str, port: u16) -> Resolving<'r> {
        match host == "127.0.0.1" {
            true => Box::pin(async { Ok(vec![self.1.parse().unwrap()]) }),
            false => self.0.resolve(host, port),
        }
    }
}

#[test]
fn version_4a_sends_the_name_and_the_user() {
    on_loop(async {
        let request = b"\x04\x01\x00\x50\x00\x00\x00\x01me\0a.test\0";
        let proxy = Scripted::start([(request.len(), GRANTED_4)]).await;
        let mut response = proxy
            .fetch("socks4a://me@PROXY", "http://a.test/x")
            .await
            .unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
        assert_eq!(proxy.heard(), [request]);
        assert_eq!(
            proxy.server.requests(),
            ["GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n"]
        );
    });
}

#[test]
fn version_4_sends_an_address_that_it_has_looked_up() {
    on_loop(async {
        let request = b"\x04\x01\x1f\x90\x0a\x01\x02\x03\0";
        let proxy = Scripted::start([(request.len(), GRANTED_4)]).await;
        let known = Known(&["[fd00::1]:8080", "10.1.2.3:8080"]);
        let at = format!("socks4://{}", proxy.server.authority());
        let text = fetch_with(known, at, "http://a.test:8080/").await;
        assert_eq!(text.as_deref(), Ok("hello"));
        assert_eq!(proxy.heard(), [request]);
    });
}

#[test]
fn version_4_says_that_it_knows_no_ipv6() {
    on_loop(async {
        let proxy = Scripted::start([(1, GRANTED_4)]).await;
        let at = format!("socks4://{}", proxy.server.authority());
        let refused = fetch_with(Known(&["[fd00::1]:80"]), at, "http://a.test/").await;
        assert_eq!(
            refused.unwrap_err().to_string(),
            "cannot resolve a.test: it has no IPv4 address, and SOCKS 4 knows no others"
        );
        let refused = proxy.fetch("socks4a://PROXY", "http://[fd00::1]/").await;
        assert_eq!(
            text_of(&refused.unwrap_err(), &proxy.server),
            "proxy socks4a://PROXY: SOCKS 4 knows no IPv6 addresses"
        );
        assert_eq!(proxy.heard(), [""; 0].map(Vec::from));
    });
}

#[test]
fn version_5h_sends_the_name() {
    on_loop(async {
        let request = b"\x05\x01\x00\x03\x06a.test\x00\x50";
        let proxy = Scripted::start([(3, &[5, 0]), (request.len(), GRANTED_5)]).await;
        let mut response = proxy
            .fetch("socks5h://PROXY", "http://a.test/")
            .await
            .unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
        assert_eq!(proxy.heard(), [&[5, 1, 0][..], request]);
    });
}

#[test]
fn version_5_sends_the_best_address() {
    on_loop(async {
        let v6 = [&b"\x05\x01\x00\x04\xfd"[..], &[0; 14], b"\x01\x00\x50"].concat();
        let v4 = b"\x05\x01\x00\x01\x0a\x00\x00\x01\x00\x51".to_vec();
        for (known, request) in [
            (Known(&["[fd00::1]:80", "10.0.0.1:81"]), v6),
            (Known(&["10.0.0.1:81", "[fd00::1]:80"]), v4),
        ] {
            let proxy = Scripted::start([(3, &[5, 0]), (request.len(), GRANTED_5)]).await;
            let at = format!("socks5://{}", proxy.server.authority());
            let text = fetch_with(known, at, "http://a.test/").await;
            assert_eq!(text.as_deref(), Ok("hello"));
            assert_eq!(proxy.heard()[1], request);
        }
    });
}

#[test]
fn an_address_in_the_url_is_sent_as_one() {
    on_loop(async {
        let request = b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50";
        let proxy = Scripted::start([(3, &[5, 0]), (request.len(), GRANTED_5)]).await;
        proxy
            .fetch("socks5h://PROXY", "http://127.0.0.1/")
            .await
            .unwrap();
        assert_eq!(proxy.heard()[1], request);
    });
}

#[test]
fn a_password_goes_only_to_a_proxy_that_asks_for_it() {
    on_loop(async {
        let request = b"\x05\x01\x00\x03\x06a.test\x00\x50";
        let asking =
            Scripted::start([(4, &[5, 2]), (9, &[1, 0]), (request.len(), GRANTED_5)]).await;
        asking
            .fetch("socks5h://me:pass@PROXY", "http://a.test/")
            .await
            .unwrap();
        assert_eq!(
            asking.heard(),
            [b"\x05\x02\x00\x02", &b"\x01\x02me\x04pass"[..], request]
        );

        let other = Scripted::start([(4, &[5, 0]), (request.len(), GRANTED_5)]).await;
        other
            .fetch("socks5h://me:pass@PROXY", "http://a.test/")
            .await
            .unwrap();
        assert_eq!(other.heard(), [b"\x05\x02\x00\x02", &request[..]]);
    });
}

#[test]
fn the_address_that_a_proxy_is_bound_to_is_read_over_whatever_its_kind() {
    on_loop(async {
        let v6 = [&[5, 0, 0, 4][..], &[9; 18]].concat();
        let name = [&[5, 0, 0, 3, 255][..], &[b'x'; 257]].concat();
        let nameless = vec![5, 0, 0, 3, 0, 0, 0];
        for answer in [v6, name, nameless] {
            let proxy = Scripted::start([(3, &[5, 0]), (13, &answer)]).await;
            let mut response = proxy
                .fetch("socks5h://PROXY", "http://a.test/")
                .await
                .unwrap();
            assert_eq!(response.text().await.unwrap(), "hello");
        }
    });
}

#[test]
fn nothing_is_read_beyond_the_answer() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.receive(3).await;
            peer.send([5, 0]);
            peer.receive(13).await;
            // A server may answer before it is asked, as one that is overloaded does.
            peer.send([GRANTED_5, HELLO.as_bytes()].concat());
            peer.until_gone().await;
        })
        .await;
        let session = session_through(&format!("socks5h://{}", server.authority()));
        let mut response = session.get("http://a.test/").send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
    });
}

#[test]
fn every_fault_of_version_4_has_its_name() {
    on_loop(async {
        for (answer, cause) in [
            ([0, 91], "it refused the connection, or it failed"),
            ([0, 92], "it wants to ask an identd, which is not there"),
            ([0, 93], "the identd of this machine knows another user"),
            ([0, 0], "it answered with the unknown code 0"),
            ([0, 255], "it answered with the unknown code 255"),
            ([4, 90], "its answer begins with 0x04"),
            (*b"HT", "its answer begins with 0x48"),
        ] {
            let answer = [&answer[..], &[0; 6]].concat();
            let proxy = Scripted::start([(16, &answer)]).await;
            let refused = proxy.fetch("socks4a://PROXY", "http://a.test/").await;
            let text = text_of(&refused.unwrap_err(), &proxy.server);
            assert_eq!(text, format!("proxy socks4a://PROXY: {cause}"));
        }
    });
}

#[test]
fn every_code_of_version_5_has_its_name() {
    on_loop(async {
        for (code, cause) in [
            (1, "it failed in general"),
            (2, "its rules do not allow the connection"),
            (3, "the network cannot be reached"),
            (4, "the host cannot be reached"),
            (5, "the connection was refused"),
            (6, "the connection took too long"),
            (7, "it does not know how to connect"),
            (8, "it does not know this kind of address"),
            (9, "it answered with the unknown code 9"),
            (255, "it answered with the unknown code 255"),
        ] {
            let answer = [5, code, 0, 1, 0, 0, 0, 0, 0, 0];
            let proxy = Scripted::start([(3, &[5, 0]), (13, &answer)]).await;
            let refused = proxy.fetch("socks5h://PROXY", "http://a.test/").await;
            let text = text_of(&refused.unwrap_err(), &proxy.server);
            assert_eq!(text, format!("proxy socks5h://PROXY: {cause}"));
        }
    });
}

#[test]
fn every_fault_of_the_choice_of_a_method_has_its_name() {
    on_loop(async {
        for (login, choice, cause) in [
            ("", [4, 0], "its answer begins with 0x04"),
            ("", [0, 0], "its answer begins with 0x00"),
            ("", [5, 255], "it wants a user and a password"),
            ("me:x@", [5, 255], "it takes no user and no password"),
            ("", [5, 2], "it chose the method 2, which was not offered"),
            (
                "me:x@",
                [5, 1],
                "it chose the method 1, which was not offered",
            ),
        ] {
            let proxy = Scripted::start([(3, &choice)]).await;
            let at = format!("socks5h://{login}PROXY");
            let refused = proxy.fetch(&at, "http://a.test/").await;
            let text = text_of(&refused.unwrap_err(), &proxy.server);
            assert_eq!(text, format!("proxy socks5h://PROXY: {cause}"));
        }
        let proxy = Scripted::start([(4, &[5, 2]), (6, &[1, 1])]).await;
        let refused = proxy.fetch("socks5h://me:x@PROXY", "http://a.test/").await;
        assert_eq!(
            text_of(&refused.unwrap_err(), &proxy.server),
            "proxy socks5h://PROXY: it does not accept user and password"
        );
    });
}

#[test]
fn an_answer_with_wrong_fields_is_refused() {
    on_loop(async {
        for (answer, cause) in [
            ([4, 0, 0, 1], "its answer begins with 0x04"),
            ([5, 0, 0, 0], "it named an address of the unknown kind 0"),
            ([5, 0, 0, 2], "it named an address of the unknown kind 2"),
        ] {
            let proxy = Scripted::start([(3, &[5, 0]), (13, &answer)]).await;
            let refused = proxy.fetch("socks5h://PROXY", "http://a.test/").await;
            let text = text_of(&refused.unwrap_err(), &proxy.server);
            assert_eq!(text, format!("proxy socks5h://PROXY: {cause}"));
        }
    });
}

#[test]
fn an_answer_that_breaks_off_at_any_byte_is_an_error() {
    on_loop(async {
        let named = [&[5, 0, 0, 3, 2][..], b"ab\0\0"].concat();
        let v6 = [&[5, 0, 0, 4][..], &[0; 18]].concat();
        for answer in [GRANTED_5, &named, &v6] {
            let dialog = [&[5, 0][..], answer].concat();
            for end in 0..dialog.len() {
                breaks_off("socks5h", 13, &dialog[..end]).await;
            }
        }
        for end in 0..GRANTED_4.len() {
            breaks_off("socks4a", 0, &GRANTED_4[..end]).await;
        }
    });
}

/// Claims that a proxy which says only this has failed. After two bytes of it, it receives
/// `more`.
async fn breaks_off(scheme: &str, more: usize, said: &[u8]) {
    let said = said.to_vec();
    let server = TestServer::start(async move |mut peer: Peer| {
        // What was not received when a socket is closed would be answered by a reset.
        peer.receive_some().await;
        peer.send(said.get(..2.min(said.len())).unwrap());
        if said.len() >= 2 {
            peer.receive(more).await;
            peer.send(&said[2..]);
        }
    })
    .await;
    let at = format!("{scheme}://{}", server.authority());
    let refused = session_through(&at).get("http://a.test/").sent().await;
    assert_eq!(
        text_of(&refused.unwrap_err(), &server),
        format!("proxy {scheme}://PROXY: it closed the connection in the middle of its answer")
    );
}

#[test]
fn what_does_not_fit_into_its_field_is_refused_before_it_is_sent() {
    on_loop(async {
        // A name of more than 255 bytes is no host, says DNS; the URL takes it all the same.
        let name = "a.".repeat(127) + "bc";
        for (scheme, first) in [("socks5h", &[5, 1, 0][..]), ("socks4a", &[])] {
            let proxy = Scripted::start([(first.len().max(1), &[5, 0])]).await;
            let refused = proxy
                .fetch(&format!("{scheme}://PROXY"), &format!("http://{name}/"))
                .await;
            let text = text_of(&refused.unwrap_err(), &proxy.server);
            let cause = "the name has 256 bytes, and SOCKS allows 255";
            assert_eq!(text, format!("proxy {scheme}://PROXY: {cause}"));
            proxy.server.until_open(0).await;
            assert_eq!(proxy.heard().concat(), first);
        }
    });
}

#[test]
fn a_user_or_password_that_does_not_fit_is_refused_when_it_is_read() {
    let long = "u".repeat(256);
    for (text, part) in [
        (format!("socks4a://{long}@p"), "user"),
        (format!("socks5h://{long}:x@p"), "user"),
        (format!("socks5h://u:{long}@p"), "password"),
    ] {
        let refused = text.parse::<Proxy>().unwrap_err().to_string();
        let cause = format!(": the {part} has 256 bytes, and SOCKS allows 255");
        assert!(refused.ends_with(&cause), "{refused}");
    }
}

#[test]
fn a_proxy_that_says_nothing_is_given_up() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| peer.until_gone().await).await;
        let mut quick = SessionConfig {
            proxies: Proxies::all(format!("socks5h://{}", server.authority()).parse().unwrap()),
            ..config()
        };
        quick.timeouts.connect = Some(crate::server::ms(30));
        let failure = Session::with(quick)
            .get("http://a.test/")
            .send()
            .await
            .unwrap_err();
        assert_eq!(
            failure.to_string().split(" (peer").next(),
            Some("timed out after 30ms while talking to the proxy")
        );
        server.until_open(0).await;
    });
}

#[test]
fn a_proxy_behind_a_unix_socket_is_told_an_address_all_the_same() {
    let path = std::env::temp_dir().join(format!("looplet-socks-{}", std::process::id()));
    let at = path.clone();
    on_loop(async move {
        let listener = UnixListener::bind(&at).unwrap();
        let serving = create_task(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 64];
            stream.readable().await.unwrap();
            let count = stream.try_read(&mut request).unwrap();
            request[..count].to_vec()
        });
        let mut config = config();
        config.connect.resolver = Rc::new(Known(&["10.1.2.3:80"]));
        config.connect.unix_socket = Some(at.clone());
        config.proxies = Proxies::all("socks4://p.test".parse().unwrap());
        let session = Session::with(config);
        session.get("http://a.test/").send().await.unwrap_err();
        assert_eq!(serving.await, [4, 1, 0, 80, 10, 1, 2, 3, 0]);
        std::fs::remove_file(&at).unwrap();
    });
}
