//! Clients that are asynchronous: a task for each lane.

use std::future::IntoFuture;

use super::job::{Job, Report, Target};
use crate::runtimes::Runtime;

/// An asynchronous client, on the runtime that it is made for.
pub(super) trait Client: Sized + 'static {
    /// The runtime that it is made for.
    type Runtime: Runtime;
    /// What a worker holds: a connection, or a handle of the client.
    type Lane: 'static;
    /// What it gives the body of a response as.
    type Body: AsRef<[u8]>;

    /// Makes a client that may have `lanes` connections.
    fn new(lanes: usize) -> Self;

    /// What the next worker holds.
    fn lane(&self) -> Self::Lane;

    /// Fetches a page and returns its body.
    fn get(
        lane: &mut Self::Lane,
        page: &Target,
    ) -> impl Future<Output = Result<Self::Body, String>>;
}

/// Does a job with `C`.
pub(super) fn run<C: Client>(job: Job) -> Result<Report, String> {
    C::Runtime::run(async move {
        let client = C::new(job.lanes);
        let mut lanes: Vec<C::Lane> = (0..job.lanes).map(|_| client.lane()).collect();
        let fetch = async |each| fetch_all::<C>(&mut lanes, &job.target, each).await;
        job.carry_out(fetch).await
    })
}

async fn fetch_all<C: Client>(
    lanes: &mut Vec<C::Lane>,
    target: &Target,
    each: usize,
) -> Result<(), String> {
    let mut workers = Vec::with_capacity(lanes.len());
    for (number, mut lane) in lanes.drain(..).enumerate() {
        let page = target.of_lane(number);
        let worker = C::Runtime::spawn(async move {
            for _ in 0..each {
                page.check(C::get(&mut lane, &page).await?.as_ref().len())?;
            }
            Ok(lane)
        });
        workers.push(if target.is_apart() {
            Worker::Ended(value::<C>(worker.into_future().await)?)
        } else {
            Worker::Runs(worker)
        });
    }
    for worker in workers {
        lanes.push(match worker {
            Worker::Ended(lane) => lane,
            Worker::Runs(worker) => value::<C>(worker.into_future().await)?,
        });
    }
    Ok(())
}

/// A lane at its work, or behind it.
enum Worker<Running, Lane> {
    Runs(Running),
    Ended(Lane),
}

/// What a worker has come to.
fn value<C: Client>(output: Outcome<C>) -> Result<C::Lane, String> {
    C::Runtime::value(output)
}

/// What awaiting a worker gives.
type Outcome<C> = <<<C as Client>::Runtime as Runtime>::Join<
    Result<<C as Client>::Lane, String>,
> as IntoFuture>::Output;
