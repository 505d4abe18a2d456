//! Clients that are asynchronous: a task for each lane.

use std::future::IntoFuture;
use std::rc::Rc;

use super::job::{Job, Report, Target};
use crate::runtimes::Runtime;

/// An asynchronous client, on the runtime that it is made for.
pub(super) trait Client: Sized + 'static {
    /// The runtime that it is made for.
    type Runtime: Runtime;
    /// What a worker holds: a connection, or a handle of the client.
    type Lane: 'static;

    /// Makes a client that may have `lanes` connections.
    fn new(lanes: usize) -> Self;

    /// What the next worker holds.
    fn lane(&self) -> Self::Lane;

    /// Fetches a page and returns the length of its body.
    fn get(lane: &mut Self::Lane, page: &Target) -> impl Future<Output = Result<usize, String>>;
}

/// Does a job with `C`.
pub(super) fn run<C: Client>(job: Job) -> Result<Report, String> {
    C::Runtime::run(async move {
        let client = C::new(job.lanes);
        let mut lanes: Vec<C::Lane> = (0..job.lanes).map(|_| client.lane()).collect();
        let target = Rc::new(job.target.clone());
        let fetch = async |each| fetch_all::<C>(&mut lanes, &target, each).await;
        job.carry_out(fetch).await
    })
}

async fn fetch_all<C: Client>(
    lanes: &mut Vec<C::Lane>,
    target: &Rc<Target>,
    each: usize,
) -> Result<(), String> {
    let work = |mut lane: C::Lane| {
        let target = Rc::clone(target);
        C::Runtime::spawn(async move {
            for _ in 0..each {
                target.check(C::get(&mut lane, &target).await?)?;
            }
            Ok(lane)
        })
    };
    let workers: Vec<_> = lanes.drain(..).map(work).collect();
    for worker in workers {
        lanes.push(value::<C>(worker.into_future().await)?);
    }
    Ok(())
}

/// What a worker has come to.
fn value<C: Client>(output: Outcome<C>) -> Result<C::Lane, String> {
    C::Runtime::value(output)
}

/// What awaiting a worker gives.
type Outcome<C> = <<<C as Client>::Runtime as Runtime>::Join<
    Result<<C as Client>::Lane, String>,
> as IntoFuture>::Output;
