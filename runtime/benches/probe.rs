use looplet::*;
use std::time::{Duration, Instant};
fn main() {
    let el = EventLoop::new().unwrap();
    for _ in 0..3 {
        let n = 2_000_000u32;
        let t = Instant::now();
        el.run_until_complete(async move {
            for _ in 0..n {
                yield_now().await
            }
        })
        .unwrap();
        println!("yield {:.1} ns", t.elapsed().as_nanos() as f64 / n as f64);
        let n = 100_000u32;
        let t = Instant::now();
        el.run_until_complete(async move {
            let v: Vec<_> = (0..n).map(|i| create_task(async move { i })).collect();
            let mut s = 0u64;
            for t in v {
                s += t.await as u64
            }
            s
        })
        .unwrap();
        println!(
            "spawn+join {:.1} ns",
            t.elapsed().as_nanos() as f64 / n as f64
        );
        let n = 1000_000u32;
        let t = Instant::now();
        el.run_until_complete(async move {
            for i in 0..n {
                create_task(async move { i }).await;
            }
        })
        .unwrap();
        println!("spawn1 {:.1} ns", t.elapsed().as_nanos() as f64 / n as f64);
        let n = 1000_000u32;
        let t = Instant::now();
        el.run_until_complete(async move {
            for i in 0..1000 {
                create_task(async move {
                    for _ in 0..n / 1000 {
                        yield_now().await
                    }
                });
            }
            let _ = i();
            fn i() {}
            for _ in 0..n / 1000 + 5 {
                yield_now().await
            }
        })
        .unwrap();
        println!("yieldk {:.1} ns", t.elapsed().as_nanos() as f64 / n as f64);
        let n = 1000_000u32;
        let t = Instant::now();
        el.run_until_complete(async move {
            let mut v = Vec::new();
            for _ in 0..n {
                let mut s = Box::pin(sleep(Duration::from_secs(30)));
                let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
                let _ = s.as_mut().poll(&mut cx);
                v.push(s);
            }
        })
        .unwrap();
        println!(
            "timer create+drop {:.1} ns",
            t.elapsed().as_nanos() as f64 / n as f64
        );
    }
}
