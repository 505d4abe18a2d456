//! Why there are locks on a single thread: five tasks want one page, and there is a cache.
//!
//! What to look at: without the lock, each task looks into the cache, finds nothing, and lets
//! the others do the same while it fetches. The lock is held across the await, so that the
//! second task looks when the first has filled the cache.
//!
//! ```text
//! without a lock: fetching, fetching, fetching, 5 readers are served
//! with a lock: fetching, 5 readers are served
//! ```

mod common;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use looplet::{Lock, gather, sleep};

type Cache = Rc<RefCell<Option<String>>>;

fn main() {
    common::run(async {
        print!("without a lock: ");
        let cache = Cache::default();
        let pages = gather([0, 1, 2, 3, 4].map(|n| visit(n, cache.clone(), None))).await;
        println!("{} readers are served", pages.len());

        print!("with a lock: ");
        let (cache, lock) = (Cache::default(), Lock::new());
        let visits = [0, 1, 2, 3, 4].map(|n| visit(n, cache.clone(), Some(lock.clone())));
        println!("{} readers are served", gather(visits).await.len());
    });
}

/// Reads the page; the visitors come 100 ms apart.
async fn visit(number: u32, cache: Cache, lock: Option<Lock>) -> String {
    sleep(Duration::from_millis(100) * number).await;
    let _guard = match &lock {
        Some(lock) => Some(lock.acquire().await),
        None => None,
    };
    let cached = cache.borrow().clone();
    match cached {
        Some(page) => page,
        None => fetch(&cache).await,
    }
}

/// Fetches the page, which takes 250 ms, and fills the cache.
async fn fetch(cache: &Cache) -> String {
    print!("fetching, ");
    sleep(Duration::from_millis(250)).await;
    let page = "the page".to_string();
    cache.replace(Some(page.clone()));
    page
}
