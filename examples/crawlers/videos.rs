//! Rows 5 and 82: videos whose addresses are in scripts.

use std::io;

use looplet::{ThreadPool, create_task, fs, gather};
use looplet_http::{Session, blocking};

use crate::rows::{self, Outcome, Stopwatch};
use crate::visit::{attributes, find, save_whole, site, site_beside, texts, write_whole};

const USER_AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/80.0.3987.132";
/// Where the address of a video is, over several lines if need be.
const SOURCE: &str = r#"(?s)srcUrl="(.*?)",vdoUrl="#;

/// The pages of the videos and what these are called.
fn links(page: &str, site: &str) -> Vec<(String, String)> {
    let pages = attributes(page, "#listvideoListUl > li > div > a", "href");
    let names = texts(page, "#listvideoListUl > li > div > a > div:nth-of-type(2)");
    let pages = pages.into_iter().map(|page| format!("{site}/{page}"));
    pages.zip(names).collect()
}

pub(crate) fn on_threads() -> Outcome {
    let site = site_beside()?;
    let get = |url: &str| {
        blocking::Session::new()?
            .get(url)
            .header("User-Agent", USER_AGENT)
            .send()?
            .text()
    };
    let mut videos = Vec::new();
    for (page, name) in links(&get(&format!("{site}/category_3"))?, &site) {
        videos.push((find(SOURCE, &get(&page)?)?, name));
    }
    for saved in ThreadPool::new(4).map(save, videos)? {
        saved??;
    }
    Ok(())
}

fn save((url, name): (String, String)) -> io::Result<()> {
    let video = blocking::get(&url)?.raise_for_status()?.bytes()?;
    write_whole(format!("video/{name}.mp4"), &video)?;
    println!("{name} Download completed!");
    Ok(())
}

/// The notes read the pages of the videos before the loop runs, with a client that blocks, and
/// write the files in a callback, which blocks as well. Here both are awaited.
pub(crate) fn as_tasks() -> Outcome {
    rows::run(async {
        let (site, session) = (site().await?, Session::new());
        let clock = Stopwatch::start();
        let get = async |url: &str| {
            session
                .get(url)
                .header("User-Agent", USER_AGENT)
                .send()
                .await?
                .text()
                .await
        };
        fs::create_dir_all("video").await?;
        let mut tasks = Vec::new();
        for (page, name) in links(&get(&format!("{}/category_3", site.url)).await?, &site.url) {
            let (url, session) = (find(SOURCE, &get(&page).await?)?, session.clone());
            let path = format!("video/{name}.mp4");
            let task = create_task(async move {
                let saved = save_whole(session.get(url), path).await;
                saved.map_err(|error| error.to_string())
            });
            task.add_done_callback(move |task| {
                if let Ok(Ok(Ok(_))) = task.result() {
                    println!("{name} Download completed!");
                }
            });
            tasks.push(task);
        }
        for saved in gather(tasks).await {
            saved?;
        }
        println!("Total time consumption: {}", clock.passed());
        Ok(())
    })
}
