//! Proxies between client and server: tinyproxy and microsocks.

use looplet_http::proxy::Proxies;
use looplet_http::{Error, Session, SessionConfig};

use crate::servers::{Server, authority, microsocks, nginx, nginx_with_tls, tinyproxy};
use crate::tls::trusting;
use crate::{on_loop, per_connection};

/// The statuses of several requests, or why there are none.
type Statuses = Result<Vec<u16>, Error>;

/// A text for a proxy, with what stands before the host.
fn through(proxy: &Server, start: &str) -> String {
    format!("{start}127.0.0.1:{}", proxy.port("PORT"))
}

/// Fetches `url` three times through a proxy. Returns the statuses.
fn fetch(config: SessionConfig, proxy: &str, url: String) -> Statuses {
    let proxies = Proxies::all(proxy.parse().unwrap());
    on_loop(async move {
        let session = Session::with(SessionConfig { proxies, ..config });
        let mut statuses = Vec::new();
        for _ in 0..3 {
            let mut response = session.get(&url).send().await?;
            response.bytes().await?;
            statuses.push(response.status().as_u16());
        }
        Ok(statuses)
    })
}

/// Fetches a page of nginx, plain.
fn fetch_plain(nginx: &Server, proxy: &str) -> Statuses {
    fetch(SessionConfig::default(), proxy, nginx.url("/five"))
}

#[test]
fn tinyproxy_passes_a_request_on_for_whom_it_knows() {
    let (Some(proxy), Some(nginx)) = (tinyproxy(), nginx()) else {
        return;
    };
    let known = through(&proxy, "http://user:pass@");
    assert_eq!(fetch_plain(&nginx, &known), Ok(vec![200; 3]));
    assert_eq!(nginx.logged(3).len(), 3);
}

#[test]
fn tinyproxy_asks_a_stranger_who_it_is() {
    let (Some(proxy), Some(nginx)) = (tinyproxy(), nginx()) else {
        return;
    };
    let stranger = through(&proxy, "http://");
    assert_eq!(fetch_plain(&nginx, &stranger), Ok(vec![407; 3]));
}

/// Fetches a page of nginx with TLS, through a proxy. Returns how many requests came on each
/// connection, too.
fn fetch_secure(proxy: &str) -> Option<(Statuses, Vec<usize>)> {
    let authority = authority()?;
    let nginx = nginx_with_tls(authority)?;
    let url = format!("https://localhost:{}/seen", nginx.port("NEWEST"));
    let fetched = fetch(trusting(authority), proxy, url);
    let count = fetched.as_ref().map_or(0, Vec::len);
    let log = if count > 0 {
        nginx.logged(count)
    } else {
        Vec::new()
    };
    Some((fetched, per_connection(&log)))
}

#[test]
fn a_tunnel_of_tinyproxy_is_kept_for_further_requests() {
    let Some(proxy) = tinyproxy() else { return };
    let known = through(&proxy, "http://user:pass@");
    let Some(fetched) = fetch_secure(&known) else {
        return;
    };
    assert_eq!(fetched, (Ok(vec![200; 3]), vec![3]));
}

#[test]
fn a_tunnel_that_tinyproxy_refuses_is_an_error_with_its_status() {
    let Some(proxy) = tinyproxy() else { return };
    let stranger = through(&proxy, "http://");
    let Some((fetched, _)) = fetch_secure(&stranger) else {
        return;
    };
    let refused = Error::ProxyRefused {
        proxy: stranger,
        code: 407,
    };
    assert_eq!(fetched, Err(refused));
}

#[test]
fn microsocks_connects_to_names_and_addresses() {
    let (Some(proxy), Some(nginx)) = (microsocks(), nginx()) else {
        return;
    };
    for kind in ["socks5://user:pass@", "socks5h://user:pass@"] {
        let known = through(&proxy, kind);
        assert_eq!(fetch_plain(&nginx, &known), Ok(vec![200; 3]), "{kind}");
        let Some(fetched) = fetch_secure(&known) else {
            return;
        };
        assert_eq!(fetched, (Ok(vec![200; 3]), vec![3]), "{kind}");
    }
    assert_eq!(per_connection(&nginx.logged(6)), [3, 3]);
}

#[test]
fn microsocks_refuses_whom_it_does_not_know() {
    let (Some(proxy), Some(nginx)) = (microsocks(), nginx()) else {
        return;
    };
    for start in ["socks5://", "socks5://user:wrong@", "socks4://"] {
        let fetched = fetch_plain(&nginx, &through(&proxy, start));
        assert!(
            matches!(fetched, Err(Error::Proxy { .. })),
            "{start} {fetched:?}"
        );
    }
}

#[test]
fn a_server_that_microsocks_cannot_reach_is_told_by_the_proxy() {
    let Some(proxy) = microsocks() else { return };
    let known = through(&proxy, "socks5h://user:pass@");
    let url = "http://127.0.0.1:1/".to_string();
    let error = fetch(SessionConfig::default(), &known, url).unwrap_err();
    assert!(matches!(error, Error::Proxy { .. }), "{error:?}");
}
