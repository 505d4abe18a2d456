//! One GET with looplet-http, for http alone.

use looplet_http::runtime::run;

fn main() {
    let url = std::env::args().nth(1).expect("a URL");
    let length = run(async move {
        let mut response = looplet_http::get(url).await?;
        Ok::<usize, looplet_http::Error>(response.bytes().await?.len())
    });
    println!("{}", length.expect("a page"));
}
