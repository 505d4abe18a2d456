//! A look at the tasks of a loop, from inside and through the socket.

mod common;

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::{Trace, ms, report_to, run_virtual, traced, turns, virtual_loop};
use looplet::inspect::{AwaitCycle, listen, ps, pstree};
use looplet::{
    Event, EventLoop, Lock, RunError, Task, create_task, format_call_graph, gather,
    get_running_loop, open_unix_connection, sleep, yield_now,
};

/// A path for the socket of one test.
fn socket(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("looplet-inspect-{name}-{}", std::process::id()))
}

/// What the listener at `path` answers.
async fn ask(path: &Path, question: &[u8]) -> String {
    let (reader, writer) = open_unix_connection(path).await.expect("it listens");
    writer.write(question);
    let answer = reader.read_to_end().await.expect("it answers");
    String::from_utf8(answer).expect("it is a text")
}

/// The cells of a table below its head, without ids and places.
fn cells(table: &str) -> Vec<Vec<String>> {
    let cut = |line: &str| {
        let cells = line.split("  ").map(str::trim);
        let cells: Vec<_> = cells.filter(|cell| !cell.is_empty()).collect();
        [1, 4, 5].map(|at| cells[at].to_string()).to_vec()
    };
    table.lines().skip(2).map(cut).collect()
}

/// A task that awaits two: one sleeps, and one waits for the lock that it holds.
fn family() -> Task<()> {
    let parent = create_task(async {
        let lock = Lock::new();
        let children = ["a", "b"].map(|name| {
            let lock = lock.clone();
            let child = create_task(async move {
                let _guard = lock.acquire().await;
                sleep(ms(60_000)).await;
            });
            child.set_name(name);
            child
        });
        gather(children).await;
    });
    parent.set_name("parent");
    parent
}

#[test]
fn the_table_shows_who_waits_for_what_and_who_awaits_whom() {
    let table = run_virtual(async {
        let _parent = family();
        turns(3).await;
        ps(&get_running_loop())
    });
    let head: Vec<_> = table
        .lines()
        .take(1)
        .flat_map(|line| line.split("  "))
        .collect();
    let head: Vec<_> = head
        .iter()
        .map(|cell| cell.trim())
        .filter(|cell| !cell.is_empty())
        .collect();
    let expected = [
        "task id",
        "task name",
        "coroutine",
        "spawned at",
        "waits for",
        "awaited by",
    ];
    assert_eq!(head, expected);
    let expected = [
        ["Task-1", "-", "-"],
        ["parent", "a gather of 2 tasks that go on", "-"],
        ["a", "sleep 60 s", "parent, b"],
        ["b", "a Lock held by 'a'", "parent"],
    ];
    assert_eq!(cells(&table), expected);
    let row = table.lines().last().expect("it has rows");
    assert!(
        row.starts_with("0x") && row.contains("  inspect::family  "),
        "{row}"
    );
    assert!(row.contains("  runtime/tests/inspect.rs:"), "{row}");
}

