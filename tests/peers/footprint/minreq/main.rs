//! One GET with minreq.

fn main() {
    let url = std::env::args().nth(1).expect("a URL");
    let response = minreq::get(url).send().expect("a page");
    println!("{}", response.as_bytes().len());
}
