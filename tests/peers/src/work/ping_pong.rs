//! Two tasks and two channels: a round trip is two sends, two wakes, two receives.
//!
//! Peers use a channel for one thread that works on every runtime, and tokio's, which most
//! programs have. looplet uses the queue that it comes with.

use std::future::IntoFuture;

use looplet::Queue;

use super::warmed;
use crate::meters::Figure;
use crate::runtimes::{Looplet, Runtime};

pub(super) fn local_channel<R: Runtime>(count: u64) -> Vec<Figure> {
    let spent = R::run(warmed(move || async move {
        let (there, mut requests) = local_channel::mpsc::channel();
        let (answers, mut back) = local_channel::mpsc::channel();
        let partner = R::spawn(async move {
            for _ in 0..count {
                let number: u64 = requests.recv().await.expect("it is open");
                answers.send(number).expect("it is open");
            }
        });
        for number in 0..count {
            there.send(number).expect("it is open");
            assert_eq!(back.recv().await, Some(number));
        }
        R::value(partner.into_future().await);
    }));
    vec![spent.cpu_each(count)]
}

pub(super) fn mpsc<R: Runtime>(count: u64) -> Vec<Figure> {
    let spent = R::run(warmed(move || async move {
        let (there, mut requests) = tokio::sync::mpsc::channel(1);
        let (answers, mut back) = tokio::sync::mpsc::channel(1);
        let partner = R::spawn(async move {
            for _ in 0..count {
                let number: u64 = requests.recv().await.expect("it is open");
                answers.send(number).await.expect("it is open");
            }
        });
        for number in 0..count {
            there.send(number).await.expect("it is open");
            assert_eq!(back.recv().await, Some(number));
        }
        R::value(partner.into_future().await);
    }));
    vec![spent.cpu_each(count)]
}

/// The same with looplet's own queue.
pub(crate) fn looplet_queue(count: u64) -> Vec<Figure> {
    let spent = Looplet::run(warmed(move || async move {
        let (there, back) = (Queue::new(0), Queue::new(0));
        let (requests, answers) = (there.clone(), back.clone());
        let partner = looplet::create_task(async move {
            for _ in 0..count {
                let number: u64 = requests.get().await.expect("it is open");
                answers.put(number).await.expect("it is open");
            }
        });
        for number in 0..count {
            there.put(number).await.expect("it is open");
            assert_eq!(back.get().await.expect("it is open"), number);
        }
        partner.await;
    }));
    vec![spent.cpu_each(count)]
}
