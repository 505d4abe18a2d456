//! Every HTTP client behind one small trait, and what they are made to do.
//!
//! A client is used as its documentation begins, with one exception: it may have as many
//! connections as the work needs. A response is read to its end, into memory, and its length
//! is looked at. `hyper` is bare: one connection for each worker, no pool, no URLs, no redirects. `bare` is
//! less than a client, and the limit: epoll, httparse, and a body that nobody keeps.

mod job;
mod lanes;
mod crawl;
mod looplet_http;
mod hyper;
mod hyper_pooled;
mod reqwest;
mod cyper;
mod isahc;
mod ureq;
mod curl_multi;
mod bare;

use crate::meters::Figure;

pub(crate) use self::job::{Job, Target};

/// Has a client do a job.
pub(crate) fn fetch(client: &str, job: Job) -> Result<Vec<Figure>, String> {
    let report = match client {
        "looplet" => lanes::run::<looplet_http::LoopletHttp>(job),
        "hyper" => lanes::run::<hyper::Hyper>(job),
        "hyper-pooled" => lanes::run::<hyper_pooled::HyperPooled>(job),
        "reqwest" => lanes::run::<reqwest::Reqwest>(job),
        "cyper" => lanes::run::<cyper::Cyper>(job),
        "isahc" => lanes::run::<isahc::Isahc>(job),
        "ureq" => ureq::run(&job),
        "curl-multi" => curl_multi::run(&job),
        "bare" => bare::run(&job),
        other => return Err(format!("there is no client {other}")),
    }?;
    Ok(report.figures())
}

/// Has an asynchronous client crawl the site of the canned server.
pub(crate) fn crawl(client: &str, port: u16, lanes: usize) -> Result<Vec<Figure>, String> {
    let report = match client {
        "looplet" => crawl::run::<looplet_http::LoopletHttp>(port, lanes),
        "hyper" => crawl::run::<hyper::Hyper>(port, lanes),
        "hyper-pooled" => crawl::run::<hyper_pooled::HyperPooled>(port, lanes),
        "reqwest" => crawl::run::<reqwest::Reqwest>(port, lanes),
        "cyper" => crawl::run::<cyper::Cyper>(port, lanes),
        "isahc" => crawl::run::<isahc::Isahc>(port, lanes),
        other => return Err(format!("{other} does not crawl")),
    }?;
    Ok(report.figures())
}
