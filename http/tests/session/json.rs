//! Values as JSON, in requests and answers.

use std::collections::BTreeMap;

use looplet_http::{Error, Session};

use crate::server::{EMPTY, Sent, TestServer, on_loop, plain_session, wire};

#[test]
fn a_value_is_sent_as_json_and_says_so() {
    on_loop(async {
        let wire = wire(plain_session(), |session, server| {
            let value = BTreeMap::from([("a", vec![1, 2]), ("b", vec![])]);
            session.post(server.url("/")).json(&value)
        });
        let expected = "POST / HTTP/1.1\r\nHost: SERVER\r\nContent-Type: application/json\r\n\
                        Content-Length: 18\r\n\r\n{\"a\":[1,2],\"b\":[]}";
        assert_eq!(wire.await, expected);
    });
}

#[test]
fn a_value_that_is_no_json_is_told_before_a_connect() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        // Names in JSON are texts.
        let value = BTreeMap::from([((1, 2), 3)]);
        let sent = Session::new()
            .post(server.url("/"))
            .json(&value)
            .sent()
            .await;
        assert!(matches!(sent, Err(Error::Json { .. })), "{sent:?}");
        assert!(server.is_untouched().await);
    });
}

#[test]
fn an_answer_is_read_as_json_or_says_where_it_is_none() {
    on_loop(async {
        for (body, expected) in [
            ("[1,2]", Ok(vec![1, 2])),
            (" [ ] ", Ok(vec![])),
            ("", Err("EOF while parsing a value at line 1 column 0")),
            ("[1,x]", Err("expected value at line 1 column 4")),
            ("[1] 2", Err("trailing characters at line 1 column 5")),
        ] {
            let length = body.len();
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
            let server = TestServer::answering(answer).await;
            let mut response = Session::new().get(server.url("/")).sent().await.unwrap();
            let expected = expected.map_err(|cause| Error::Json {
                cause: cause.to_owned(),
            });
            assert_eq!(response.json::<Vec<i32>>().await, expected);
        }
    });
}
