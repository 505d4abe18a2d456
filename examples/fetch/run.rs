//! The whole run: transfers one after the other, or many at the same time.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use looplet::{Semaphore, Task, create_task, get_running_loop, sleep};

use crate::conditions;
use crate::credentials::Credentials;
use crate::failure::Failure;
use crate::messages::Messages;
use crate::options::{Global, Meter, Operation};
use crate::plan::{Destination, Plan, Plans};
use crate::progress::{Progress, Together};
use crate::record::Record;
use crate::sessions::Sessions;
use crate::tap::{Dump, SharedTap, Tap};
use crate::transfer::{Shared, Transfer, address, output};
use crate::write_out;

/// How many transfers go on at the same time with `-Z`, if nobody says otherwise.
const PARALLEL: usize = 50;
/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(500);

/// A run.
struct Run {
    global: Global,
    messages: Rc<Messages>,
    sessions: Sessions,
    /// What the transfers of each operation share.
    shared: Vec<(Rc<Operation>, Rc<Shared>)>,
    together: Option<Rc<Together>>,
}

/// Does everything; gives the exit code: that of the last transfer, or with `-Z` of
/// one that failed.
pub(crate) async fn run(global: Global, operations: Vec<Operation>, messages: Rc<Messages>) -> u8 {
    for warning in &global.warnings {
        messages.warn(warning);
    }
    let together = global
        .parallel
        .then(|| Together::new(Plans::count(&operations), &messages));
    let mut run = Run {
        messages,
        sessions: Sessions::default(),
        shared: Vec::new(),
        together,
        global,
    };
    let plans = Plans::new(operations);
    let code = match run.global.parallel {
        true => run.all_together(plans).await,
        false => run.one_by_one(plans).await,
    };
    run.sessions.cookies.save(&run.messages);
    code
}

impl Run {
    async fn one_by_one(&mut self, mut plans: Plans) -> u8 {
        let mut code = 0;
        while let Some(plan) = plans.next() {
            let ended = match plan.and_then(|plan| self.begin(plan)) {
                Ok(Some(job)) => job.run().await,
                Ok(None) => 0,
                Err(failure) => self.refuse(&failure),
            };
            code = ended;
            if ended != 0 && self.global.fail_early {
                break;
            }
        }
        code
    }

    async fn all_together(&mut self, mut plans: Plans) -> u8 {
        let places = Semaphore::new(self.global.parallel_max.unwrap_or(PARALLEL));
        let mut tasks: Vec<Task<u8>> = Vec::new();
        let mut code = 0;
        while let Some(plan) = plans.next() {
            let place = places.acquire().await;
            match plan.and_then(|plan| self.begin(plan)) {
                Ok(None) => {}
                Ok(Some(job)) => tasks.push(create_task(async move {
                    let code = job.run().await;
                    drop(place);
                    code
                })),
                Err(failure) => code = self.refuse(&failure),
            }
        }
        for task in tasks {
            let ended = task.await;
            if ended != 0 {
                code = ended;
            }
        }
        if let Some(together) = &self.together {
            together.finish();
        }
        code
    }

    fn refuse(&self, failure: &Failure) -> u8 {
        self.messages.error(failure);
        failure.code
    }

    /// Makes a transfer of a plan; `None` if there is nothing to do.
    fn begin(&mut self, plan: Plan) -> Result<Option<Job>, Failure> {
        let shared = self.shared(&plan)?;
        if conditions::is_dateless(&plan.operation) {
            self.messages
                .warn("--time-cond names neither a date nor a file; it is ignored");
        }
        let now = get_running_loop().time();
        let record = Record::new(plan.number, &plan.url, now);
        let address = address(&plan)?;
        let output = output(&plan, &address)?;
        let is_there = plan.operation.skip_existing && output.path().is_some_and(Path::exists);
        if is_there {
            return Ok(None);
        }
        let progress = self.progress(&plan);
        let mut tap = Tap::new(output, record, self.messages.clone());
        tap.include = plan.operation.include;
        tap.dump.clone_from(&shared.dump);
        let subject = self.global.parallel.then(|| plan.url.clone());
        Ok(Some(Job {
            transfer: Transfer::new(plan, shared, address, tap),
            progress,
            subject,
        }))
    }

    fn shared(&mut self, plan: &Plan) -> Result<Rc<Shared>, Failure> {
        let mut known = self.shared.iter();
        if let Some((_, shared)) = known.find(|(own, _)| Rc::ptr_eq(own, &plan.operation)) {
            return Ok(shared.clone());
        }
        let operation = &plan.operation;
        let shared = Rc::new(Shared {
            session: self.sessions.of(operation)?,
            credentials: Credentials::of(operation)?,
            dump: operation
                .dump_header
                .as_deref()
                .map(|name| Rc::new(Dump::new(name))),
            messages: self.messages.clone(),
            old_servers: RefCell::default(),
        });
        self.shared.push((operation.clone(), shared.clone()));
        Ok(shared)
    }

    /// What shows progress: nothing where the body itself is shown.
    fn progress(&self, plan: &Plan) -> Progress {
        let messages = self.messages.clone();
        let shows_body = plan.output == Destination::Stdout && std::io::stdout().is_terminal();
        match (&self.together, self.global.meter) {
            _ if self.global.silent => Progress::hidden(messages),
            (_, Meter::Hidden) => Progress::hidden(messages),
            _ if shows_body => Progress::hidden(messages),
            (Some(together), _) => Progress::of_many(together, &plan.url, messages),
            (None, meter) => Progress::alone(meter, messages),
        }
    }
}

/// A transfer with what is said about it.
struct Job {
    transfer: Transfer,
    progress: Progress,
    /// The URL, where a message has to say which of many it is about.
    subject: Option<String>,
}

impl Job {
    async fn run(self) -> u8 {
        let Self {
            transfer,
            progress,
            subject,
        } = self;
        let progress = Rc::new(progress);
        let ticker = create_task(tick(
            progress.clone(),
            transfer.tap.clone(),
            transfer.wire.clone(),
        ));
        let result = transfer.run().await;
        ticker.cancel();
        let mut tap = transfer.tap.borrow_mut();
        let record = &mut tap.record;
        record.uploaded = transfer.wire.sent();
        record.times.total = get_running_loop().time() - record.times.started;
        progress.finish(record);
        let messages = &transfer.shared.messages;
        if let Err(failure) = &result {
            record.exit_code = failure.code;
            record.error = Some(failure.message.clone());
            messages.error_of(failure, subject.as_deref());
        }
        let mut code = record.exit_code;
        if let Some(format) = &transfer.plan.operation.write_out
            && let Err(failure) = write_out::print(format, record, messages)
        {
            messages.error(&failure);
            code = failure.code;
        }
        code
    }
}

/// Shows progress from time to time.
async fn tick(progress: Rc<Progress>, tap: SharedTap, wire: looplet_http::Progress) {
    loop {
        tap.borrow_mut().record.uploaded = wire.sent();
        progress.update(&tap.borrow().record, get_running_loop().time());
        sleep(TICK).await;
    }
}
