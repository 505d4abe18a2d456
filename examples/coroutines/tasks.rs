//! Rows 48 to 50 and 54: what a task is, when it has a result, and who is told.

use looplet::{create_task, ensure_future};

use crate::first::{task1, task2};
use crate::rows::{self, Outcome, Stopwatch, pause};

pub(crate) fn states() -> Outcome {
    rows::run(async {
        let clock = Stopwatch::start();
        let first = create_task(task1(1));
        let second = ensure_future(task2(2));
        println!("{first:?}\n{second:?}");
        println!("{} {}", first.done(), second.done());
        (&first).await;
        (&second).await;
        println!("{} {}", first.done(), second.done());
        println!("{}\n{}", first.result()??, second.result()??);
        println!("Running time {}", clock.passed());
        Ok(())
    })
}

pub(crate) fn too_early() -> Outcome {
    rows::run(async {
        let task = create_task(request_html());
        match task.result() {
            Ok(_) => println!("there already"),
            Err(error) => println!("InvalidState: {error}"),
        }
        println!("{}", task.await);
        Ok(())
    })
}

async fn request_html() -> u16 {
    pause(0.2).await;
    200
}

async fn test() -> u32 {
    println!("start get url");
    pause(2.0).await;
    println!("end get url");
    1
}

/// A closure holds what Python needs `functools.partial` for.
pub(crate) fn callbacks() -> Outcome {
    rows::run(async {
        let task = create_task(request_html());
        task.add_done_callback(|task| {
            if let Ok(Ok(status)) = task.result() {
                println!("Callbacks: {status}");
            }
        });
        println!("{task:?}\n{}", "*".repeat(40));
        (&task).await;
        println!("{task:?}");

        let name = "lqw";
        let task = create_task(test());
        task.add_done_callback(move |task| {
            if let Ok(Ok(result)) = task.result() {
                println!("{name} {result}");
            }
        });
        // The callback is called one turn after the task has ended, before this goes on.
        (&task).await;
        Ok(())
    })
}

/// Awaiting gives the result; afterwards it can be asked for as well.
pub(crate) fn results() -> Outcome {
    rows::run(async {
        let future = ensure_future(test());
        (&future).await;
        println!("{}", future.result()??);
        println!("{}", create_task(test()).await);
        Ok(())
    })
}