#[test]
fn the_tree_has_everybody_below_who_awaits_them_and_in_full_once() {
    let tree = run_virtual(async {
        let _parent = family();
        turns(3).await;
        pstree(&get_running_loop())
    });
    let tree = tree.expect("there is no circle");
    // What a task runs is where it was spawned, which is tested with the table.
    let shown = |line: &str| match line.split_once("└──  ") {
        Some((indent, frame)) => {
            let wait = frame.split_once(", ").map_or("", |(_, wait)| wait);
            format!("{indent}└──  {wait}")
        }
        None => line.to_string(),
    };
    let lines: Vec<_> = tree.lines().map(shown).collect();
    let expected = [
        "├── (T) Task-1",
        "│   └──  ",
        "└── (T) parent",
        "    └──  waits for a gather of 2 tasks that go on",
        "        ├── (T) a",
        "        │   └──  waits for sleep 60 s",
        "        └── (T) b",
        "            └──  waits for a Lock held by 'a'",
        "                └── (T) a (drawn above)",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_chain_is_drawn_down_to_a_hundred_tasks_and_layers_do_not_multiply() {
    // Each task awaits the next one twice. To cancel them would take as long as to draw them all.
    let event_loop = virtual_loop();
    report_to(&event_loop, &Trace::default());
    let leaf = event_loop.create_task(async { Event::new().wait().await });
    let mut last = leaf;
    for _ in 0..200 {
        let next = last.clone();
        last = event_loop.create_task(async move {
            gather([next.clone(), next]).await;
        });
    }
    event_loop.stop();
    event_loop.run_forever().expect("it is stopped");
    let tree = pstree(&event_loop).expect("there is no circle");
    let graph = format_call_graph(Some(&event_loop.all_tasks()[0]));
    event_loop.close();
    assert_eq!(tree.matches(" (too deep to be drawn)\n").count(), 1);
    assert_eq!(
        graph
            .matches("  + Awaited by more, deeper than is shown\n")
            .count(),
        1
    );
    assert!(tree.lines().count() < 500, "{}", tree.lines().count());
    assert!(graph.lines().count() < 500, "{}", graph.lines().count());
}

#[test]
fn a_circle_is_no_tree_and_its_names_are_told() {
    let path = socket("circle");
    let answer = run_virtual(async move {
        let _inspector = listen(&path).expect("the folder is ours");
        let (left, right) = (Lock::new(), Lock::new());
        for (name, first, second) in [("A", &left, &right), ("B", &right, &left)] {
            let (first, second) = (first.clone(), second.clone());
            let task = create_task(async move {
                let _first = first.acquire().await;
                yield_now().await;
                let _second = second.acquire().await;
            });
            task.set_name(name);
        }
        turns(3).await;
        let names = ["A", "B"].map(String::from).to_vec();
        assert_eq!(pstree(&get_running_loop()), Err(AwaitCycle { names }));
        ask(&path, b"pstree\n").await
    });
    let text = "await-graph contains cycles - cannot print a tree!\n\ncycle: A → B → A\n";
    assert_eq!(answer, format!("ERROR: {text}"));
}

#[test]
fn who_asks_through_the_socket_gets_the_same_table() {
    let path = socket("table");
    let table = run_virtual(async move {
        let inspector = listen(&path).expect("the folder is ours");
        assert_eq!(inspector.path(), path);
        let _parent = family();
        turns(3).await;
        ask(&path, b"ps\n").await
    });
    let names: Vec<_> = cells(&table)
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    assert_eq!(names, ["Task-1", "parent", "a", "b"]);
}

#[test]
fn a_question_in_pieces_is_a_question_and_one_without_end_is_none() {
    let path = socket("pieces");
    let answers = run_virtual(async move {
        let _inspector = listen(&path).expect("the folder is ours");
        let (reader, writer) = open_unix_connection(&path).await.expect("it listens");
        writer.write(b"pst");
        turns(5).await;
        writer.write(b"ree\n");
        let tree = reader.read_to_end().await.expect("it answers");
        let tree = String::from_utf8(tree).expect("it is a text");
        let long = ask(&path, &[b'p'; 100]).await;
        [
            tree.lines().count().to_string(),
            long,
            ask(&path, b"top\n").await,
        ]
    });
    let refused = "ERROR: the question is `ps` or `pstree`\n";
    assert_eq!(answers, ["2", refused, refused]);
}

#[test]
fn only_the_owner_may_connect_and_the_file_goes_with_the_inspector() {
    let path = socket("mode");
    run_virtual(async move {
        let inspector = listen(&path).expect("the folder is ours");
        let mode = fs::metadata(&path)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let taken = listen(&path).expect_err("somebody listens");
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        drop(inspector);
        assert!(!path.exists());
        let nameless = listen("\0looplet").expect_err("nobody can be kept out");
        assert_eq!(nameless.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn a_loop_that_can_be_looked_at_reports_a_deadlock_all_the_same() {
    let path = socket("deadlock");
    let ended = virtual_loop().run_until_complete(async move {
        let _inspector = listen(&path).expect("the folder is ours");
        Event::new().wait().await
    });
    assert!(matches!(ended, Err(RunError::Deadlock(_))), "{ended:?}");
}

#[test]
fn a_loop_on_the_real_clock_answers_while_it_sleeps() {
    let path = socket("real");
    let event_loop = EventLoop::new().expect("the system gives a loop");
    let answer = event_loop.run_until_complete(async move {
        let _inspector = listen(&path).expect("the folder is ours");
        create_task(sleep(ms(3_600_000))).set_name("long");
        ask(&path, b"ps\n").await
    });
    assert!(answer.expect("it ends").contains(" long "));
}

#[test]
fn a_name_gives_no_orders_to_a_terminal() {
    let lines = traced(|t| async move {
        create_task(sleep(ms(1))).set_name("two\nlines\u{1b}[2J");
        let event_loop = get_running_loop();
        let table = ps(&event_loop);
        t.say(table.contains("two\\nlines\\u{1b}[2J"));
        t.say(table.lines().count());
        let tree = pstree(&event_loop).expect("there is no circle");
        t.say(tree.contains("two\\nlines\\u{1b}[2J"));
        t.say(tree.lines().count());
    });
    assert_eq!(lines, ["true", "4", "true", "4"]);
}
