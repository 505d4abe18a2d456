//! One GET with reqwest: for http alone, and, in `reqwest-default`, with its default features.

use tokio::runtime::Builder;

fn main() {
    let url = std::env::args().nth(1).expect("a URL");
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("there are descriptors for a runtime");
    let length = runtime.block_on(async {
        let response = reqwest::get(url).await?;
        Ok::<usize, reqwest::Error>(response.bytes().await?.len())
    });
    println!("{}", length.expect("a page"));
}
