//! Rows 64 and 65: `async for` and `async with`.

use std::rc::Rc;

use looplet::{AsyncIterator, async_with, create_task};

use crate::rows::{self, Outcome, Stopwatch, pause};

/// Counts to ten, with pauses of one to three seconds.
struct MyAsyncIter {
    /// What was given last.
    count: u32,
}

impl AsyncIterator for MyAsyncIter {
    type Item = u32;

    async fn next(&mut self) -> Option<u32> {
        pause(self.pause_before_next()).await;
        self.count += 1;
        println!("{}", self.count);
        (self.count <= 10).then_some(self.count)
    }
}

impl MyAsyncIter {
    /// The notes roll a die; here the pauses are 2, 3, 1, 2, 3, 1, so that every run is alike.
    fn pause_before_next(&self) -> f64 {
        f64::from((self.count + 1) % 3 + 1)
    }
}

pub(crate) fn iterator() -> Outcome {
    rows::run(async {
        create_task(async {
            pause(1.0).await;
            println!("asda");
            pause(2.0).await;
            println!("asda");
        });
        let mut numbers = MyAsyncIter { count: 0 };
        while let Some(number) = numbers.next().await {
            println!("{number}");
        }
        Ok(())
    })
}

/// Says at which second each line comes, which the notes do not.
struct MyEnter<'a>(&'a Stopwatch);

impl<'a> MyEnter<'a> {
    async fn enter(clock: &'a Stopwatch) -> Self {
        pause(3.0).await;
        println!("返回了 {}", clock.passed());
        Self(clock)
    }

    async fn close(&self) {
        pause(3.0).await;
        println!("close {}", self.0.passed());
    }
}

pub(crate) fn context_manager() -> Outcome {
    rows::run(async {
        let clock = Rc::new(Stopwatch::start());
        let background = clock.clone();
        create_task(async move {
            pause(4.0).await;
            println!("end {}", background.passed());
        });
        async_with(
            MyEnter::enter(&clock),
            async |opened| opened.close().await,
            async |opened| opened.close().await,
        )
        .await;
        Ok(())
    })
}
