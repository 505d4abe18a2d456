//! Downloads: what is asked for, what is believed, and what is left on the disk.

use std::path::{Path, PathBuf};

use looplet_http::{Downloaded, Error, Failure, Session};

use crate::server::{Peer, TestServer, on_loop, plain_session};

/// A folder that is removed at the end of a test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("looplet-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("f")
    }

    /// Writes what an earlier download has left.
    fn leave(&self, part: &str, of: &str) {
        std::fs::write(self.0.join("f.part"), part).unwrap();
        std::fs::write(self.0.join("f.part.of"), of).unwrap();
    }

    /// All files, in the order of their names.
    fn contents(&self) -> Vec<(String, String)> {
        let files = std::fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap());
        let mut contents: Vec<_> = files
            .map(|file| {
                let name = file.file_name().into_string().unwrap();
                (
                    name,
                    std::fs::read_to_string(file.path()).unwrap_or_default(),
                )
            })
            .collect();
        contents.sort();
        contents
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Files as [`Folder::contents`] gives them.
fn files<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .to_vec()
}

/// A server that answers request after request, and closes the connection after each.
async fn answering<const N: usize>(answers: [&str; N]) -> TestServer {
    let answers = answers.map(str::to_owned);
    TestServer::start(async move |mut peer: Peer| {
        peer.expect().await;
        peer.send(&answers[peer.number.min(N - 1)]);
    })
    .await
}

async fn fetch(server: &TestServer, path: &Path) -> Result<Downloaded, Failure> {
    session().get(server.url("/")).download(path).await
}

fn session() -> Session {
    plain_session()
}

/// The `Range` and `If-Range` of each request.
fn ranges(server: &TestServer) -> Vec<String> {
    let of = |request: &String| {
        let lines = request.lines().filter(|line| line.contains("Range: "));
        lines.collect::<Vec<_>>().join(", ")
    };
    server.requests().iter().map(of).collect()
}

/// Whether a download brought so much, after so much that was there.
fn is(saved: &Downloaded, length: u64, resumed_at: u64) -> bool {
    (saved.length, saved.resumed_at) == (length, resumed_at)
}

#[test]
fn a_file_is_fetched_uncoded_and_nothing_is_left_beside_it() {
    on_loop(async {
        let folder = Folder::new("fresh");
        let server =
            answering(["HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 5\r\n\r\nhello"]).await;
        let saved = fetch(&server, &folder.file()).await.unwrap();
        assert!(is(&saved, 5, 0));
        assert_eq!(folder.contents(), files([("f", "hello")]));
        assert!(server.requests()[0].contains("\r\nAccept-Encoding: identity\r\n"));
    });
}

#[test]
fn a_download_that_broke_off_goes_on_where_it_was() {
    const DATES: &str =
        "Date: Thu, 01 Jan 2026 00:00:09 GMT\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n";
    for (name, of) in [
        ("ETag: \"a\"\r\n", "\"a\""),
        (DATES, "Thu, 01 Jan 2026 00:00:00 GMT"),
    ] {
        on_loop(async move {
            let folder = Folder::new("resumed");
            let server = answering([
                &format!("HTTP/1.1 200 OK\r\n{name}Content-Length: 5\r\n\r\nhel"),
                &format!("HTTP/1.1 206 OK\r\n{name}Content-Range: bytes 3-4/5\r\nContent-Length: 2\r\n\r\nlo"),
            ])
            .await;
            let broken = fetch(&server, &folder.file()).await.unwrap_err();
            assert_eq!(*broken.error(), Error::BodyTruncated { got: 3, want: 5 });
            assert_eq!(
                folder.contents(),
                files([("f.part", "hel"), ("f.part.of", of)])
            );
            let saved = fetch(&server, &folder.file()).await.unwrap();
            assert!(is(&saved, 5, 3));
            assert_eq!(folder.contents(), files([("f", "hello")]));
            assert_eq!(
                ranges(&server),
                [String::new(), format!("Range: bytes=3-, If-Range: {of}")]
            );
        });
    }
}

