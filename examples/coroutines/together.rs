//! Rows 44 to 47 and 55: `gather`, which gives results, and `wait`, which gives tasks.

use looplet::{ReturnWhen, create_task, gather, try_gather, wait};

use crate::first::{task1, task2};
use crate::rows::{self, Outcome, Stopwatch, pause};

pub(crate) fn gathered() -> Outcome {
    rows::run(async {
        let clock = Stopwatch::start();
        let (first, second) = gather((task1(1), task2(2))).await;
        println!("Task 1 returns a value of {first}");
        println!("Task 2 returns the value of {second}");
        println!("Running time {}", clock.passed());
        Ok(())
    })
}

pub(crate) fn waited() -> Outcome {
    rows::run(async {
        let clock = Stopwatch::start();
        let tasks = [create_task(task1(1)), create_task(task2(2))];
        let (done, pending) = wait(tasks, ReturnWhen::AllCompleted, None).await?;
        println!("{done:?}");
        println!("{pending:?}");
        for task in done {
            println!("{} has {}", task.name(), task.await);
        }
        println!("Running time {}", clock.passed());
        Ok(())
    })
}

async fn test(seconds: f64) -> u32 {
    println!("start get url");
    pause(seconds).await;
    println!("end get url");
    1
}

/// The second task is left behind; the end of the run cancels it.
pub(crate) fn first_completed() -> Outcome {
    rows::run(async {
        let clock = Stopwatch::start();
        let tasks = [test(1.0), test(2.0)];
        let (done, pending) = wait(tasks, ReturnWhen::FirstCompleted, None).await?;
        println!("{} done, {} pending", done.len(), pending.len());
        println!("{}", clock.passed());
        Ok(())
    })
}

async fn may_fail(seconds: f64, fails: bool) -> Result<f64, String> {
    pause(seconds).await;
    match fails {
        true => Err(format!("failed after {seconds} s")),
        false => Ok(seconds),
    }
}

/// After an error, the siblings go on; `wait` and the gather of outcomes wait for them.
pub(crate) fn errors() -> Outcome {
    rows::run(async {
        let both = || [may_fail(1.0, true), may_fail(2.0, false)];
        let clock = Stopwatch::start();
        println!(
            "try_gather: {:?} at {}",
            try_gather(both()).await,
            clock.passed()
        );

        let clock = Stopwatch::start();
        println!("gather: {:?} at {}", gather(both()).await, clock.passed());

        let clock = Stopwatch::start();
        let (done, pending) = wait(both(), ReturnWhen::AllCompleted, None).await?;
        println!(
            "wait: {} done, {} pending at {}",
            done.len(),
            pending.len(),
            clock.passed()
        );
        for task in done {
            println!("  {:?}", task.await);
        }

        let clock = Stopwatch::start();
        let (done, pending) = wait(both(), ReturnWhen::first_exception(), None).await?;
        let (done, pending) = (done.len(), pending.len());
        println!(
            "first_exception: {done} done, {pending} pending at {}",
            clock.passed()
        );
        Ok(())
    })
}

pub(crate) fn groups() -> Outcome {
    rows::run(async {
        let clock = Stopwatch::start();
        let length = async |seconds: f64| {
            pause(seconds).await;
            seconds as u32
        };
        let ones = async move { gather([length(1.0), length(1.0)]).await };
        let twos = async move { gather([length(2.0), length(2.0)]).await };
        let (ones, twos) = gather((ones, twos)).await;
        println!("{:?}", [ones, twos]);
        println!("{}", clock.passed());
        Ok(())
    })
}
