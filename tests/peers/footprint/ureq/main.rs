//! One GET with ureq, for http alone.

fn main() {
    let url = std::env::args().nth(1).expect("a URL");
    let mut response = ureq::get(&url).call().expect("a response");
    let body = response.body_mut().read_to_vec();
    println!("{}", body.expect("a page").len());
}
