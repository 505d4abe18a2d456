//! How many turns pass between the end of a child and the next step of the one who waits for
//! it. It is part of the order in which things happen, so it is asyncio's (C05).

mod common;

use std::cell::Cell;
use std::rc::Rc;

use common::{Ticks, ms, traced, turns};
use looplet::{
    ReturnWhen, Task, TaskGroup, as_completed, create_task, gather, map_concurrent, shield,
    try_gather, wait, wait_for, wait_for_lossless, yield_now,
};

/// Counts the turns between what children do last and what their awaiter does next.
#[derive(Clone)]
struct Hops {
    ticks: Rc<Ticks>,
    end: Rc<Cell<u32>>,
}

impl Hops {
    fn new() -> Self {
        Self {
            ticks: Rc::new(Ticks::start()),
            end: Rc::default(),
        }
    }

    async fn child(self) -> Result<(), ()> {
        turns(2).await;
        self.end.set(self.ticks.count());
        Ok(())
    }

    fn task(&self) -> Task<Result<(), ()>> {
        create_task(self.clone().child())
    }

    fn since_the_end(&self) -> u32 {
        self.ticks.count() - self.end.get()
    }
}

#[test]
fn the_turns_from_the_end_of_a_child_to_its_awaiter_are_those_of_asyncio() {
    // C05
    let trace = traced(|t| async move {
        let hops = Hops::new();
        yield_now().await;
        let say = |name: &str| t.say(format!("{name} {}", hops.since_the_end()));
        let _ = hops.task().await;
        say("await task");
        let _ = gather([hops.task()]).await;
        say("gather");
        let _ = try_gather([hops.task()]).await;
        say("try_gather");
        let _ = wait([hops.task()], ReturnWhen::AllCompleted, None).await;
        say("wait");
        let _ = wait_for(hops.task(), ms(9000)).await;
        say("wait_for");
        let _ = wait_for_lossless(hops.task(), ms(9000)).await;
        say("wait_for_lossless");
        let _ = shield(hops.task()).await;
        say("shield");
        let mut completed = as_completed([hops.task()]);
        while let Some(next) = completed.next().await {
            let _ = next.expect("there is no limit").task.await;
        }
        say("as_completed");
        let grouped = TaskGroup::scope(async |group: TaskGroup<()>| {
            group.create_task(hops.clone().child());
            Ok(())
        });
        grouped.await.expect("no child fails");
        say("TaskGroup");
        map_concurrent([hops.clone()], 1, Hops::child).await;
        say("map_concurrent");
    });
    assert_eq!(
        trace,
        [
            "await task 1",
            "gather 2",
            "try_gather 2",
            "wait 2",
            "wait_for 1",
            "wait_for_lossless 1",
            "shield 2",
            "as_completed 2",
            "TaskGroup 2",
            "map_concurrent 2",
        ]
    );
}

#[test]
fn a_promise_in_place_of_a_task_costs_the_same_turns() {
    let trace = traced(|t| async move {
        let hops = Hops::new();
        yield_now().await;
        let say = |name: &str| t.say(format!("{name} {}", hops.since_the_end()));
        // The shield itself is one turn behind the end of the task.
        let _ = gather([shield(hops.task())]).await;
        say("gather");
        let _ = wait([shield(hops.task())], ReturnWhen::AllCompleted, None).await;
        say("wait");
        let _ = wait_for(shield(hops.task()), ms(9000)).await;
        say("wait_for");
        let mut completed = as_completed([shield(hops.task())]);
        while completed.next().await.is_some() {}
        say("as_completed");
    });
    assert_eq!(
        trace,
        ["gather 3", "wait 3", "wait_for 2", "as_completed 3"]
    );
}

#[test]
fn waiting_for_what_has_ended_costs_no_turn() {
    let trace = traced(|t| async move {
        let ticks = Ticks::start();
        let done = create_task(async { Ok::<_, ()>(7) });
        turns(2).await;
        let one = || done.clone();
        let begin = ticks.count();
        wait([one()], ReturnWhen::AllCompleted, None)
            .await
            .expect("there is a task");
        let slow = create_task(async {
            turns(9).await;
            Ok::<_, ()>(8)
        });
        wait([slow, one()], ReturnWhen::FirstCompleted, None)
            .await
            .expect("there are tasks");
        let mut completed = as_completed([one(), one()]);
        let mut indices = Vec::new();
        while let Some(next) = completed.next().await {
            indices.push(next.expect("there is no limit").index);
        }
        t.say(format!("{indices:?}"));
        t.say(format!("{:?}", shield(one()).await));
        let ended = create_task(async { Ok::<_, ()>(9) });
        let waited = ticks.count();
        t.say(waited - begin);
        yield_now().await;
        let begin = ticks.count();
        t.say(format!("{:?}", wait_for(ended.clone(), ms(1)).await));
        let other = create_task(async { 1 });
        yield_now().await;
        let ended = (create_task(async { 2 }), other);
        turns(2).await;
        t.say(format!("{:?}", gather(ended).await));
        t.say(ticks.count() - begin);
    });
    assert_eq!(trace, ["[0, 1]", "Ok(7)", "0", "Ok(Ok(9))", "(2, 1)", "3",]);
}
