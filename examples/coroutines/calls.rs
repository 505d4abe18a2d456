//! Rows 56 to 58 and 63: the loop without `run`, and what calls back.

use std::process;
use std::rc::Rc;
use std::thread;

use looplet::signal::SIGINT;
use looplet::{EventLoop, Promise, ReturnWhen, Runner, get_running_loop, wait};

use crate::rows::{self, Outcome, pause, seconds};

fn new_loop() -> std::io::Result<EventLoop> {
    EventLoop::builder().clock(rows::clock()).build()
}

async fn get_html(length: f64) {
    println!("get");
    pause(length).await;
    println!("end");
}

/// `run` does all this by itself. After one second the program interrupts itself; Ctrl-C does
/// the same earlier.
pub(crate) fn ctrl_c() -> Outcome {
    let event_loop = new_loop()?;
    let start = event_loop.time();
    let stopper = event_loop.clone();
    event_loop.add_signal_handler(SIGINT, move || stopper.stop())?;
    event_loop.call_later(seconds(1.0), interrupt);
    let tasks = [get_html(2.0), get_html(3.0), get_html(3.0)];
    if let Err(error) =
        event_loop.run_until_complete(async { wait(tasks, ReturnWhen::AllCompleted, None).await })
    {
        println!("{error}");
        let tasks = event_loop.all_tasks();
        println!("{} tasks", tasks.len());
        tasks
            .iter()
            .for_each(|task| println!("cancel() {}", task.cancel()));
        event_loop.stop();
        // It runs until it finds out that it is stopped: one turn, in which they end.
        event_loop.run_forever()?;
        println!("{} tasks", event_loop.all_tasks().len());
    }
    println!("{:.2}", (event_loop.time() - start).as_secs_f64());
    event_loop.close();
    Ok(())
}

/// What Ctrl-C does.
fn interrupt() {
    let pid = process::id().to_string();
    let sent = process::Command::new("kill").args(["-INT", &pid]).status();
    if let Err(error) = sent {
        println!("kill: {error}");
    }
}

fn callback(number: u32) {
    println!("shijian {number}");
}

/// The timers would be due in one and two seconds; the loop has stopped by then.
pub(crate) fn calls() -> Outcome {
    let event_loop = new_loop()?;
    event_loop.call_at(event_loop.time() + seconds(1.0), || callback(2));
    event_loop.call_soon(|| callback(2));
    let stopper = event_loop.clone();
    event_loop.call_soon(move || stopper.stop());
    event_loop.call_later(seconds(2.0), || callback(1));
    event_loop.run_forever()?;
    Ok(())
}

pub(crate) fn threadsafe() -> Outcome {
    let event_loop = new_loop()?;
    let handle = event_loop.handle();
    let thread = thread::spawn(move || {
        println!("thread: schedules");
        handle.call_soon_threadsafe(|| {
            println!("loop: called");
            get_running_loop().stop();
        })
    });
    event_loop.run_forever()?;
    println!(
        "thread: {}",
        if thread.join().is_ok() {
            "ended"
        } else {
            "panicked"
        }
    );
    Ok(())
}

fn set_result_of(promise: &Promise<&'static str>) {
    // The promise is cancelled if its awaiter is; nobody wants the result then.
    let _ = promise.set_result("test");
}

pub(crate) fn set_result() -> Outcome {
    rows::run(async {
        let event_loop = get_running_loop();
        let start = event_loop.time();
        let promise = event_loop.create_promise();
        let fulfilled = promise.clone();
        event_loop.call_later(seconds(3.0), move || set_result_of(&fulfilled));
        println!("{}", promise.await);
        println!("{:.2}", (event_loop.time() - start).as_secs_f64());
        Ok(())
    })
}

/// Python waits for ever.
pub(crate) fn forgotten() -> Outcome {
    let runner = Runner::with_clock(rows::clock())?;
    let promise: Rc<Promise<&str>> = Rc::new(runner.get_loop().create_promise());
    match runner.run(async move { promise.as_ref().await }) {
        Ok(result) => println!("{result}"),
        Err(error) => println!("{error}"),
    }
    Ok(())
}
