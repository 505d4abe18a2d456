//! Rows 16, 83, 86, 87 and 89: pictures into files, on a thread while the loop goes on.

use looplet::{create_task, fs, gather, map_concurrent};
use looplet_http::{AcceptAnyCertificate, Error, Session, SessionConfig, TlsConfig, Trust};

use crate::rows::{self, Outcome, Stopwatch};
use crate::visit::{attributes, base_name, save_whole, site};

/// Saves a picture under the last part of its URL.
async fn get_image(session: Session, url: String) -> Result<u64, Error> {
    save_whole(session.get(&url), base_name(&url)).await
}

/// The notes compare two programs; the ratio is what counts, three to one.
pub(crate) fn sync_and_async() -> Outcome {
    rows::run(async {
        let (site, session) = (site().await?, Session::new());
        let urls = [1, 2, 3].map(|number| format!("{}/imgs/{number}.jpg", site.url));
        let clock = Stopwatch::start();
        for url in urls.clone() {
            get_image(session.clone(), url).await?;
        }
        println!("one after the other: {}", clock.passed());
        let clock = Stopwatch::start();
        for image in gather(urls.map(|url| get_image(session.clone(), url))).await {
            image?;
        }
        println!("together: {}", clock.passed());
        Ok(())
    })
}

pub(crate) fn three() -> Outcome {
    rows::run(async {
        let (site, session) = (site().await?, Session::new());
        let urls = [1, 2, 3].map(|number| format!("{}/imgs/{number}.jpg", site.url));
        for length in gather(urls.map(|url| get_image(session.clone(), url))).await {
            println!("{} bytes", length?);
        }
        Ok(())
    })
}

/// In the notes, requests block the loop, so one page is fetched at a time, not five; and
/// pictures of the same moment have the same name.
pub(crate) fn gallery() -> Outcome {
    rows::run(async {
        let (site, session) = (site().await?, Session::new());
        fs::create_dir_all("imgs").await?;
        let pages = (1..=16).map(|page| (page, site.url.clone()));
        let save = |(page, site)| save_page(session.clone(), site, page);
        for images in map_concurrent(pages, 5, save).await {
            for url in images? {
                println!("('{url}', 'ok')");
            }
        }
        let stats = session
            .get(format!("{}/stats", site.url))
            .send()
            .await?
            .text()
            .await?;
        let stats: serde_json::Value = serde_json::from_str(&stats)?;
        println!("pages at the same time: {}", stats["picture"]["at_once"]);
        Ok(())
    })
}

async fn save_page(session: Session, site: String, page: u32) -> Result<Vec<String>, Error> {
    let html = session
        .get(format!("{site}/picture/lists/p/{page}"))
        .send()
        .await?
        .text()
        .await?;
    let mut saved = Vec::new();
    for image in attributes(&html, ".workimage", "data-original") {
        // The large one instead of the small one.
        let url = format!("{site}/{}", image.replace("thumb", "thumbMid"));
        let path = format!("imgs/{}", base_name(&url));
        save_whole(session.get(&url), path).await?;
        saved.push(url);
    }
    Ok(saved)
}

/// The site of the notes has a certificate that nobody vouches for. Their files end in
/// `.jpg.jpg`; these do not.
pub(crate) fn later() -> Outcome {
    rows::run(async {
        let permission = AcceptAnyCertificate::although_anybody_can_read_and_change_everything();
        let tls = TlsConfig {
            trust: Trust::Anybody(permission),
            ..TlsConfig::default()
        };
        let (site, session) = (
            site().await?,
            Session::with(SessionConfig {
                tls,
                ..SessionConfig::default()
            }),
        );
        let clock = Stopwatch::start();
        fs::create_dir_all("imgs").await?;
        let page = session
            .get(format!("{}/photo/list/", site.url))
            .send()
            .await?
            .text()
            .await?;
        let css = "li.list-group-item > div > div > a > img[data-backup]";
        let urls = attributes(&page, css, "data-backup").into_iter();
        let tasks = urls.map(|url| {
            let path = format!("imgs/{}", base_name(&url));
            create_task(save_whole(session.get(url), path))
        });
        for image in gather(tasks.collect::<Vec<_>>()).await {
            println!("{} bytes", image?);
        }
        println!("{}", clock.passed());
        Ok(())
    })
}
