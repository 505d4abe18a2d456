use looplet::*;
use std::time::{Instant};
fn main(){
  let el=EventLoop::new().unwrap();
  let n=std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(20_000_000u32);
  let t=Instant::now();
  el.run_until_complete(async move { for _ in 0..n {yield_now().await} }).unwrap();
  println!("yield {:.1} ns", t.elapsed().as_nanos() as f64/n as f64);
}
