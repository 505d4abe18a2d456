//! The program without MySQL.

use crate::program::Folder;

#[test]
fn a_program_without_mysql_says_how_to_have_it() {
    let ended = Folder::new().run(&["--sink", "mysql://u:secret@h/db", "http://127.0.0.1:1/"]);
    ended.refused(&["--sink mysql: it is not built in; build with `--features mysql`"]);
}
