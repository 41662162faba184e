//! The data folder: made with mode 0700, held by one server at a time, home of the key.

use crate::exit::Failure;
use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};
use tisara_domain::{Rng, seal::Key};

#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};

const LOCK_FILE: &str = "lock";

/// An opened data folder. While this lives, no other server can open it.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the folder if it is missing and takes its lock.
    ///
    /// # Errors
    /// When the folder cannot be made or written, or another server holds it.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        create(path)?;
        let lock_path = path.join(LOCK_FILE);
        let lock = private_file().create(true).truncate(false).write(true).open(&lock_path).map_err(|e| {
            Failure::surroundings(format!("the data folder {} cannot be written: {e}", path.display()))
                .todo(unwritable(&e))
        })?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_path_buf(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Failure::surroundings(format!(
                "another Tisara is running on the data folder {}",
                path.display()
            ))
            .todo("Stop it first, or give this one a folder of its own (storage.data_dir).")),
            Err(TryLockError::Error(e)) => Err(Failure::surroundings(format!(
                "the data folder {} cannot be locked: {e}",
                path.display()
            ))
            .todo("The folder must be on a disk with file locks, not on a plain network share.")),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes the folder, readable by this user only. One that is there stays as it is.
///
/// # Errors
/// When it cannot be made.
pub fn create(path: &Path) -> Result<(), Failure> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(path).map_err(|e| {
        Failure::surroundings(format!("the data folder {} cannot be made: {e}", path.display()))
            .todo(unwritable(&e))
    })
}

/// Whether a server holds the folder at this moment.
#[must_use]
pub fn is_held(path: &Path) -> bool {
    File::open(path.join(LOCK_FILE))
        .is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Reads the key-encryption key, or makes one when the file is missing.
///
/// # Errors
/// When the file cannot be read or written, or holds something else.
pub fn open_key(path: &Path, rng: &Rng) -> Result<Key, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse_key(&text).ok_or_else(|| {
            Failure::usage(format!("the key file {} does not hold a key", path.display())).todo(
                "It must be 64 hexadecimal digits. Put back the copy you kept: without the right key the \
                 stored access tokens cannot be opened.",
            )
        }),
        Err(e) if e.kind() == io::ErrorKind::NotFound => make_key(path, rng),
        Err(e) => Err(Failure::surroundings(format!("the key file {} cannot be read: {e}", path.display()))
            .todo("It must belong to the user that Tisara runs as.")),
    }
}

/// Reads the key-encryption key, if there is one.
///
/// # Errors
/// As [`open_key`].
pub fn find_key(path: &Path) -> Result<Option<Key>, Failure> {
    match path.try_exists() {
        Ok(false) => Ok(None),
        // It is there: nothing is made.
        _ => open_key(path, &Rng::seeded(0)).map(Some),
    }
}

fn make_key(path: &Path, rng: &Rng) -> Result<Key, Failure> {
    keep_key(path, &Key::generate(rng))
}

/// Writes a key into a key file that is not there yet; gives the one that then is.
///
/// # Errors
/// When it cannot be written.
pub fn keep_key(path: &Path, key: &Key) -> Result<Key, Failure> {
    let text: String = key.to_bytes().iter().map(|b| format!("{b:02x}")).collect();
    // Written beside and renamed: a crash leaves either no key or a whole one.
    let draft = path.with_extension("new");
    let write = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let _ = std::fs::remove_file(&draft);
        let mut file = private_file().create_new(true).write(true).open(&draft)?;
        writeln!(file, "{text}")?;
        file.sync_all()?;
        // Two processes may start at once: the first key wins.
        match std::fs::hard_link(&draft, path) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => std::fs::rename(&draft, path)?,
            _ => std::fs::remove_file(&draft)?,
        }
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    };
    write().map_err(|e| {
        Failure::surroundings(format!("the key file {} cannot be written: {e}", path.display()))
            .todo(unwritable(&e))
    })?;
    std::fs::read_to_string(path)
        .ok()
        .and_then(|text| parse_key(&text))
        .ok_or_else(|| Failure::failed(format!("the key file {} was not kept by the disk", path.display())))
}

fn parse_key(text: &str) -> Option<Key> {
    let text = text.trim();
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(Key::from_bytes(bytes))
}

fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    options.mode(0o600);
    options
}

/// What to do when a folder does not take files.
fn unwritable(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "Give this user the folder (chown), or choose another with storage.data_dir."
        }
        io::ErrorKind::StorageFull => "The disk is full: free some space, or choose another folder.",
        io::ErrorKind::ReadOnlyFilesystem => {
            "That disk is read-only: choose another folder with storage.data_dir."
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "A file stands where the folder should be: choose another with storage.data_dir."
        }
        _ => "Choose another folder with storage.data_dir, or mend this one.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Code;

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    #[cfg(unix)]
    fn folder_and_key_are_for_this_user_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        let opened = DataDir::open(&path).unwrap();
        let key = open_key(&opened.path().join("key"), &Rng::seeded(1)).unwrap();
        assert_eq!((mode(&path), mode(&path.join("key"))), (0o700, 0o600));
        assert_eq!(open_key(&path.join("key"), &Rng::seeded(2)).unwrap(), key, "made once");
    }

    #[test]
    fn a_second_server_on_the_same_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataDir::open(dir.path()).unwrap();
        assert!(is_held(dir.path()));
        let refused = DataDir::open(dir.path()).unwrap_err();
        assert_eq!(refused.code, Code::Surroundings);
        assert!(refused.to_string().contains("another Tisara is running"), "{refused}");
        drop(first);
        DataDir::open(dir.path()).unwrap();
    }

    #[test]
    fn a_file_in_the_folders_place_is_said_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        std::fs::write(&path, "x").unwrap();
        assert!(DataDir::open(&path).unwrap_err().to_string().contains("A file stands where"));
    }

    #[test]
    fn a_damaged_key_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, "not a key").unwrap();
        assert_eq!(open_key(&path, &Rng::seeded(1)).unwrap_err().code, Code::Usage);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "not a key");
    }
}
