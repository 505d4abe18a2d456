//! Makes a program that fails smaller, as long as it still fails.

use crate::program::{Op, Program};

/// Takes operations out, one at a time, until each that is left is needed.
pub(crate) fn shrink(mut program: Program, fails: impl Fn(&Program) -> bool) -> Program {
    let mut at = 0;
    while let Some(smaller) = without(&program, at) {
        if fails(&smaller) {
            program = smaller;
            at = 0;
        } else {
            at += 1;
        }
    }
    program
}

/// The program with one change, the `at`-th that can be made. `None`: there are fewer.
fn without(program: &Program, at: usize) -> Option<Program> {
    let mut program = program.clone();
    let mut left = at;
    let done = program.lists().any(|list| change(list, &mut left));
    if done {
        return Some(program);
    }
    (left == 0 && program.setups.len() > 1).then(|| {
        program.setups.pop();
        program
    })
}

/// Makes the change with the number `left` in this list or in one inside; counts down to it.
fn change(list: &mut Vec<Op>, left: &mut usize) -> bool {
    for at in 0..list.len() {
        if *left == 0 {
            list.remove(at);
            return true;
        }
        *left -= 1;
        if let Op::Catch(body, cleanup, _) = &mut list[at] {
            if *left == 0 {
                let body = std::mem::take(body);
                list.splice(at..=at, body);
                return true;
            }
            *left -= 1;
            if change(body, left) || change(cleanup, left) {
                return true;
            }
        }
        if let Op::Timeout(_, body) = &mut list[at] {
            if *left == 0 {
                let body = std::mem::take(body);
                list.splice(at..=at, body);
                return true;
            }
            *left -= 1;
            if change(body, left) {
                return true;
            }
        }
    }
    false
}
