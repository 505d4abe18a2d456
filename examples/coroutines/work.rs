//! Rows 26, 52, 53, 66 and 67: several tasks, and how long they take together.

use looplet::{ReturnWhen, Task, create_task, ensure_future, gather, wait};

use crate::rows::{self, Outcome, Stopwatch, pause};

async fn task(number: u32) {
    pause(0.5).await;
    println!("Task {number} done");
}

pub(crate) fn sync_vs_async() -> Outcome {
    rows::run(async {
        println!("Synchronous:");
        let clock = Stopwatch::start();
        for number in 0..10 {
            task(number).await;
        }
        println!("{}", clock.passed());

        println!("Asynchronous:");
        let clock = Stopwatch::start();
        gather((0..10).map(task).collect::<Vec<_>>()).await;
        println!("{}", clock.passed());
        Ok(())
    })
}

async fn get_request(url: &str) -> &'static str {
    println!("Requesting: {url}");
    pause(2.0).await;
    println!("Request succeeded: {url}");
    "666"
}

const URLS: [&str; 3] = [
    "http://127.0.0.1:5000/xx",
    "http://127.0.0.1:5000/yy",
    "http://127.0.0.1:5000/oo",
];

pub(crate) fn multitask() -> Outcome {
    rows::run(async {
        let clock = Stopwatch::start();
        let tasks = URLS.map(|url| ensure_future(get_request(url)));
        wait(tasks, ReturnWhen::AllCompleted, None).await?;
        println!("Total time consumption: {}", clock.passed());
        Ok(())
    })
}

pub(crate) fn ten() -> Outcome {
    let test = async || {
        println!("start get url");
        pause(2.0).await;
        println!("end get url");
    };
    rows::run(async move {
        let clock = Stopwatch::start();
        gather([(); 10].map(|()| test())).await;
        println!("{}", clock.passed());
        Ok(())
    })
}

pub(crate) fn two() -> Outcome {
    let task = async |number: u32| {
        println!("task {number} start");
        pause(1.0).await;
        println!("task {number} end");
    };
    rows::run(async move {
        wait([task(1), task(2)], ReturnWhen::AllCompleted, None).await?;
        Ok(())
    })
}

async fn work(i: u32, n: u32) -> u32 {
    println!("任务{i}等待: {n}秒");
    pause(n.into()).await;
    println!("任务{i}在{n}秒后返回结束运行");
    i + n
}

fn three_tasks() -> [Task<u32>; 3] {
    [1, 2, 3].map(|number| create_task(work(number, number)))
}

pub(crate) fn with_wait() -> Outcome {
    rows::run(async {
        let clock = Stopwatch::start();
        let (done, _) = wait(three_tasks(), ReturnWhen::AllCompleted, None).await?;
        println!("运行时间: {}", clock.passed());
        for task in done {
            println!("任务执行结果: {}", task.await);
        }
        Ok(())
    })
}

/// The tasks outlive the run; their results are read afterwards.
pub(crate) fn with_run() -> Outcome {
    let tasks = rows::run(async {
        let clock = Stopwatch::start();
        let (done, _) = wait(three_tasks(), ReturnWhen::AllCompleted, None).await?;
        println!("运行时间: {}", clock.passed());
        Ok::<_, looplet::NoTasks>(done)
    })?;
    for task in tasks {
        println!("任务执行结果: {}", task.result()??);
    }
    Ok(())
}

pub(crate) fn with_gather() -> Outcome {
    rows::run(async {
        let clock = Stopwatch::start();
        println!("异步任务结果: {:?}", gather(three_tasks()).await);
        println!("运行时间: {}", clock.passed());
        Ok(())
    })
}
