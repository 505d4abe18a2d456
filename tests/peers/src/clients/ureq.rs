//! ureq: a thread for each lane.

use std::thread;

use ureq::Agent;

use super::job::{Job, Report, Target};

/// Bytes of a thread's stack: there may be a thousand of them.
const STACK: usize = 256 * 1024;

pub(super) fn run(job: &Job) -> Result<Report, String> {
    let config = Agent::config_builder()
        .max_idle_connections(job.lanes)
        .max_idle_connections_per_host(job.lanes)
        .build();
    let agent = Agent::from(config);
    job.carry_out_blocking(|each| {
        thread::scope(|scope| {
            let start = |_| {
                let builder = thread::Builder::new().stack_size(STACK);
                let work = || work(&agent, &job.target, each);
                builder
                    .spawn_scoped(scope, work)
                    .expect("there is a thread")
            };
            let workers: Vec<_> = (0..job.lanes).map(start).collect();
            let mut ends = workers.into_iter().map(|worker| worker.join());
            ends.try_for_each(|end| end.unwrap_or_else(|_| Err("a worker panicked".into())))
        })
    })
}

fn work(agent: &Agent, target: &Target, each: usize) -> Result<(), String> {
    for _ in 0..each {
        let response = agent.get(&target.url).call();
        let mut response = response.map_err(|error| error.to_string())?;
        let body = response.body_mut().read_to_vec();
        target.check(body.map_err(|error| error.to_string())?.len())?;
    }
    Ok(())
}
