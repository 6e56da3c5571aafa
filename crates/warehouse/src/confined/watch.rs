//! The parent's side: starts the child, waits, and ends it when it is over its limits.

use super::protocol::{Reply, Request};
use super::{Limits, Program};
use crate::{Stop, WarehouseError};
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How often the child is looked after.
const TICK: Duration = Duration::from_millis(5);
/// What JSON may add to the bytes of a result: names, quotation marks, escapes.
const ENVELOPE: usize = 6;

pub(super) fn out_of_memory(limits: &Limits) -> WarehouseError {
    WarehouseError::Limit {
        what: "memory",
        allowed: format!("{} MiB", limits.memory >> 20),
    }
}

fn failed(what: impl std::fmt::Display) -> WarehouseError {
    WarehouseError::Child(what.to_string())
}

/// A child that is dead and buried when this is dropped.
struct Ward(Child);

impl Drop for Ward {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Hands a request to a new child and waits for its reply.
pub(super) fn run(
    program: &Program,
    request: &Request,
    limits: &Limits,
    stop: &Stop,
) -> Result<Reply, WarehouseError> {
    if stop.is_stopped() {
        return Err(WarehouseError::Stopped);
    }
    let start = Instant::now();
    let mut line = serde_json::to_vec(request).map_err(failed)?;
    line.push(b'\n');
    let mut command = Command::new(&program.path);
    command
        .args(&program.arguments)
        // Keys and addresses of other services are none of its business.
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    for name in ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SystemRoot"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    let child = command
        .spawn()
        .map_err(|e| failed(format!("`{}`: {e}", program.path.display())))?;
    let mut ward = Ward(child);
    // The pipe stays open: the child ends when it closes, as it does when this process dies.
    let mut input = ward.0.stdin.take().ok_or_else(|| failed("no input"))?;
    let output = ward.0.stdout.take().ok_or_else(|| failed("no output"))?;
    let (sender, receiver) = channel();
    let most = limits
        .bytes
        .saturating_mul(ENVELOPE)
        .saturating_add(1 << 20);
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = output
            .take(u64::try_from(most).unwrap_or(u64::MAX))
            .read_to_end(&mut bytes);
        let _ = sender.send(read.map(|_| bytes));
    });
    // A child that reads nothing must not hold this thread: a request fits a pipe or is written
    // beside the watch.
    let writer = std::thread::spawn(move || {
        let written = input.write_all(&line).and_then(|()| input.flush());
        (written, input)
    });
    let mut highest = 0;
    let bytes = loop {
        match receiver.recv_timeout(TICK) {
            Ok(read) => break read.map_err(failed)?,
            Err(RecvTimeoutError::Disconnected) => break Vec::new(),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if stop.is_stopped() {
            return Err(WarehouseError::Stopped);
        }
        if start.elapsed() >= limits.time {
            return Err(WarehouseError::Limit {
                what: "time",
                allowed: format!("{} s", limits.time.as_secs_f64()),
            });
        }
        highest = highest.max(resident(ward.0.id()));
        if highest > limits.memory {
            return Err(out_of_memory(limits));
        }
    };
    if let Ok(reply) = serde_json::from_slice::<Reply>(&bytes) {
        drop(ward);
        let _ = writer.join();
        return Ok(reply);
    }
    let status = ward.0.wait().map_err(failed)?;
    // An allocation that fails where nobody expects it ends the process.
    if highest > limits.memory / 2 {
        return Err(out_of_memory(limits));
    }
    Err(failed(format!("it ended without a reply ({status})")))
}

/// Memory of a process that is in use, bytes; 0 where the system does not tell.
fn resident(process: u32) -> u64 {
    std::fs::read_to_string(format!("/proc/{process}/status"))
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|l| l.starts_with("VmRSS:"))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        })
        .map_or(0, |kib| kib.saturating_mul(1024))
}
