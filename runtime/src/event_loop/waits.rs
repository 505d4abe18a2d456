//! Who waits for one direction of a source: mostly nobody or one, and more only where a socket is
//! shared. So one wait lies in the source itself, where the reactor finds it without another look
//! at memory.

use std::slice;

use super::ready::Errand;

/// Names one wait for one direction of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WaitId(pub(super) u64);

/// One wait: what is run when its direction becomes ready.
pub(super) struct Wait {
    pub(super) id: WaitId,
    pub(super) errand: Errand,
}

/// All waits for one direction, in the order in which they began.
#[derive(Default)]
pub(super) enum Waiting {
    #[default]
    Nobody,
    One(Wait),
    Several(Vec<Wait>),
}

impl Waiting {
    pub(super) fn push(&mut self, new: Wait) {
        *self = match std::mem::take(self) {
            Waiting::Nobody => Waiting::One(new),
            Waiting::One(first) => Waiting::Several(vec![first, new]),
            Waiting::Several(mut waits) => {
                waits.push(new);
                Waiting::Several(waits)
            }
        };
    }

    pub(super) fn all(&self) -> &[Wait] {
        match self {
            Waiting::Nobody => &[],
            Waiting::One(wait) => slice::from_ref(wait),
            Waiting::Several(waits) => waits,
        }
    }

    pub(super) fn find(&mut self, id: WaitId) -> Option<&mut Wait> {
        let waits = match self {
            Waiting::Nobody => &mut [],
            Waiting::One(wait) => slice::from_mut(wait),
            Waiting::Several(waits) => &mut waits[..],
        };
        waits.iter_mut().find(|wait| wait.id == id)
    }

    /// Takes a wait out, for the caller to drop.
    pub(super) fn remove(&mut self, id: WaitId) -> Option<Wait> {
        let at = self.all().iter().position(|wait| wait.id == id)?;
        if let Waiting::Several(waits) = self {
            return Some(waits.remove(at));
        }
        match std::mem::take(self) {
            Waiting::One(wait) => Some(wait),
            Waiting::Nobody | Waiting::Several(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn waiting(ids: &[u64]) -> Waiting {
        let mut waiting = Waiting::default();
        for &id in ids {
            let errand = Errand::Wake(Waker::noop().clone());
            waiting.push(Wait {
                id: WaitId(id),
                errand,
            });
        }
        waiting
    }

    fn ids(waiting: &Waiting) -> Vec<u64> {
        waiting.all().iter().map(|wait| wait.id.0).collect()
    }

    #[test]
    fn waits_stand_in_the_order_in_which_they_began_however_many_there_are() {
        for all in [&[] as &[u64], &[7], &[7, 3], &[7, 3, 9]] {
            assert_eq!(ids(&waiting(all)), all);
        }
    }

    #[test]
    fn a_wait_is_found_and_taken_out_by_its_name() {
        let all = [7, 3, 9];
        for count in 1..=all.len() {
            for &id in &all[..count] {
                let mut waiting = waiting(&all[..count]);
                assert_eq!(waiting.find(WaitId(id)).map(|wait| wait.id.0), Some(id));
                let removed = waiting.remove(WaitId(id)).map(|wait| wait.id.0);
                assert_eq!(removed, Some(id));
                let rest: Vec<u64> = all[..count]
                    .iter()
                    .copied()
                    .filter(|&it| it != id)
                    .collect();
                assert_eq!(ids(&waiting), rest);
            }
        }
    }

    #[test]
    fn a_wait_that_is_not_there_is_not_found_and_nothing_is_taken_out() {
        for all in [&[] as &[u64], &[7], &[7, 3]] {
            let mut waiting = waiting(all);
            assert!(waiting.find(WaitId(5)).is_none());
            assert!(waiting.remove(WaitId(5)).is_none());
            assert_eq!(ids(&waiting), all);
        }
    }
}
