//! A PostgreSQL server of its own for the length of a test, where the machine has one installed.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A running server: reachable through a socket in its folder only, gone when dropped.
pub(crate) struct Server {
    programs: PathBuf,
    folder: String,
}

impl Server {
    /// Starts a server; `None` where none is installed.
    pub(crate) fn start() -> Result<Option<Server>, String> {
        let Some(programs) = programs() else {
            return Ok(None);
        };
        let folder = run(as_server("mktemp").args(["-d", "-t", "suite.XXXXXX"]))?;
        let server = Server {
            folder: folder.trim().to_string(),
            programs,
        };
        run(as_server(server.program("initdb")).args([
            "--pgdata",
            &server.folder,
            "--auth=trust",
            "--username=tester",
            "--encoding=UTF8",
            // Letters beyond ASCII have cases in it; texts sort by their code points.
            "--locale=C.UTF-8",
            "--no-sync",
        ]))?;
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off",
            server.folder
        );
        run(as_server(server.program("pg_ctl")).args([
            "--pgdata",
            &server.folder,
            "--options",
            &options,
            "--log",
            &format!("{}/log", server.folder),
            "--wait",
            "start",
        ]))?;
        Ok(Some(server))
    }

    fn program(&self, name: &str) -> String {
        self.programs.join(name).to_string_lossy().into_owned()
    }

    /// The client, ready to connect.
    pub(crate) fn psql(&self) -> Command {
        let mut command = Command::new(self.program("psql"));
        command.args([
            "--host",
            &self.folder,
            "--username=tester",
            "--dbname=postgres",
            "--no-psqlrc",
            "--quiet",
        ]);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = run(as_server(self.program("pg_ctl")).args([
            "--pgdata",
            &self.folder,
            "--mode=immediate",
            "--wait",
            "stop",
        ]));
        let _ = run(as_server("rm").args(["-r", &self.folder]));
    }
}

/// Where Debian keeps the newest server's programs.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|e| Some(e.ok()?.path().join("bin")))
        .filter(|p| p.join("initdb").is_file())
        .collect();
    found.sort();
    found.pop()
}

/// A command that the server's account runs: the server refuses to run as root.
fn as_server(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let root = std::env::var_os("USER").is_none_or(|u| u == "root");
    if root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// Runs a command to its end and gives what it printed.
pub(crate) fn run(command: &mut Command) -> Result<String, String> {
    // The server inherits no pipe: reading would wait for it to end.
    let server = command.get_args().any(|a| a == "start");
    command.stdin(Stdio::null()).current_dir("/");
    if server {
        let status = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(|e| format!("{command:?}: {e}"))?;
        return status
            .success()
            .then(String::new)
            .ok_or_else(|| format!("{command:?}: {status}"));
    }
    let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    String::from_utf8(output.stdout).map_err(|e| e.to_string())
}
