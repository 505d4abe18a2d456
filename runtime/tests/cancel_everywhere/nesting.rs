//! Scopes in each other and side by side, with a request at every turn.
//!
//! [`SCOPES`] is the table: a new scope needs one line there, and is combined with all others.
//! The body takes a lock and a permit, waits for a timer, a task and a promise, and so gives a
//! request every kind of place to arrive at.

use crate::common::{Boxed, join, turns, unordered};
use crate::sweep::{Made, Way, boxed, sweep_ways, us};
use looplet::{
    Lock, Promise, Semaphore, TaskGroup, TaskOptions, async_with, catch_cancel, create_task,
    create_task_with, gather, get_running_loop, shield, sleep, timeout, yield_now,
};

/// Something that a body can be put into.
struct Scope {
    name: &'static str,
    /// Whether it may end in the ordinary way although it was cancelled.
    swallows: bool,
    put: fn(Boxed<()>) -> Boxed<()>,
}

const SCOPES: [Scope; 13] = [
    Scope {
        name: "a timeout that expires",
        swallows: false,
        put: |body| boxed(timeout(us(5), body)),
    },
    Scope {
        name: "a timeout that does not expire",
        swallows: false,
        put: |body| boxed(timeout(us(900), body)),
    },
    Scope {
        name: "a catch that cleans up and raises",
        swallows: false,
        put: |body| Box::pin(clean_up(body, true)),
    },
    Scope {
        name: "a catch that cleans up and goes on",
        swallows: true,
        put: |body| Box::pin(clean_up(body, false)),
    },
    Scope {
        name: "a catch that raises at once",
        swallows: false,
        put: |body| {
            Box::pin(async {
                if let Err(cancelled) = catch_cancel(body).await {
                    cancelled.raise().await
                }
            })
        },
    },
    Scope {
        name: "shield",
        swallows: false,
        put: |body| boxed(async { shield(body).await }),
    },
    Scope {
        name: "gather",
        swallows: false,
        put: |body| boxed(async { gather((sleep(us(4)), body)).await }),
    },
    Scope {
        name: "a task",
        swallows: false,
        put: |body| boxed(async { create_task(body).await }),
    },
    Scope {
        name: "an eager task",
        swallows: false,
        put: |body| boxed(async { create_task_with(body, EAGER).await }),
    },
    Scope {
        name: "the body of a group",
        swallows: false,
        put: |body| Box::pin(in_group(body)),
    },
    Scope {
        name: "a task of a group",
        swallows: false,
        put: |body| Box::pin(as_child_of_group(body)),
    },
    Scope {
        name: "a group in which a task fails",
        swallows: false,
        put: |body| Box::pin(in_group_that_fails(body)),
    },
    Scope {
        name: "async_with",
        swallows: false,
        put: |body| {
            boxed(async_with(
                async {},
                async |()| body.await,
                async |()| turns(3).await,
            ))
        },
    },
];

const EAGER: TaskOptions = TaskOptions {
    name: None,
    context: None,
    eager: true,
};

async fn in_group(body: Boxed<()>) {
    let ended = TaskGroup::scope(async |group: TaskGroup<()>| {
        group.create_task(async {
            sleep(us(4)).await;
            Ok(())
        });
        body.await;
        Ok(())
    });
    ended.await.expect("nothing fails");
}

async fn as_child_of_group(body: Boxed<()>) {
    let ended = TaskGroup::scope(async |group: TaskGroup<()>| {
        group.create_task(async {
            body.await;
            Ok(())
        });
        group.create_task(async {
            clean_up(Box::pin(sleep(us(4))), true).await;
            Ok(())
        });
        Ok(())
    });
    ended.await.expect("nothing fails");
}

async fn in_group_that_fails(body: Boxed<()>) {
    let ended = TaskGroup::scope(async |group| {
        group.create_task::<()>(async {
            sleep(us(6)).await;
            Err("on purpose")
        });
        body.await;
        Ok(())
    });
    let _ = ended.await;
}

async fn clean_up(body: Boxed<()>, raise: bool) {
    if let Err(cancelled) = catch_cancel(body).await {
        sleep(us(3)).await;
        yield_now().await;
        if raise {
            cancelled.raise().await
        }
    }
}

/// What bodies share: one of them at a time gets on.
#[derive(Clone)]
struct Shared {
    lock: Lock,
    semaphore: Semaphore,
}

impl Shared {
    fn new() -> Self {
        Self {
            lock: Lock::new(),
            semaphore: Semaphore::new(1),
        }
    }

    /// A body that needs a lock, a permit, a timer, a task and a promise.
    fn body(&self) -> Boxed<()> {
        let Self { lock, semaphore } = self.clone();
        Box::pin(async move {
            let _guard = lock.acquire().await;
            sleep(us(2)).await;
            let _permit = semaphore.acquire().await;
            create_task(turns(2)).await;
            let promise: Promise<()> = get_running_loop().create_promise();
            let setter = promise.clone();
            get_running_loop().call_later(us(2), move || {
                // It may have been cancelled.
                let _ = setter.set_result(());
            });
            promise.await;
        })
    }

    /// The operation, with somebody who has the lock before it and somebody who wants it after.
    async fn made(self, op: Boxed<()>, swallows: bool) -> Made {
        let held = self.lock.acquire().await;
        let behind = self.clone();
        let made = Made::new(op).swallows(swallows);
        let made = made.other(async move {
            turns(2).await;
            drop(held);
        });
        let made = made.other(async move {
            turns(4).await;
            let _guard = behind.lock.acquire().await;
            let _permit = behind.semaphore.acquire().await;
        });
        made.keep_as(self.lock, "Lock { locked: false, waiters: 0 }")
            .keep_as(self.semaphore, "Semaphore { free: 1, waiters: 0 }")
    }
}

/// The ways that differ for a scope. It makes branches and wakers of its own.
const WAYS: [Way; 5] = [
    Way::Cancel,
    Way::CancelTwice(1),
    Way::CancelTwice(4),
    Way::Drop,
    Way::Timeout,
];

/// Sweeps every pair of scopes, put together by `combine`.
fn sweep_pairs(combine: fn(&Shared, &'static Scope, &'static Scope) -> Boxed<()>) {
    let mut rounds = 0;
    for first in &SCOPES {
        for second in &SCOPES {
            println!("{} and {}", first.name, second.name);
            let swallows = first.swallows || second.swallows;
            rounds += sweep_ways(&WAYS, || async move {
                let shared = Shared::new();
                let op = combine(&shared, first, second);
                shared.made(op, swallows).await
            });
        }
    }
    println!("together {rounds} rounds");
}

#[test]
fn each_scope_in_each() {
    sweep_pairs(|shared, outer, inner| (outer.put)((inner.put)(shared.body())));
}

#[test]
fn each_scope_beside_each() {
    sweep_pairs(|shared, a, b| boxed(join((a.put)(shared.body()), (b.put)(shared.body()))));
}

#[test]
fn each_scope_beside_each_with_wakers_of_their_own() {
    sweep_pairs(|shared, a, b| {
        boxed(unordered(vec![
            (a.put)(shared.body()),
            (b.put)(shared.body()),
        ]))
    });
}
