//! Rows 80 and 88: what can be put into a request, and two ways to read an answer.

use looplet_http::proxy::{Proxies, Proxy};
use looplet_http::{Session, SessionConfig};
use serde_json::Value;

use crate::rows::{self, Outcome};
use crate::visit::site;

/// The site says what it was sent.
pub(crate) fn basics() -> Outcome {
    rows::run(async {
        let (site, session) = (site().await?, Session::new());
        let echo = format!("{}/echo", site.url);

        let request = session
            .get(&echo)
            .header("User-Agent", "notes")
            .query("page", "1");
        let mut response = request.send().await?;
        show("get", &response.text().await?)?;

        let mut response = session
            .post(&echo)
            .form([("name", "li bai")])
            .send()
            .await?;
        show("post", &String::from_utf8(response.bytes().await?)?)?;

        // The host of this URL is never looked up: that is up to the proxy.
        let proxies = Proxies::all(site.url.parse::<Proxy>()?);
        let session = Session::with(SessionConfig {
            proxies,
            ..SessionConfig::default()
        });
        let request = session
            .get("http://nowhere.example/echo")
            .header("User-Agent", "notes");
        show("proxy", &request.send().await?.text().await?)?;
        Ok(())
    })
}

fn show(what: &str, text: &str) -> Result<(), serde_json::Error> {
    let sent: Value = serde_json::from_str(text)?;
    let (args, body, agent) = (&sent["args"], &sent["body"], &sent["headers"]["User-Agent"]);
    println!("{what}: args {args}, body {body}, user agent {agent}");
    Ok(())
}

pub(crate) fn headers() -> Outcome {
    rows::run(async {
        let (site, session) = (site().await?, Session::new());
        let mut response = session.get(format!("{}/headers", site.url)).send().await?;
        print!("{}", response.text().await?);
        Ok(())
    })
}
