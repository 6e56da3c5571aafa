//! `eval`: scores a board of questions.

use std::path::Path;
use std::process::Command;

/// A folder with a `run.py` is run by its own grader, a file by the `run.py` beside it.
pub(crate) fn eval(board: &Path) -> u8 {
    let (folder, file) = if board.is_dir() {
        (board.to_path_buf(), None)
    } else {
        (
            board.parent().map(Path::to_path_buf).unwrap_or_default(),
            Some(board),
        )
    };
    let runner = folder.join("run.py");
    if !runner.is_file() {
        eprintln!(
            "error[board_missing]: there is no grader `{}`\nhint: give the folder of a board, or a board file beside its run.py",
            runner.display()
        );
        return 5;
    }
    let Ok(program) = std::env::current_exe() else {
        eprintln!("error[program]: the program cannot find itself\nhint: call it by its full path");
        return 1;
    };
    let mut command = Command::new("python3");
    command.arg(&runner).arg("--retail").arg(program);
    if let Some(file) = file {
        command.arg("--board").arg(file);
    }
    match command.status() {
        Ok(status) if status.success() => 0,
        Ok(_) => 1,
        Err(e) => {
            eprintln!(
                "error[python_missing]: python3 cannot be started: {e}\nhint: the board's grader is a Python program"
            );
            1
        }
    }
}
