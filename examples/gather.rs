//! Three things at once: `gather` waits for all, and gives the results in argument order.
//!
//! What to look at: they end in another order than they were given, the results do not. The
//! whole takes as long as the slowest one, not as long as all of them.
//!
//! ```text
//! A: computing factorial(4) for 0.3 s
//! B: computing factorial(3) for 0.1 s
//! C: computing factorial(5) for 0.2 s
//! B: done
//! C: done
//! A: done
//! [24, 6, 120]
//! 0.3 s, where one after the other takes 0.6 s
//! ```

mod common;

use std::time::Duration;

use looplet::{gather, get_running_loop, sleep};

fn main() {
    common::run(async {
        let start = get_running_loop().time();
        let results = gather([
            factorial("A", 4, 0.3),
            factorial("B", 3, 0.1),
            factorial("C", 5, 0.2),
        ])
        .await;
        let passed = (get_running_loop().time() - start).as_secs_f64();
        println!("{results:?}");
        println!("{passed:.1} s, where one after the other takes 0.6 s");
    });
}

async fn factorial(name: &str, number: u64, seconds: f64) -> u64 {
    println!("{name}: computing factorial({number}) for {seconds} s");
    sleep(Duration::from_secs_f64(seconds)).await;
    println!("{name}: done");
    (1..=number).product()
}
