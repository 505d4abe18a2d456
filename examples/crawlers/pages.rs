//! Rows 2, 3, 4, 27 and 81: three pages, each of which takes two seconds.

use looplet::{ReturnWhen, ThreadPool, create_task, gather, wait};
use looplet_http::{Error, Session, blocking};

use crate::rows::{self, Outcome, Stopwatch};
use crate::visit::{site, site_beside, texts};

const PATHS: [&str; 3] = ["/xx", "/yy", "/oo"];

/// The text that is wanted.
fn parse(page: &str) -> String {
    texts(page, "#feng").concat()
}

pub(crate) fn at_the_same_time() -> Outcome {
    rows::run(async {
        let (site, session) = (site().await?, Session::new());
        let clock = Stopwatch::start();
        let answers = PATHS.map(|path| session.get(format!("{}{path}", site.url)).send());
        let answers = gather(answers).await;
        for (path, answer) in PATHS.into_iter().zip(answers) {
            println!("{path}: {}", answer?.status());
        }
        println!("{}", clock.passed());
        Ok(())
    })
}

fn get_request(url: String) -> Result<String, Error> {
    blocking::get(url)?.text()
}

pub(crate) fn one_by_one() -> Outcome {
    let site = site_beside()?;
    let clock = Stopwatch::start();
    for path in PATHS {
        let page = get_request(format!("{site}{path}"))?;
        println!("{}", parse(&page));
    }
    println!("{}", clock.passed());
    Ok(())
}

pub(crate) fn on_threads() -> Outcome {
    let site = site_beside()?;
    let clock = Stopwatch::start();
    let pool = ThreadPool::new(3);
    let pages = pool.map(get_request, PATHS.map(|path| format!("{site}{path}")))?;
    let pages = pages
        .map(|page| Ok(page??))
        .collect::<Result<Vec<_>, Box<dyn std::error::Error>>>()?;
    for text in pool.map(|page: String| parse(&page), pages)? {
        println!("{}", text?);
    }
    println!("{}", clock.passed());
    Ok(())
}

/// Gives an error as a text, which a callback can have a copy of.
async fn get_page(session: Session, url: String) -> Result<String, String> {
    let page = async {
        session
            .get(url)
            .send()
            .await?
            .raise_for_status()?
            .text()
            .await
    };
    page.await.map_err(|error: Error| error.to_string())
}

pub(crate) fn sizes() -> Outcome {
    let visit = async |session: Session, url: String| {
        println!("GET: {url}");
        match get_page(session, url.clone()).await {
            Ok(text) => println!("{} bytes received from {url}", text.len()),
            Err(error) => println!("{url}: {error}"),
        }
    };
    rows::run(async move {
        let (site, session) = (site().await?, Session::new());
        let clock = Stopwatch::start();
        let urls = ["/xx", "/board/7", "/category_3"].map(|path| format!("{}{path}", site.url));
        gather(urls.map(|url| visit(session.clone(), url))).await;
        println!("run time is {}", clock.passed());
        Ok(())
    })
}

pub(crate) fn as_tasks() -> Outcome {
    rows::run(async {
        let (site, session) = (site().await?, Session::new());
        let clock = Stopwatch::start();
        let tasks = PATHS.map(|path| {
            let task = create_task(get_page(session.clone(), format!("{}{path}", site.url)));
            task.add_done_callback(|task| match task.result() {
                Ok(Ok(Ok(page))) => println!("{}", parse(&page)),
                Ok(Ok(Err(error))) => println!("{error}"),
                _ => println!("there is no page"),
            });
            task
        });
        wait(tasks, ReturnWhen::AllCompleted, None).await?;
        println!("Total time consumption: {}", clock.passed());
        Ok(())
    })
}
