//! Every HTTP client behind one small trait, and what they are made to do.
//!
//! A client is used as its documentation begins, with one exception: it may have as many
//! connections as the work needs. A response is read to its end, into memory, and its length
//! is looked at. `hyper` is bare: one connection for each worker, no pool, no URLs, no redirects. `bare` is
//! less than a client, and the limit: epoll, httparse, and a body that nobody keeps.

mod job;
mod lanes;
mod looplet_http;
mod hyper;
mod hyper_pooled;
mod reqwest;
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
        "isahc" => lanes::run::<isahc::Isahc>(job),
        "ureq" => ureq::run(&job),
        "curl-multi" => curl_multi::run(&job),
        "bare" => bare::run(&job),
        other => return Err(format!("there is no client {other}")),
    }?;
    Ok(report.figures())
}
