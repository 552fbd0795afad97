//! Folders and files that are their owner's alone, for what the program writes about itself: the audit log and its own log. What lies there
//! and is no such file is refused, never followed and never waited for. Blocking.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::process::geteuid;

/// For a file's group and for others: to read it, to write it.
const READABLE: u32 = 0o077;
const WRITABLE: u32 = 0o022;
const OWN: u32 = 0o600;
const OWN_FOLDER: u32 = 0o700;

/// Makes the folder, and every folder above it that is missing; each is on disk by its name.
pub fn make(folder: &Path) -> io::Result<()> {
    match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => return Err(refused(folder, "is not a directory")),
        Ok(found) if found.uid() != geteuid().as_raw() => return Err(refused(folder, "is owned by another user")),
        // Others could put their own files in the place of ours.
        Ok(found) if found.mode() & WRITABLE != 0 => return fs::set_permissions(folder, Permissions::from_mode(OWN_FOLDER)),
        Ok(_) => return Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(named(folder, e)),
    }
    let missing: Vec<&Path> = folder.ancestors().take_while(|a| !a.as_os_str().is_empty() && !a.exists()).collect();
    DirBuilder::new().recursive(true).mode(OWN_FOLDER).create(folder).map_err(|e| named(folder, e))?;
    missing.iter().filter_map(|made| made.parent()).filter(|p| !p.as_os_str().is_empty()).try_for_each(sync_folder)
}

/// What was made or renamed in it is on disk by its name.
pub(super) fn sync_folder(folder: impl AsRef<Path>) -> io::Result<()> {
    match File::open(folder).and_then(|f| f.sync_all()) {
        // Some network file systems know no such thing, and a folder above ours may be closed to us: nothing more can be done then.
        Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => Ok(()),
        synced => synced,
    }
}

/// Opens a file that only grows, and makes it if it is missing; whether it was.
pub fn open_to_append(path: &Path) -> io::Result<(File, bool)> {
    // Looked at before it is opened: to open a device or a pipe may do something by itself. And looked at again once it is open.
    match fs::symlink_metadata(path) {
        Ok(found) => check(path, &found)?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => match options().create_new(true).append(true).mode(OWN).open(path) {
            Ok(file) => return Ok((file, true)),
            // Another process of ours was first.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(named(path, e)),
        },
        Err(e) => return Err(named(path, e)),
    }
    let file = options().append(true).open(path).map_err(|e| named(path, e))?;
    let found = file.metadata()?;
    check(path, &found)?;
    if found.mode() & READABLE != 0 {
        file.set_permissions(Permissions::from_mode(OWN))?;
    }
    Ok((file, false))
}

/// Opens a file to be read, whoever wrote it.
pub(super) fn open_to_read(path: &Path) -> io::Result<File> {
    is_file(path, &fs::symlink_metadata(path)?)?;
    let file = options().open(path)?;
    is_file(path, &file.metadata()?)?;
    Ok(file)
}

/// Never through a link, never waiting for the other end of a pipe.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    options.read(true).custom_flags(flags.bits().cast_signed());
    options
}

/// Whether this is a file that a log may be: a file, ours, and nobody else's to write.
fn check(path: &Path, found: &fs::Metadata) -> io::Result<()> {
    is_file(path, found)?;
    if found.uid() != geteuid().as_raw() {
        return Err(refused(path, "is owned by another user"));
    }
    if found.mode() & WRITABLE != 0 {
        return Err(refused(path, "is writable by others, so its content is not trusted: check it, then move it or chmod 600"));
    }
    Ok(())
}

fn is_file(path: &Path, found: &fs::Metadata) -> io::Result<()> {
    let kind = found.file_type();
    let what = if kind.is_file() {
        return Ok(());
    } else if kind.is_symlink() {
        "is a symbolic link, not a file: remove it"
    } else if kind.is_fifo() {
        "is a named pipe, not a file: remove it"
    } else if kind.is_dir() {
        "is a directory, not a file: remove it"
    } else {
        "is a device or a socket, not a file: remove it"
    };
    Err(refused(path, what))
}

fn refused(path: &Path, what: &str) -> io::Error {
    io::Error::other(format!("{} {what}", path.display()))
}

/// The same error, and which file it is about.
pub(super) fn named(path: &Path, e: io::Error) -> io::Error {
    io::Error::new(e.kind(), format!("{}: {e}", path.display()))
}
