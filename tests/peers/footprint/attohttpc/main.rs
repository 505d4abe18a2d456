//! One GET with attohttpc, for http alone.

fn main() {
    let url = std::env::args().nth(1).expect("a URL");
    let response = attohttpc::get(url).send().expect("a response");
    println!("{}", response.bytes().expect("a page").len());
}
