//! Row 51: a coroutine that blocks holds everybody up. A watchdog says who it is.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use looplet::{ReturnWhen, create_task, get_running_loop, wait};

use crate::rows::{self, Outcome, pause, seconds};

/// The blocking call is the point; a program would use `pause`, or `to_thread`.
async fn get_request(url: &str) -> &'static str {
    println!("Requesting: {url}");
    thread::sleep(seconds(2.0));
    println!("Request succeeded: {url}");
    "666"
}

pub(crate) fn blocking() -> Outcome {
    rows::run(async {
        let (tell, told) = mpsc::channel();
        let report = move |blocked: &looplet::Blocked| drop(tell.send(blocked.what.clone()));
        let watchdog = get_running_loop().watch(Duration::from_millis(50), report)?;
        let other = create_task(async {
            pause(0.5).await;
            println!("the other task, due in the middle, runs after it");
        });
        let task = create_task(get_request("https://www.qq.com"));
        task.add_done_callback(|task| println!("I'm callback: {task:?}"));
        (&task).await;
        wait([other], ReturnWhen::AllCompleted, None).await?;
        drop(watchdog);
        println!("the watchdog: {} holds the loop up", told.recv()?);
        Ok(())
    })
}
