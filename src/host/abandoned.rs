//! Folders of runs that were killed: who is killed can neither remove its folder nor end what it started, so the next run does.
//!
//! In its folder a run listens on a socket. That ends with the process, however the process ends, and anybody on the machine can see it,
//! also from another container. (A lock would do as well, but the Node host has none, and both clean up after each other.)

#[cfg(unix)]
use std::{
    fs, io,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    thread,
    time::Duration,
};

#[cfg(target_os = "linux")]
use std::time::Instant;

/// How the folders of runs begin; nothing else begins so.
pub(super) const PREFIX: &str = "docktag-run-";
/// The socket.
#[cfg(unix)]
const ALIVE: &str = "alive";
/// How long a program may take to end by itself.
#[cfg(target_os = "linux")]
const GRACE: Duration = Duration::from_secs(10);
/// A folder without a socket belongs to a run that is about to make it, or was killed before it could.
#[cfg(unix)]
const YOUNG: Duration = Duration::from_secs(60);

/// From now on this folder belongs to a run. Where no socket can be made, nobody will take it away.
#[cfg(unix)]
pub(super) fn claim(folder: &Path) -> io::Result<()> {
    let name = folder.join(ALIVE);
    // It gets its name when somebody listens: before, it would look like one that was left.
    let new = folder.join("new");
    let listen = || -> io::Result<()> {
        let socket = UnixListener::bind(&new)?;
        thread::Builder::new().spawn(move || {
            loop {
                if socket.accept().is_err() {
                    thread::sleep(Duration::from_secs(1));
                }
            }
        })?;
        fs::rename(&new, &name)
    };
    // Its path may be too long for one, or the file system may have none.
    listen().or_else(|_| fs::write(&name, ""))
}

/// Removes the folders of this user's runs that have ended without doing so.
#[cfg(unix)]
pub(super) fn remove(parent: &Path) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes())) {
        let folder = entry.path();
        if is_abandoned(&folder).unwrap_or(false) {
            #[cfg(target_os = "linux")]
            end_users(&folder);
            // Another run may do the same.
            fs::remove_dir_all(folder).ok();
        }
    }
}

#[cfg(unix)]
fn is_abandoned(folder: &Path) -> io::Result<bool> {
    let known = fs::symlink_metadata(folder)?;
    if !known.is_dir() || known.uid() != rustix::process::geteuid().as_raw() {
        return Ok(false);
    }
    let name = folder.join(ALIVE);
    match fs::symlink_metadata(&name) {
        Ok(alive) if alive.file_type().is_socket() => {
            Ok(UnixStream::connect(&name).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused))
        }
        Ok(_) => Ok(false),
        Err(error) => Ok(error.kind() == io::ErrorKind::NotFound && known.modified()?.elapsed().is_ok_and(|age| age > YOUNG)),
    }
}

/// Ends the programs that were given something in this folder: they would fill it again.
#[cfg(target_os = "linux")]
fn end_users(folder: &Path) {
    use rustix::process::{Pid, Signal, kill_process};

    let start = Instant::now();
    let mut told: Vec<u32> = Vec::new();
    let mut users = users_of(folder);
    while !users.is_empty() && start.elapsed() < GRACE * 2 {
        let is_late = start.elapsed() > GRACE;
        users.retain(|user| is_late || !told.contains(user));
        told.extend(&users);
        for user in users {
            if let Some(id) = i32::try_from(user).ok().and_then(Pid::from_raw) {
                // It may have ended a moment ago.
                kill_process(id, if is_late { Signal::KILL } else { Signal::INT }).ok();
            }
        }
        thread::sleep(Duration::from_millis(20));
        users = users_of(folder);
    }
}

/// The processes of this user that have the folder among their arguments or variables.
#[cfg(target_os = "linux")]
fn users_of(folder: &Path) -> Vec<u32> {
    let name = folder.as_os_str().as_encoded_bytes();
    let ids = fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_user = |id: &u32| {
        let texts = ["cmdline", "environ"].map(|file| fs::read(format!("/proc/{id}/{file}")).unwrap_or_default());
        *id != std::process::id() && texts.iter().any(|text| text.windows(name.len()).any(|part| part == name))
    };
    ids.filter(is_user).collect()
}
