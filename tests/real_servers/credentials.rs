//! Servers that want to know who is there.

use std::time::Duration;

use looplet::sleep;
use looplet_http::auth::Auth;
use looplet_http::{Session, SessionConfig};
use serde_json::Value;

use crate::servers::{Logged, Server, apache, httpbin};
use crate::{on_loop, per_connection};

/// MD5 of `user:realm:pass`.
const USERS: &str = "user:realm:8493fbc53ba582fb4c044c456bdc40eb\n";

/// Starts Apache with a page that is not for everybody.
fn apache_with_users(folder: &str) -> Option<(Server, String)> {
    let apache = apache()?;
    apache.add_file("users", USERS);
    std::fs::create_dir(apache.file(folder)).unwrap();
    apache.add_file(&format!("{folder}/page"), "for users");
    let url = apache.url(&format!("/{folder}/page"));
    Some((apache, url))
}

fn session_of(auth: Auth) -> Session {
    Session::with(SessionConfig {
        auth: Some(auth),
        ..SessionConfig::default()
    })
}

fn statuses(log: &[Logged]) -> Vec<&str> {
    log.iter().map(|request| request.status.as_str()).collect()
}

#[test]
fn digest_is_asked_for_once_by_apache_and_then_counted_on() {
    let Some((apache, url)) = apache_with_users("digest") else {
        return;
    };
    on_loop(async move {
        let session = session_of(Auth::digest("user", "pass"));
        for _ in 0..3 {
            let mut response = session.get(&url).send().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "for users");
        }
    });
    let log = apache.logged(4);
    assert_eq!(statuses(&log), ["401", "200", "200", "200"]);
    assert_eq!(per_connection(&log), [4]);
}

#[test]
fn a_digest_that_is_wrong_is_refused_by_apache_once() {
    let Some((apache, url)) = apache_with_users("digest") else {
        return;
    };
    on_loop(async move {
        let session = session_of(Auth::digest("user", "wrong"));
        assert_eq!(session.get(&url).send().await.unwrap().status(), 401);
    });
    assert_eq!(statuses(&apache.logged(2)), ["401", "401"]);
}

#[test]
fn a_digest_that_is_too_old_for_apache_is_made_anew() {
    let Some((apache, url)) = apache_with_users("hasty") else {
        return;
    };
    on_loop(async move {
        let session = session_of(Auth::digest("user", "pass"));
        assert_eq!(session.get(&url).send().await.unwrap().status(), 200);
        sleep(Duration::from_millis(1200)).await;
        assert_eq!(session.get(&url).send().await.unwrap().status(), 200);
    });
    assert_eq!(statuses(&apache.logged(4)), ["401", "200", "401", "200"]);
}

/// Whether httpbin lets somebody in at a path.
fn is_let_in(httpbin: &Server, path: &str, auth: Auth) -> bool {
    let url = httpbin.url(path);
    on_loop(async move {
        let mut response = session_of(auth).get(url).send().await.unwrap();
        let answer = response.json::<Value>().await;
        answer.is_ok_and(|answer| answer["user"] == "user" && response.status() == 200)
    })
}

#[test]
fn httpbin_understands_digests_of_each_kind() {
    let Some(httpbin) = httpbin() else { return };
    for algorithm in ["MD5", "SHA-256"] {
        let path = format!("/digest-auth/auth/user/pass/{algorithm}");
        let digest = |password| Auth::digest("user", password);
        assert!(is_let_in(httpbin, &path, digest("pass")), "{algorithm}");
        assert!(!is_let_in(httpbin, &path, digest("wrong")), "{algorithm}");
    }
}

#[test]
fn httpbin_understands_a_user_and_a_password() {
    let Some(httpbin) = httpbin() else { return };
    let path = "/basic-auth/user/pass";
    assert!(is_let_in(httpbin, path, Auth::basic("user", "pass")));
    assert!(is_let_in(httpbin, path, Auth::any("user", "pass")));
    assert!(!is_let_in(httpbin, path, Auth::basic("user", "wrong")));
    let digest = "/digest-auth/auth/user/pass";
    assert!(is_let_in(httpbin, digest, Auth::any("user", "pass")));
}

#[test]
fn a_user_and_a_password_in_a_url_are_shown_to_httpbin() {
    let Some(httpbin) = httpbin() else { return };
    let url = httpbin.url("/basic-auth/user/p%20ss");
    let url = url.replace("http://", "http://user:p%20ss@");
    let status = on_loop(async move { Session::new().get(url).send().await.unwrap().status() });
    assert_eq!(status, 200);
}

#[test]
fn a_token_is_shown_to_httpbin() {
    let Some(httpbin) = httpbin() else { return };
    let url = httpbin.url("/bearer");
    let answer: Value = on_loop(async move {
        let session = session_of(Auth::bearer("t0ken"));
        let mut response = session.get(url).send().await.unwrap();
        response.json().await.unwrap()
    });
    assert_eq!(answer["token"], "t0ken");
}
