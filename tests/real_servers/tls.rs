//! TLS as nginx and Caddy speak it, with certificates that are good and that are not.

use looplet_http::{
    AcceptAnyCertificate, Error, Identity, Session, SessionConfig, TlsConfig, TlsVersion, Trust,
};

use crate::servers::{Authority, Server, authority, caddy_with_tls, nginx_with_tls};
use crate::{content, on_loop, per_connection, status_of};

/// A session that trusts the authority of the tests.
pub(crate) fn trusting(authority: &Authority) -> SessionConfig {
    let trust = Trust::Pem(authority.file("authority.pem").to_vec());
    with_tls(TlsConfig {
        trust,
        ..TlsConfig::default()
    })
}

fn with_tls(tls: TlsConfig) -> SessionConfig {
    SessionConfig {
        tls,
        ..SessionConfig::default()
    }
}

/// The permission to speak to anybody.
fn careless() -> SessionConfig {
    let permission = AcceptAnyCertificate::although_anybody_can_read_and_change_everything();
    with_tls(TlsConfig {
        trust: Trust::Anybody(permission),
        ..TlsConfig::default()
    })
}

fn caddy() -> Option<(&'static Authority, Server)> {
    let authority = authority()?;
    Some((authority, caddy_with_tls(authority)?))
}

fn nginx() -> Option<(&'static Authority, Server)> {
    let authority = authority()?;
    Some((authority, nginx_with_tls(authority)?))
}

fn url(server: &Server, port: &str) -> String {
    format!("https://localhost:{}/seen", server.port(port))
}

/// What a server says of the connection.
fn seen(config: SessionConfig, url: String) -> Result<String, Error> {
    on_loop(async move {
        let mut response = Session::with(config).get(url).send().await?;
        response.text().await
    })
}

/// What a server says of two connections, one after the other.
fn seen_twice(config: SessionConfig, url: String) -> [String; 2] {
    on_loop(async move {
        let session = Session::with(config);
        let mut said = Vec::new();
        for _ in 0..2 {
            let request = session.get(&url).header("Connection", "close");
            said.push(request.send().await.unwrap().text().await.unwrap());
        }
        said.try_into().unwrap()
    })
}

#[test]
fn caddy_is_spoken_to_in_http_1_although_it_offers_2_and_knows_a_client_again() {
    let Some((authority, caddy)) = caddy() else {
        return;
    };
    let said = seen_twice(trusting(authority), url(&caddy, "VALID"));
    assert_eq!(said, ["HTTP/1.1 tls1.3 false", "HTTP/1.1 tls1.3 true"]);
}

#[test]
fn nginx_is_spoken_to_in_both_versions_and_knows_a_client_again() {
    let Some((authority, nginx)) = nginx() else {
        return;
    };
    let said = seen_twice(trusting(authority), url(&nginx, "NEWEST"));
    assert_eq!(said, ["TLSv1.3 .", "TLSv1.3 r"]);
    let said = seen_twice(trusting(authority), url(&nginx, "OLDER"));
    assert_eq!(said, ["TLSv1.2 .", "TLSv1.2 r"]);
}

#[test]
fn a_certificate_may_be_for_an_address() {
    let Some((authority, caddy)) = caddy() else {
        return;
    };
    let url = url(&caddy, "VALID").replace("localhost", "127.0.0.1");
    assert_eq!(
        seen(trusting(authority), url).unwrap(),
        "HTTP/1.1 tls1.3 false"
    );
}

#[test]
fn a_certificate_that_is_not_good_is_refused_with_its_reason() {
    let Some((authority, caddy)) = caddy() else {
        return;
    };
    for (port, config, reason) in [
        ("EXPIRED", trusting(authority), "expired"),
        ("ELSEWHERE", trusting(authority), "not valid for name"),
        ("SELF_SIGNED", trusting(authority), "UnknownIssuer"),
        ("VALID", SessionConfig::default(), "UnknownIssuer"),
    ] {
        let error = seen(config, url(&caddy, port)).unwrap_err();
        let Error::Certificate { host, cause } = &error else {
            panic!("{port}: {error:?}");
        };
        assert_eq!(host, "localhost");
        assert!(cause.contains(reason), "{port}: {cause}");
    }
}

#[test]
fn whoever_accepts_anybody_gets_everybody() {
    let Some((_, caddy)) = caddy() else { return };
    for port in ["VALID", "EXPIRED", "ELSEWHERE", "SELF_SIGNED"] {
        let said = seen(careless(), url(&caddy, port));
        assert_eq!(said.as_deref(), Ok("HTTP/1.1 tls1.3 false"), "{port}");
    }
}

#[test]
fn a_client_shows_its_certificate_when_caddy_asks() {
    let Some((authority, caddy)) = caddy() else {
        return;
    };
    let mut config = trusting(authority);
    config.tls.identity = Some(Identity {
        certificates: authority.file("client.pem").to_vec(),
        key: authority.file("client.key").to_vec(),
    });
    let said = seen(config, url(&caddy, "CLIENT"));
    assert_eq!(said.as_deref(), Ok("CN=client"));
}

#[test]
fn a_client_without_a_certificate_is_told_that_caddy_wants_one() {
    let Some((authority, caddy)) = caddy() else {
        return;
    };
    let error = seen(trusting(authority), url(&caddy, "CLIENT")).unwrap_err();
    let said = error.to_string();
    assert!(said.to_lowercase().contains("certificate"), "{error:?}");
}

#[test]
fn versions_that_are_too_old_are_refused() {
    let Some((authority, nginx)) = nginx() else {
        return;
    };
    let mut strict = trusting(authority);
    strict.tls.min_version = TlsVersion::Tls13;
    for (config, port) in [(trusting(authority), "OUTDATED"), (strict, "OLDER")] {
        let error = seen(config, url(&nginx, port)).unwrap_err();
        assert!(matches!(error, Error::Tls { .. }), "{port}: {error:?}");
    }
}

#[test]
fn tls_and_its_absence_are_not_mixed_up() {
    let Some((authority, nginx)) = nginx() else {
        return;
    };
    let Some(plain) = crate::servers::nginx() else {
        return;
    };
    let url = format!("https://localhost:{}/", plain.port("PORT"));
    let error = seen(trusting(authority), url).unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error:?}");
    let url = format!("http://localhost:{}/", nginx.port("NEWEST"));
    let status = on_loop(async move { status_of(Session::new().get(url)).await });
    assert_eq!(status, Ok(400));
}

#[test]
fn a_large_file_goes_up_and_comes_back_on_one_connection() {
    let Some((authority, nginx)) = nginx() else {
        return;
    };
    let config = trusting(authority);
    let url = format!("https://localhost:{}/copy", nginx.port("NEWEST"));
    on_loop(async move {
        let whole = content(2 << 20);
        let session = Session::with(config);
        let stored = session.put(&url).body(whole.clone()).send().await.unwrap();
        assert_eq!(stored.status(), 201);
        let mut response = session.get(&url).send().await.unwrap();
        assert!(response.bytes().await.unwrap() == whole);
    });
    assert_eq!(per_connection(&nginx.logged(2)), [2]);
}