#[test]
fn what_may_stand_for_other_bytes_too_is_no_reason_to_go_on() {
    on_loop(async {
        for name in [
            "ETag: W/\"a\"\r\n",
            "ETag: W/\"a\"\r\nDate: Thu, 01 Jan 2026 00:00:09 GMT\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n",
            "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n",
            "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n",
            "ETag: \"a\"\r\nContent-Encoding: x\r\n",
            "ETag: \r\n",
            "",
        ] {
            let folder = Folder::new("weak");
            folder.leave("old", "");
            let answer = format!("HTTP/1.1 200 OK\r\n{name}Content-Length: 5\r\n\r\nhel");
            let server = answering([&answer]).await;
            fetch(&server, &folder.file()).await.unwrap_err();
            assert_eq!(folder.contents(), files([("f.part", "hel")]), "{name}");
            assert_eq!(ranges(&server), [""]);
        }
    });
}

#[test]
fn changed_content_replaces_the_part() {
    on_loop(async {
        let folder = Folder::new("changed");
        folder.leave("old content", "\"a\"");
        let server =
            answering(["HTTP/1.1 200 OK\r\nETag: \"b\"\r\nContent-Length: 3\r\n\r\nnew"]).await;
        assert!(is(&fetch(&server, &folder.file()).await.unwrap(), 3, 0));
        assert_eq!(folder.contents(), files([("f", "new")]));
    });
}

#[test]
fn a_part_that_is_all_there_is_becomes_the_file() {
    on_loop(async {
        let folder = Folder::new("complete");
        folder.leave("hello", "\"a\"");
        let server =
            answering(["HTTP/1.1 416 No\r\nContent-Range: bytes */5\r\nContent-Length: 0\r\n\r\n"])
                .await;
        assert!(is(&fetch(&server, &folder.file()).await.unwrap(), 5, 5));
        assert_eq!(folder.contents(), files([("f", "hello")]));
    });
}

