//! fetch_one: one page, its head and the beginning of its body.
//!
//! ```text
//! cargo run --example fetch_one                       from a server in the same program
//! cargo run --example fetch_one http://localhost:8000/
//! ```
//!
//! What to look at: the request is one expression, and every way in which it can fail is one
//! line. Try a port where nobody listens, or a file URL. Without a URL it prints:
//!
//! ```text
//! HTTP/1.1 200
//! Content-Type: text/html
//! Content-Length: 28
//!
//! <h1>Hello from the loop</h1>
//! ```

use std::process::ExitCode;

use looplet::{Server, run, start_server};
use looplet_http::Error;

fn main() -> ExitCode {
    match run(fetch(std::env::args().nth(1))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fetch_one: {error}");
            ExitCode::from(2)
        }
    }
}

async fn fetch(url: Option<String>) -> Result<(), Error> {
    let server = embedded_server().await;
    let url = url.unwrap_or_else(|| format!("http://{}/", server.local_addr()));

    let mut response = looplet_http::get(url).await?;
    println!("{} {}", response.version(), response.status());
    for (name, value) in response.headers().iter() {
        println!("{name}: {}", String::from_utf8_lossy(value));
    }
    println!("\n{:.500}", response.text().await?);
    Ok(())
}

/// Answers everything with the same page.
async fn embedded_server() -> Server {
    const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 28\r\n\r\n\
        <h1>Hello from the loop</h1>";
    let serving = start_server("127.0.0.1:0", async |reader, writer| {
        while reader.read_until(b"\r\n\r\n").await.is_ok() {
            writer.write(PAGE.as_bytes());
        }
    });
    serving
        .await
        .expect("the system gives a free port on loopback")
}
