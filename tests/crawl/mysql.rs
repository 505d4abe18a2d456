//! Articles in a real MariaDB.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use mysql::prelude::Queryable;
use mysql::{Conn, Opts};

use crate::program::Folder;
use crate::servers::{Server, program};
use crate::web::{Answer, Web};
use crate::workers;

/// What MariaDB does before it accepts connections.
const SETUP: &str = "
CREATE DATABASE articles;
CREATE USER crawler@'127.0.0.1' IDENTIFIED BY 'secret';
GRANT ALL ON articles.* TO crawler@'127.0.0.1';
";

/// Starts MariaDB with an empty database `articles` for `crawler` with the password `secret`.
fn mariadb() -> Option<Server> {
    let remedy = "apt-get install mariadb-server";
    let program_of = |name| program(name, remedy);
    let (server, install) = (program_of("mariadbd")?, program_of("mariadb-install-db")?);
    Some(Server::start(&["PORT"], |site| {
        install_into(&install, site.folder());
        let setup = site.folder().join("setup.sql");
        fs::write(&setup, SETUP).unwrap();
        let mut command = Command::new(&server);
        command.arg("--no-defaults").args(user());
        command.args(["--bind-address=127.0.0.1", "--skip-name-resolve"]);
        command.args([
            "--max-allowed-packet=1M",
            "--innodb-flush-log-at-trx-commit=0",
        ]);
        command.arg(format!("--port={}", site.port("PORT")));
        for (option, name) in [
            ("datadir", "data"),
            ("socket", "socket"),
            ("pid-file", "pid"),
        ] {
            let path = site.folder().join(name);
            command.arg(format!("--{option}={}", path.display()));
        }
        command.arg(format!("--init-file={}", setup.display()));
        command
    }))
}

fn install_into(install: &Path, folder: &Path) {
    let mut command = Command::new(install);
    command.args([
        "--no-defaults",
        "--skip-test-db",
        "--auth-root-authentication-method=normal",
    ]);
    command.args(user());
    command.arg(format!("--datadir={}", folder.join("data").display()));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Root has to say that it means to be root. The others cannot be anybody else.
fn user() -> Option<&'static str> {
    let own = Command::new("id").arg("-u").output().unwrap();
    (own.stdout == b"0\n").then_some("--user=root")
}

fn address(mariadb: &Server) -> String {
    format!(
        "mysql://crawler:secret@127.0.0.1:{}/articles",
        mariadb.port("PORT")
    )
}

/// Rows, and different texts in them.
fn kept(mariadb: &Server) -> (u64, u64) {
    let options = Opts::from_url(&address(mariadb)).unwrap();
    let mut connection = Conn::new(options).unwrap();
    let query = "SELECT count(*), count(DISTINCT title, html) FROM articles";
    connection.query_first(query).unwrap().unwrap()
}

/// One server for all of it: it takes seconds to start.
#[test]
fn mysql_keeps_each_article_once_and_says_what_is_wrong() {
    let Some(mariadb) = mariadb() else { return };
    wrong_addresses_are_one_line(&mariadb);
    a_page_for_which_there_is_no_room_is_an_error_of_that_page(&mariadb);
    a_killed_crawl_loses_nothing(&mariadb);
    if let Some(redis) = workers::redis() {
        workers_share_the_table(&mariadb, &redis);
    }
    a_crawl_ends_with_one_line_when_it_goes_away(mariadb);
}

fn wrong_addresses_are_one_line(mariadb: &Server) {
    let (folder, port) = (Folder::new(), mariadb.port("PORT"));
    let page = "http://127.0.0.1:1/";
    let wrong = address(mariadb).replace("secret", "hunter2");
    let ended = folder.run(&["--sink", &wrong, page]);
    let denied = "Access denied for user 'crawler'@'127.0.0.1'";
    ended.refused(&[
        &format!("crawl: mysql://crawler@127.0.0.1:{port}/articles: "),
        denied,
    ]);
    assert!(!ended.stderr.contains("hunter2"), "{ended:?}");
    let elsewhere = address(mariadb).replace("/articles", "/elsewhere");
    folder
        .run(&["--sink", &elsewhere, page])
        .refused(&["/elsewhere: Access denied"]);
    let without = address(mariadb).replace("/articles", "");
    folder
        .run(&["--sink", &without, page])
        .refused(&["No database selected"]);
    let nobody = "mysql://u:p@127.0.0.1:1/db";
    folder
        .run(&["--sink", nobody, page])
        .refused(&["Connection refused"]);
    // Nothing has begun.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

fn a_page_for_which_there_is_no_room_is_an_error_of_that_page(mariadb: &Server) {
    let web = Web::serve(|path| match path {
        "/" => Answer::html("<title>\u{1f980} caf\u{e9}</title><a href=/large>"),
        "/large" => Answer::html("x".repeat(2 << 20)),
        _ => Answer::missing(),
    });
    let ended = Folder::new()
        .run(&["--sink", &address(mariadb), &web.url("/")])
        .well();
    assert_eq!(
        (ended.count("pages"), ended.count("page too large")),
        (1, 1)
    );
    let mut connection = Conn::new(Opts::from_url(&address(mariadb)).unwrap()).unwrap();
    let title: Option<String> = connection
        .query_first("SELECT title FROM articles")
        .unwrap();
    assert_eq!(title.as_deref(), Some("\u{1f980} caf\u{e9}"));
    connection.query_drop("DELETE FROM articles").unwrap();
}

fn a_killed_crawl_loses_nothing(mariadb: &Server) {
    let web = Web::of_pages(300, Duration::from_millis(5), 100);
    let (folder, sink, url) = (Folder::new(), address(mariadb), web.url("/0"));
    let command = ["--sink", sink.as_str(), &url];
    for part in 1..4 {
        let mut crawl = folder.start(&command);
        web.wait_for(part * 60);
        assert!(crawl.kill());
    }
    folder.run(&command).well();
    assert_eq!(kept(mariadb), (300, 300));
}

fn workers_share_the_table(mariadb: &Server, redis: &Server) {
    let web = Web::of_pages(300, Duration::from_millis(5), 100);
    let (folder, sink, url) = (Folder::new(), address(mariadb), web.url("/0"));
    let crawl = workers::address(redis);
    let command = ["--lease=0.5", "--frontier", &crawl, "--sink", &sink, &url];
    let mut first = folder.start(&command);
    web.wait_for(20);
    let second = folder.start(&command);
    web.wait_for(150);
    assert!(first.kill());
    second.ended().well();
    // Those of the site before are still there.
    assert_eq!(kept(mariadb), (600, 300));
}

fn a_crawl_ends_with_one_line_when_it_goes_away(mariadb: Server) {
    let web = Web::of_pages(1000, Duration::from_millis(5), 100);
    let (folder, sink, url) = (Folder::new(), address(&mariadb), web.url("/0"));
    let crawl = folder.start(&["--sink", &sink, &url]);
    web.wait_for(100);
    let port = mariadb.port("PORT");
    drop(mariadb);
    let ended = crawl.ended();
    ended.refused(&[&format!(
        "crawl: mysql://crawler@127.0.0.1:{port}/articles: "
    )]);
}
