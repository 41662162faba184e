//! Where the demo keeps its data: a folder that was named, or a temporary one that goes away.

use crate::{data_dir, exit::Failure};
use std::path::{Path, PathBuf};
use tisara_domain::Ambient;

/// The demo's folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    is_temporary: bool,
}

impl Folder {
    /// The named folder, or a fresh one beside the system's other temporary files.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(named: Option<&Path>, ambient: &Ambient) -> Result<Self, Failure> {
        let (path, is_temporary) = match named {
            Some(path) => (path.to_path_buf(), false),
            None => {
                let name = format!("tisara-demo-{:08x}", ambient.rng().below(1 << 32));
                (std::env::temp_dir().join(name), true)
            }
        };
        data_dir::create(&path)?;
        Ok(Self { path, is_temporary })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file for the user, which stays when the folder goes.
    #[must_use]
    pub fn kept_file(&self, name: &str) -> PathBuf {
        match self.is_temporary {
            true => self.path.with_extension(name),
            false => self.path.join(name),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_temporary {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_folder_goes_and_what_is_for_the_user_stays() {
        let ambient = Ambient::real().unwrap();
        let folder = Folder::open(None, &ambient).unwrap();
        let (path, kept) = (folder.path().to_path_buf(), folder.kept_file("errors.csv"));
        std::fs::write(path.join("x"), "x").unwrap();
        std::fs::write(&kept, "y").unwrap();
        drop(folder);
        assert!(!path.exists() && kept.exists());
        std::fs::remove_file(kept).unwrap();
    }

    #[test]
    fn a_named_folder_stays() {
        let dir = tempfile::tempdir().unwrap();
        drop(Folder::open(Some(dir.path()), &Ambient::real().unwrap()).unwrap());
        assert!(dir.path().exists());
    }
}
