//! `eval`: scores a board of questions, and the confidence that its answers state.

mod calibration;

use std::path::Path;
use std::process::Command;

/// A folder with a `run.py` is run by its own grader, a file by the `run.py` beside it. With
/// `calibrated`, the curve of the stated confidence follows.
pub(crate) fn eval(board: &Path, calibrated: bool) -> u8 {
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
    let out = calibrated
        .then(|| std::env::temp_dir().join(format!("retail-calibration-{}", std::process::id())));
    if let Some(out) = &out {
        command.arg("--out").arg(out);
    }
    match command.status() {
        Ok(status) => {
            let judged = out.as_deref().map(calibration::read);
            if let Some(out) = &out {
                // Best effort: the system clears its own temporary folder.
                let _ = std::fs::remove_dir_all(out);
            }
            match judged {
                Some(Ok(judged)) => print!("{}", calibration::table(&judged)),
                Some(Err(e)) => {
                    eprintln!(
                        "error[board_output]: the runner's output cannot be read: {e}\nhint: the runner must write report.json and answers.jsonl to its --out folder"
                    );
                    return 1;
                }
                None => {}
            }
            u8::from(!status.success())
        }
        Err(e) => {
            eprintln!(
                "error[python_missing]: python3 cannot be started: {e}\nhint: the board's grader is a Python program"
            );
            1
        }
    }
}