#[test]
fn a_part_that_is_of_no_use_is_begun_anew() {
    on_loop(async {
        for useless in [
            "HTTP/1.1 416 No\r\nContent-Range: bytes */2\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 206 OK\r\nETag: \"b\"\r\nContent-Range: bytes 3-4/5\r\nContent-Length: 2\r\n\r\nlo",
        ] {
            let folder = Folder::new("useless");
            folder.leave("hel", "\"a\"");
            let server =
                answering([useless, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew"]).await;
            assert!(is(&fetch(&server, &folder.file()).await.unwrap(), 3, 0));
            assert_eq!(folder.contents(), files([("f", "new")]), "{useless}");
            assert_eq!(ranges(&server), ["Range: bytes=3-, If-Range: \"a\"", ""]);
        }
    });
}

#[test]
fn a_server_that_always_refuses_changes_nothing() {
    on_loop(async {
        let folder = Folder::new("refusing");
        let server =
            answering(["HTTP/1.1 416 No\r\nContent-Range: bytes */2\r\nContent-Length: 0\r\n\r\n"])
                .await;
        for (part, of, left) in [
            (
                "hel",
                "\"a\"",
                files([("f.part", "hel"), ("f.part.of", "\"a\"")]),
            ),
            ("hel", "", files([("f.part", "hel"), ("f.part.of", "")])),
        ] {
            folder.leave(part, of);
            let refused = fetch(&server, &folder.file()).await.unwrap_err();
            let status = Error::Status {
                code: 416,
                url: server.url("/"),
            };
            assert_eq!(*refused.error(), status);
            assert_eq!(folder.contents(), left);
        }
    });
}

#[test]
fn a_status_that_is_no_success_changes_nothing() {
    on_loop(async {
        for code in [300, 304, 404, 500] {
            let folder = Folder::new("status");
            folder.leave("hel", "\"a\"");
            let server =
                answering([&format!("HTTP/1.1 {code} X\r\nContent-Length: 0\r\n\r\n")]).await;
            let refused = fetch(&server, &folder.file()).await.unwrap_err();
            assert_eq!(
                *refused.error(),
                Error::Status {
                    code,
                    url: server.url("/")
                }
            );
            assert_eq!(
                folder.contents(),
                files([("f.part", "hel"), ("f.part.of", "\"a\"")])
            );
        }
    });
}

#[test]
fn a_206_that_does_not_fit_is_refused() {
    on_loop(async {
        for (range, got) in [
            ("Content-Range: bytes 2-4/5\r\n", "bytes 2-4/5"),
            ("Content-Range: bytes */5\r\n", "bytes */5"),
            ("Content-Range: lines 3-4/5\r\n", "lines 3-4/5"),
            ("", ""),
        ] {
            let folder = Folder::new("unfit");
            folder.leave("hel", "\"a\"");
            let answer = format!("HTTP/1.1 206 OK\r\n{range}Content-Length: 2\r\n\r\nlo");
            let server = answering([&answer]).await;
            let refused = fetch(&server, &folder.file()).await.unwrap_err();
            assert_eq!(
                *refused.error(),
                Error::BadRange {
                    start: 3,
                    got: got.to_owned()
                }
            );
            assert_eq!(
                folder.contents(),
                files([("f.part", "hel"), ("f.part.of", "\"a\"")])
            );
        }
    });
}

#[test]
fn a_206_that_ends_early_is_kept_and_not_taken_for_the_whole() {
    on_loop(async {
        let folder = Folder::new("short");
        folder.leave("hel", "\"a\"");
        let server = answering([
            "HTTP/1.1 206 OK\r\nContent-Range: bytes 3-3/5\r\nContent-Length: 1\r\n\r\nl",
            "HTTP/1.1 206 OK\r\nContent-Range: bytes 4-4/*\r\nContent-Length: 1\r\n\r\no",
        ])
        .await;
        let refused = fetch(&server, &folder.file()).await.unwrap_err();
        assert_eq!(
            *refused.error(),
            Error::BadRange {
                start: 3,
                got: "bytes 3-3/5".to_owned()
            }
        );
        assert_eq!(
            folder.contents(),
            files([("f.part", "hell"), ("f.part.of", "\"a\"")])
        );
        assert!(is(&fetch(&server, &folder.file()).await.unwrap(), 5, 4));
        assert_eq!(folder.contents(), files([("f", "hello")]));
    });
}

#[test]
fn nobody_vouches_for_a_part_that_could_not_be_begun() {
    on_loop(async {
        let folder = Folder::new("unbegun");
        folder.leave("x", "\"a\"");
        std::fs::remove_file(folder.0.join("f.part")).unwrap();
        std::fs::create_dir(folder.0.join("f.part")).unwrap();
        let server =
            answering(["HTTP/1.1 200 OK\r\nETag: \"b\"\r\nContent-Length: 3\r\n\r\nnew"]).await;
        let failure = fetch(&server, &folder.file()).await.unwrap_err();
        assert!(matches!(failure.error(), Error::File { .. }), "{failure}");
        assert_eq!(folder.contents(), files([("f.part", "")]));
    });
}

#[test]
fn an_error_of_the_disk_names_the_file() {
    on_loop(async {
        let folder = Folder::new("disk");
        let body = "x".repeat(300_000);
        let server = answering([&format!(
            "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n{body}"
        )])
        .await;
        std::os::unix::fs::symlink("/dev/full", folder.0.join("f.part")).unwrap();
        let missing = folder.0.join("no/f");
        for (path, kind) in [
            (folder.file(), std::io::ErrorKind::StorageFull),
            (missing, std::io::ErrorKind::NotFound),
        ] {
            let failure = fetch(&server, &path).await.unwrap_err();
            let mut part = path.clone().into_os_string();
            part.push(".part");
            let Error::File {
                path: at,
                kind: why,
                ..
            } = failure.error()
            else {
                panic!("{failure}");
            };
            assert_eq!((at.as_os_str(), *why), (&*part, kind));
            assert!(!path.exists());
        }
    });
}

#[test]
fn a_response_that_is_saved_takes_the_name_from_an_earlier_part() {
    on_loop(async {
        let folder = Folder::new("saved");
        folder.leave("old", "\"a\"");
        let server = answering([
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        ])
        .await;
        let mut response = session().get(server.url("/")).send().await.unwrap();
        response.save_to(folder.file()).await.unwrap_err();
        assert_eq!(folder.contents(), files([("f.part", "hel")]));
        let mut response = session().get(server.url("/")).send().await.unwrap();
        assert_eq!(response.save_to(folder.file()).await, Ok(5));
        assert_eq!(folder.contents(), files([("f", "hello")]));
    });
}
