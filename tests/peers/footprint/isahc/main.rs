//! One GET with isahc, for http alone. The libcurl in it is built from source.

use isahc::ReadResponseExt;

fn main() {
    let url = std::env::args().nth(1).expect("a URL");
    let mut response = isahc::get(url).expect("a response");
    println!("{}", response.bytes().expect("a page").len());
}
