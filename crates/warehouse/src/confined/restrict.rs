//! What the operating system takes away from the child. Each function says whether it was done.

use std::path::Path;

/// Bounds memory (bytes), processor time (seconds), files written (none) and open files.
///
/// `RLIMIT_DATA` counts private memory that can be written, threads' stacks included; the
/// program's text comes on top.
#[cfg(unix)]
pub(super) fn resources(memory: u64, processor_seconds: u64) -> bool {
    use rustix::process::{Resource, Rlimit, setrlimit};
    /// Pages of the program and its libraries, which the limit does not count.
    const TEXT: u64 = 48 << 20;
    let at = |most: u64| Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    let mut all = true;
    for (resource, most) in [
        (Resource::Data, memory.saturating_sub(TEXT)),
        (Resource::Cpu, processor_seconds),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nofile, 64),
    ] {
        all &= setrlimit(resource, at(most)).is_ok();
    }
    all
}

#[cfg(not(unix))]
pub(super) fn resources(_: u64, _: u64) -> bool {
    false
}

/// From here on only `readable` can be opened, for reading, and nothing be reached over TCP or by
/// signals. Threads that are started later are bound too, those that run already are not.
#[cfg(target_os = "linux")]
pub(super) fn files(readable: &Path) -> bool {
    use landlock::{
        ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
        RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
    };
    let abi = ABI::V6;
    let restrict = || -> Result<RulesetStatus, Box<dyn std::error::Error>> {
        let status = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(abi))?
            .handle_access(AccessNet::from_all(abi))?
            .scope(Scope::from_all(abi))?
            .create()?
            .add_rule(PathBeneath::new(PathFd::new(readable)?, AccessFs::ReadFile))?
            .restrict_self()?;
        Ok(status.ruleset)
    };
    matches!(
        restrict(),
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced)
    )
}

#[cfg(not(target_os = "linux"))]
pub(super) fn files(_: &Path) -> bool {
    false
}

/// From here on all threads may make the system calls of a computation and no others: no new
/// process or thread, no socket, no file opened for writing. Other calls fail with `EPERM`.
#[cfg(target_os = "linux")]
pub(super) fn calls() -> bool {
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule, apply_filter_all_threads,
    };
    use std::collections::BTreeMap;
    /// Memory, threads that there are, time, and files that are open.
    const COMPUTING: &[i64] = &[
        libc::SYS_brk,
        libc::SYS_mmap,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_mprotect,
        libc::SYS_madvise,
        libc::SYS_futex,
        libc::SYS_set_robust_list,
        libc::SYS_rseq,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_getcpu,
        libc::SYS_membarrier,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_tgkill,
        libc::SYS_gettid,
        libc::SYS_getpid,
        libc::SYS_clock_gettime,
        libc::SYS_clock_getres,
        libc::SYS_clock_nanosleep,
        libc::SYS_nanosleep,
        libc::SYS_gettimeofday,
        libc::SYS_getrandom,
        libc::SYS_getrusage,
        libc::SYS_sysinfo,
        libc::SYS_uname,
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_pread64,
        libc::SYS_preadv,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_lseek,
        libc::SYS_fstat,
        libc::SYS_newfstatat,
        libc::SYS_statx,
        libc::SYS_fcntl,
        libc::SYS_close,
        libc::SYS_ppoll,
        libc::SYS_restart_syscall,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];
    let reading = || -> Result<SeccompRule, seccompiler::BackendError> {
        let writes = libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC;
        let writes = u64::try_from(writes).unwrap_or(u64::MAX);
        SeccompRule::new(vec![SeccompCondition::new(
            2,
            SeccompCmpArgLen::Dword,
            SeccompCmpOp::MaskedEq(writes),
            0,
        )?])
    };
    let build = || -> Result<(), Box<dyn std::error::Error>> {
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
            COMPUTING.iter().map(|call| (*call, Vec::new())).collect();
        rules.insert(libc::SYS_openat, vec![reading()?]);
        let refused = u32::try_from(libc::EPERM)?;
        let filter = SeccompFilter::new(
            rules,
            SeccompAction::Errno(refused),
            SeccompAction::Allow,
            std::env::consts::ARCH.try_into()?,
        )?;
        let program: BpfProgram = filter.try_into()?;
        apply_filter_all_threads(&program)?;
        Ok(())
    };
    build().is_ok()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn calls() -> bool {
    false
}
