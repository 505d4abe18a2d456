//! Pictures, videos and playlists. Of them, only the film in parts can be looked at; the bytes of
//! the others follow from the path.

use super::film;
use super::pages::Page;
use super::request::Request;

/// Parts of the film.
const PARTS: usize = 8;

/// The file at a path, if there is one.
pub(crate) fn answer(request: &Request, path: &str, number: Option<usize>) -> Option<Page> {
    let folder = path.split('/').next().unwrap_or_default();
    let page = match (folder, number) {
        ("hls", _) if path == "hls/index.m3u8" => playlist(MASTER.to_string()),
        ("hls", _) if path == "hls/2000k/index.m3u8" => playlist(parts(&request.site())),
        ("hls", Some(part @ 0..PARTS)) => {
            Page::new("video/mp2t", film::part(part as u64)).after(300)
        }
        ("media", Some(1..=6)) => Page::new("video/mp4", bytes(path, 20_000)).after(500),
        ("imgs", Some(1..=3)) => picture(path).after(600),
        ("photo", Some(1..=4)) => picture(path).after(200),
        ("img", Some(1..=32)) => picture(path).after(100),
        _ => return None,
    };
    Some(page)
}

fn picture(path: &str) -> Page {
    Page::new("image/jpeg", bytes(path, 5000))
}

fn playlist(text: String) -> Page {
    Page::new("application/vnd.apple.mpegurl", text)
}

/// The list of the variants. Its last line is empty, which a program that takes the last line
/// does not expect.
const MASTER: &str =
    "#EXTM3U\n#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH=2000000\n2000k/index.m3u8\n\n";

/// The list of the parts: relative, absolute, and on a site that is named.
fn parts(site: &str) -> String {
    let part = |number: usize| match number % 3 {
        0 => format!("{number}.ts"),
        1 => format!("/hls/2000k/{number}.ts"),
        _ => format!("{site}/hls/2000k/{number}.ts"),
    };
    let parts = (0..PARTS).map(|number| format!("#EXTINF:2.0,\n{}\n\n", part(number)));
    let parts: String = parts.collect();
    format!("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n{parts}#EXT-X-ENDLIST\n")
}

/// Bytes that follow from the path: a generator of numbers, with the path as its seed.
fn bytes(path: &str, length: usize) -> Vec<u8> {
    let mut state = path.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    let next = || {
        state = mix(state, 1);
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

fn mix(state: u64, byte: u8) -> u64 {
    (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}
