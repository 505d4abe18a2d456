//! Bodies that are large, slow, in parts, or followed by something.

use std::fs;
use std::time::Duration;

use looplet_http::message::Body;
use looplet_http::{Error, Phase, Session, SessionConfig, Timeouts};

use crate::servers::{Server, apache, caddy, nginx};
use crate::{content, on_loop, per_connection};

const LARGE: usize = 16 << 20;

/// Downloads `path` piece by piece, and compares it with what it should be.
fn download(server: &Server, path: &str) {
    let whole = content(LARGE);
    server.add_file("large.bin", &whole);
    let url = server.url(path);
    on_loop(async move {
        let mut response = Session::new().get(url).send().await.unwrap();
        let mut at = 0;
        while let Some(piece) = response.chunk().await.unwrap() {
            let end = at + piece.len();
            assert!(
                whole.get(at..end) == Some(&piece),
                "wrong between {at} and {end}"
            );
            at = end;
        }
        assert_eq!(at, LARGE);
    });
}

#[test]
fn a_large_file_arrives_from_nginx() {
    let Some(nginx) = nginx() else { return };
    download(&nginx, "/large.bin");
}

#[test]
fn a_large_file_arrives_from_nginx_in_chunks() {
    let Some(nginx) = nginx() else { return };
    download(&nginx, "/trailed/large.bin");
}

#[test]
fn a_large_file_arrives_from_apache() {
    let Some(apache) = apache() else { return };
    download(&apache, "/large.bin");
}

#[test]
fn a_large_file_arrives_from_caddy() {
    let Some(caddy) = caddy() else { return };
    download(&caddy, "/large.bin");
}

/// Uploads what `body` makes of a file of the server, and compares the copy.
fn upload(nginx: &Server, body: impl AsyncFnOnce(&str) -> Body + 'static) {
    let whole = content(LARGE);
    nginx.add_file("large.bin", &whole);
    let original = nginx.file("large.bin").to_str().unwrap().to_string();
    let url = nginx.url("/uploads");
    on_loop(async move {
        let body = body(&original).await;
        let stored = Session::new().put(url).body(body).send().await.unwrap();
        assert_eq!(stored.status(), 201);
    });
    let copy = fs::read(nginx.file("uploads")).unwrap();
    assert!(copy == whole, "{} bytes came", copy.len());
}

#[test]
fn a_large_file_is_uploaded_with_its_length() {
    let Some(nginx) = nginx() else { return };
    upload(&nginx, async |path| Body::file(path).await.unwrap());
}

#[test]
fn a_large_file_is_uploaded_in_chunks() {
    let Some(nginx) = nginx() else { return };
    upload(&nginx, async |path| {
        let whole = fs::read(path).unwrap();
        let pieces: Vec<_> = whole
            .chunks(100_000)
            .map(|piece| Ok(piece.to_vec()))
            .collect();
        Body::stream(looplet::iter(pieces))
    });
}

#[test]
fn trailers_of_nginx_are_read_and_the_connection_is_kept() {
    let Some(nginx) = nginx() else { return };
    nginx.add_file("hello.txt", "hello");
    let url = nginx.url("/trailed/hello.txt");
    on_loop(async move {
        let session = Session::new();
        for _ in 0..5 {
            let mut response = session.get(&url).send().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "hello");
            let trailers = response.trailers();
            assert_eq!(trailers.get("X-Target"), Some(&b"/trailed/hello.txt"[..]));
        }
    });
    assert_eq!(per_connection(&nginx.logged(5)), [5]);
}

/// Asks for a part of a file of 5000 bytes. Returns the status, the part that the server says
/// it sends, and what it sends.
fn part(server: &Server, range: &'static str) -> (u16, Option<String>, Vec<u8>) {
    server.add_file("file.txt", content(5000));
    let url = server.url("/coded/file.txt");
    on_loop(async move {
        let request = Session::new().get(url).header("Range", range);
        let mut response = request.send().await.unwrap();
        let said = response.header("Content-Range").map(str::to_string);
        let body = response.bytes().await.unwrap();
        (response.status().as_u16(), said, body)
    })
}

#[test]
fn parts_of_a_file_are_what_was_asked_for() {
    let Some(nginx) = nginx() else { return };
    let whole = content(5000);
    for (range, start, end) in [
        ("bytes=1000-1999", 1000, 2000),
        ("bytes=4990-", 4990, 5000),
        ("bytes=-500", 4500, 5000),
    ] {
        let said = format!("bytes {start}-{}/5000", end - 1);
        let expected = (206, Some(said), whole[start..end].to_vec());
        assert!(part(&nginx, range) == expected, "{range}");
    }
}

#[test]
fn a_part_behind_the_end_is_refused_with_the_length() {
    let Some(nginx) = nginx() else { return };
    let (status, said, _) = part(&nginx, "bytes=5000-");
    assert_eq!((status, said.as_deref()), (416, Some("bytes */5000")));
}

/// Fetches 15 000 bytes, of which nginx sends 10 000 at once and the rest after a second.
fn slowly(nginx: &Server, timeouts: Timeouts) -> Result<usize, Error> {
    nginx.add_file("file.txt", content(15_000));
    let url = nginx.url("/slow/file.txt");
    on_loop(async move {
        let config = SessionConfig {
            timeouts,
            ..SessionConfig::default()
        };
        let mut response = Session::with(config).get(url).send().await?;
        Ok(response.bytes().await?.len())
    })
}

#[test]
fn a_slow_body_has_the_time_that_the_limits_give_it() {
    let Some(nginx) = nginx() else { return };
    let (short, long) = (Duration::from_millis(300), Duration::from_secs(20));
    let limits = |read_idle, total| Timeouts {
        read_idle: Some(read_idle),
        total: Some(total),
        ..Timeouts::default()
    };
    let timed_out = |phase| {
        Err(Error::Timeout {
            phase,
            after: short,
        })
    };
    assert_eq!(slowly(&nginx, limits(long, long)), Ok(15_000));
    assert_eq!(slowly(&nginx, limits(short, long)), timed_out(Phase::Body));
    assert_eq!(slowly(&nginx, limits(long, short)), timed_out(Phase::Total));
}
