//! Cookies that httpbin sets, on the way of redirects, and gets back.

use looplet_http::cookies::CookieJar;
use looplet_http::{Session, SessionConfig};
use serde_json::{Value, json};

use crate::on_loop;
use crate::servers::httpbin;

/// Fetches pages one after the other on a session with a jar. Returns what the last one says.
fn last_of(pages: &'static [&'static str]) -> Option<Value> {
    let urls: Vec<_> = pages
        .iter()
        .map(|page| httpbin().map(|bin| bin.url(page)))
        .collect();
    let urls: Vec<String> = urls.into_iter().collect::<Option<_>>()?;
    Some(on_loop(async move {
        let session = Session::with(SessionConfig {
            cookies: Some(CookieJar::new()),
            ..SessionConfig::default()
        });
        let mut answer = Value::Null;
        for url in urls {
            let mut response = session.get(url).send().await.unwrap();
            assert_eq!(response.url().path(), "/cookies");
            answer = response.json().await.unwrap();
        }
        answer
    }))
}

#[test]
fn cookies_of_a_redirect_come_back_at_its_target() {
    let Some(answer) = last_of(&["/cookies/set?a=1&b=2"]) else {
        return;
    };
    assert_eq!(answer["cookies"], json!({ "a": "1", "b": "2" }));
}

#[test]
fn a_cookie_that_is_deleted_comes_back_no_more() {
    let pages = &[
        "/cookies/set?a=1&b=2",
        "/cookies/set/b/3",
        "/cookies/delete?a",
        "/cookies",
    ];
    let Some(answer) = last_of(pages) else { return };
    assert_eq!(answer["cookies"], json!({ "b": "3" }));
}
