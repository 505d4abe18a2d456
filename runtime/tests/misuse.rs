//! Misuse, by name: what asyncio raises when a program calls what it must not, and what is given
//! here instead. Most such errors are tested beside what they belong to; these are the others.

mod common;

use common::run_virtual;
use looplet::{create_task, ensure_future, get_running_loop, yield_now};

#[test]
fn the_first_task_may_wait_for_a_promise_as_a_task() {
    let value = run_virtual(async {
        let promise = get_running_loop().create_promise();
        let awaited = ensure_future(promise.clone());
        create_task(async move {
            yield_now().await;
            promise.set_result(7)
        });
        awaited.await
    });
    assert_eq!(value, 7);
}
