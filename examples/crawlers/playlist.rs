//! Rows 90 to 92: a video in parts.
//!
//! The notes take the last line of the list of variants, which is empty if the list ends with a
//! line break, and put paths together as those of files, which loses the host where a path is
//! absolute. Here blank lines and comments are skipped, and URLs are joined as URLs.

use std::error::Error;

use looplet::process::Command;
use looplet::{create_task, fs, map_concurrent};
use looplet_http::{Session, blocking};
use url::Url;

use crate::rows::{self, Outcome, Stopwatch, pause};
use crate::visit::{base_name, find, save_whole, site, site_beside, write_whole};

const PAGE: &str = "/play/14999-1-0.html";
const LIST: &str = r#"now="(.*?m3u8)""#;
const NAME: &str = r#"<td class="col2 hidden-xs">(\w+)</td>"#;
/// Where the parts are kept.
const FOLDER: &str = "ts文件";
/// The film in its other container, until it is whole.
const PART: &str = "apple.part.mp4";
/// Parts that are fetched at the same time.
const AT_ONCE: usize = 4;

/// The entries of a playlist, as URLs.
fn entries(playlist: &str, at: &Url) -> Result<Vec<Url>, url::ParseError> {
    let lines = playlist.lines().map(str::trim);
    let entries = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    entries.map(|entry| at.join(entry)).collect()
}

/// The variant that a list of them ends with.
fn last_variant(playlist: &str, at: &Url) -> Result<Url, Box<dyn Error>> {
    let last = entries(playlist, at)?.pop();
    Ok(last.ok_or_else(|| format!("{at} has no entries"))?)
}

pub(crate) fn serial() -> Outcome {
    let site = site_beside()?;
    let session = blocking::Session::new()?;
    let get = |url: &str| session.get(url).send()?.raise_for_status()?.text();
    let clock = Stopwatch::start();
    let page = get(&format!("{site}{PAGE}"))?;
    let (list, name) = (Url::parse(&find(LIST, &page)?)?, find(NAME, &page)?);
    println!("{list}\nname {name}");
    let variant = last_variant(&get(list.as_str())?, &list)?;
    println!("{variant}");
    let mut video = Vec::new();
    for part in entries(&get(variant.as_str())?, &variant)? {
        video.extend(
            session
                .get(part.as_str())
                .send()?
                .raise_for_status()?
                .bytes()?,
        );
        println!("{}下载完成!", base_name(part.path()));
    }
    write_whole(format!("{name}.ts"), &video)?;
    println!("{}", clock.passed());
    Ok(())
}

/// One session for all parts, where the notes have one for each and no connection twice.
pub(crate) fn concurrent() -> Outcome {
    rows::run(async {
        let (site, session) = (site().await?, Session::new());
        let get = async |url: &str| {
            session
                .get(url)
                .send()
                .await?
                .raise_for_status()?
                .text()
                .await
        };
        let clock = Stopwatch::start();
        let page = get(&format!("{}{PAGE}", site.url)).await?;
        let (list, name) = (Url::parse(&find(LIST, &page)?)?, find(NAME, &page)?);
        println!("{list}\nname {name}");
        let variant = last_variant(&get(list.as_str()).await?, &list)?;
        println!("{variant}");
        let parts = entries(&get(variant.as_str()).await?, &variant)?;
        fs::create_dir_all(FOLDER).await?;
        let fetch = |part| download(session.clone(), part);
        for part in map_concurrent(parts.clone(), AT_ONCE, fetch).await {
            part?;
        }
        println!("{}", clock.passed());
        merge(&parts, &name).await
    })
}

async fn download(session: Session, part: Url) -> Result<(), looplet_http::Error> {
    let name = base_name(part.path());
    save_whole(session.get(part.as_str()), format!("{FOLDER}/{name}")).await?;
    println!("{name}下载完成!");
    Ok(())
}

/// Writes a playlist of the files, and one file of them all.
async fn merge(parts: &[Url], name: &str) -> Outcome {
    let (mut playlist, mut video) = (
        String::from("#EXTM3U\n#EXT-X-TARGETDURATION:2\n"),
        Vec::new(),
    );
    for part in parts {
        let file = base_name(part.path());
        playlist += &format!("#EXTINF:2.0,\n{file}\n");
        video.extend(fs::read(format!("{FOLDER}/{file}")).await?);
    }
    playlist += "#EXT-X-ENDLIST\n";
    write_whole(format!("{FOLDER}/index.m3u8"), playlist.as_bytes())?;
    write_whole(format!("{name}.ts"), &video)?;
    println!("视频{name} 合并成功====");
    Ok(())
}

/// Takes the name of a program, `ffmpeg` unless one is given, and puts the parts of row 91 into
/// another container with it. `os.system` of the notes would block the loop.
pub(crate) fn command() -> Outcome {
    rows::run(async {
        let ticks = create_task(async {
            pause(0.1).await;
            println!("the loop goes on");
        });
        let program = rows::argument().unwrap_or("ffmpeg");
        let mut command = Command::new(program);
        command.args(["-i", "ts文件/index.m3u8", "-c", "copy", PART]);
        let output = command.output().await?;
        ticks.await;
        print!("{}", String::from_utf8_lossy(&output.stdout));
        println!("{}", output.status);
        if !output.status.success() {
            let _ = fs::remove_file(PART).await;
            let errors = String::from_utf8_lossy(&output.stderr);
            let last = errors.lines().last().unwrap_or_default();
            return Err(format!("{program}: {last}").into());
        }
        // What only says its arguments writes nothing.
        match fs::try_exists(PART).await? {
            true => Ok(fs::rename(PART, "apple.mp4").await?),
            false => Ok(()),
        }
    })
}
