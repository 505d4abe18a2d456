//! Lines that no server would send: nothing panics, and every file is read as it was written.

use looplet_http::cookies::CookieJar;
use url::Url;

use crate::{lines, url};

/// Numbers without a pattern, the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize
    }

    fn of<'p>(&mut self, pieces: &[&'p str]) -> &'p str {
        pieces[self.next() % pieces.len()]
    }
}

const PIECES: [&str; 44] = [
    ";",
    ";",
    ";",
    ";",
    "=",
    "=",
    "=",
    " ",
    "\t",
    ",",
    "\"",
    "a",
    "b",
    "n",
    "v",
    "é",
    "%00",
    "#",
    "#HttpOnly_",
    "__Host-",
    "__Secure-",
    "; Path=/",
    "; path=/a/",
    "/",
    "; Domain=a.b",
    "; domain=.A.B.",
    "; domain=x.a.b",
    "; domain=[::1]",
    "; domain=127.0.0.1",
    ".",
    "..",
    "xn--",
    "\u{130}",
    "; Secure",
    "; HttpOnly",
    "; Max-Age=",
    "; Max-Age=-",
    "99999999999999999999",
    "; Expires=",
    "Thu, 01 Jan 2099 00:00:00 GMT",
    "01-Jan-70 0:0:0",
    "9999",
    "\x7f",
    "-",
];
const HOSTS: [&str; 6] = ["a.b", "x.a.b", "X.a.B.", "localhost", "127.0.0.1", "[::1]"];
const PATHS: [&str; 5] = ["", "/", "/a", "/a/b", "/%2f/é?q"];

fn any_url(random: &mut Random) -> Url {
    let scheme = random.of(&["http", "https"]);
    let (host, path) = (random.of(&HOSTS), random.of(&PATHS));
    url(&format!("{scheme}://{host}{path}"))
}

#[test]
fn whatever_a_jar_takes_it_writes_and_reads_again() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut taken = 0;
    for _ in 0..200 {
        let jar = CookieJar::new();
        for _ in 0..50 {
            let length = random.next() % 8;
            let mut line = String::from(random.of(&["n=v", "", "m=", "n = a=b "]));
            line.extend((0..length).map(|_| random.of(&PIECES)));
            taken += usize::from(jar.set(&any_url(&mut random), &line).is_ok());
            jar.cookies_for(&any_url(&mut random));
        }
        let read = CookieJar::new();
        read.add_netscape(jar.to_netscape().as_bytes()).unwrap();
        assert_eq!(lines(&read), lines(&jar));
    }
    assert!(taken > 1000, "{taken} lines were good");
}
