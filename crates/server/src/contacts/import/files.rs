//! Where the files of imports lie: below the data folder, readable by this program's user only.

use std::{
    io::Result,
    path::{Path, PathBuf},
};
use tisara_domain::JobId;
use tokio::fs::{File, OpenOptions};

/// The folder of imports.
#[derive(Clone, Debug)]
pub(super) struct Files {
    folder: PathBuf,
}

impl Files {
    pub(super) fn new(data_dir: &Path) -> Self {
        Self { folder: data_dir.join("imports") }
    }

    /// The uploaded file; removed when the import is over.
    pub(super) fn upload(&self, job: JobId) -> PathBuf {
        self.folder.join(format!("{job}.upload"))
    }

    /// What was left out and why.
    pub(super) fn errors(&self, job: JobId) -> PathBuf {
        self.folder.join(format!("{job}.errors.csv"))
    }

    /// A new, empty upload.
    pub(super) async fn create_upload(&self, job: JobId) -> Result<File> {
        tokio::fs::create_dir_all(&self.folder).await?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        options.open(self.upload(job)).await
    }

    /// Removes an upload; that there is none is no error.
    pub(super) async fn remove_upload(&self, job: JobId) {
        if let Err(e) = tokio::fs::remove_file(self.upload(job)).await
            && e.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(job.id = %job, error = %e, "the file of an import could not be removed");
        }
    }
}
