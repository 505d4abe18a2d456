//! Redirects as servers make them on their own, and as they are told to.

use looplet_http::{Error, Response, Session};
use serde_json::{Value, json};

use crate::servers::{apache, httpbin, nginx};
use crate::{on_loop, status_of};

/// The statuses and paths on the way, and the path of the answer.
fn way(response: &Response) -> Vec<String> {
    let hops = response.history().iter();
    let mut way: Vec<_> = hops
        .map(|hop| format!("{} {}", hop.url.path(), hop.status.as_u16()))
        .collect();
    way.push(format!(
        "{} {}",
        response.url().path(),
        response.status().as_u16()
    ));
    way
}

/// The way that a GET takes.
fn way_of(url: String) -> Vec<String> {
    on_loop(async move { way(&Session::new().get(url).send().await.unwrap()) })
}

#[test]
fn redirects_of_nginx_lead_to_their_targets() {
    let Some(nginx) = nginx() else { return };
    nginx.add_file("hello.txt", "hello");
    let moved = way_of(nginx.url("/moved"));
    assert_eq!(moved, ["/moved 301", "/hello.txt 200"]);
    let moved = way_of(nginx.url("/moved-for-good"));
    assert_eq!(moved, ["/moved-for-good 308", "/hello.txt 200"]);
}

#[test]
fn a_folder_without_its_slash_is_found_on_nginx_and_on_apache() {
    for server in [nginx(), apache()].into_iter().flatten() {
        std::fs::create_dir(server.file("folder")).unwrap();
        server.add_file("folder/index.html", "inside");
        let way = way_of(server.url("/folder"));
        assert_eq!(way, ["/folder 301", "/folder/ 200"]);
    }
}

#[test]
fn a_loop_of_nginx_ends_after_ten_redirects() {
    let Some(nginx) = nginx() else { return };
    let url = nginx.url("/loop");
    let answer = on_loop(async move { status_of(Session::new().get(url)).await });
    assert_eq!(answer, Err(Error::TooManyRedirects { limit: 10 }));
    assert_eq!(nginx.logged(11).len(), 11);
}

#[test]
fn chains_of_httpbin_are_followed_whether_absolute_or_relative() {
    let Some(httpbin) = httpbin() else { return };
    for kind in ["relative", "absolute"] {
        let first = if kind == "absolute" {
            "absolute-redirect"
        } else {
            "redirect"
        };
        let mut expected = vec![format!("/{first}/5 302")];
        expected.extend(
            (1..5)
                .rev()
                .map(|left| format!("/{kind}-redirect/{left} 302")),
        );
        expected.push("/get 200".to_string());
        assert_eq!(way_of(httpbin.url(&format!("/{first}/5"))), expected);
    }
}

/// What httpbin sees of a POST with a form, after a redirect with this status.
fn redirected(url: String, status: u16) -> Value {
    on_loop(async move {
        let request = Session::new().post(url);
        let request = request.query("url", "/anything/there");
        let request = request.query("status_code", status.to_string());
        let mut answer = request.form([("a", "1")]).send().await.unwrap();
        let seen: Value = answer.json().await.unwrap();
        json!([
            seen["method"],
            seen["form"],
            seen["headers"]["Content-Type"]
        ])
    })
}

#[test]
fn a_form_is_sent_again_or_becomes_a_get_as_the_status_says() {
    let Some(httpbin) = httpbin() else { return };
    let form = json!(["POST", { "a": "1" }, "application/x-www-form-urlencoded"]);
    let get = json!(["GET", {}, null]);
    for (status, expected) in [
        (301, &get),
        (302, &get),
        (303, &get),
        (307, &form),
        (308, &form),
    ] {
        let seen = redirected(httpbin.url("/redirect-to"), status);
        assert_eq!(seen, *expected, "{status}");
    }
}
