//! Where the files of imports lie: below the data folder, readable by this program's user only.

use std::{
    io::Result,
    path::{Path, PathBuf},
};
use tisara_domain::{Duration, JobId, Timestamp};
use tokio::fs::{File, OpenOptions};

/// So long is an upload kept that no job has taken up: a crash came between the two.
const KEEP_UPLOADS: Duration = Duration::from_secs(7 * 24 * 3_600);
/// So long can an error file be fetched; it holds numbers and names.
const KEEP_ERRORS: Duration = Duration::from_secs(30 * 24 * 3_600);

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

    /// Removes what has been lying here for too long.
    pub(super) async fn sweep(&self, now: Timestamp) {
        if let Err(e) = self.remove_old(now).await
            && e.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(error = %e, "the folder of imports could not be tidied");
        }
    }

    async fn remove_old(&self, now: Timestamp) -> Result<()> {
        let mut entries = tokio::fs::read_dir(&self.folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name().to_string_lossy().into_owned();
            let keep = match name.rsplit_once('.') {
                Some((_, "upload")) => KEEP_UPLOADS,
                Some((rest, "csv")) if rest.ends_with(".errors") => KEEP_ERRORS,
                _ => continue,
            };
            let written = entry.metadata().await?.modified()?;
            let age = written.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            let written = Timestamp(i64::try_from(age.as_micros()).unwrap_or(i64::MAX));
            if now.since(written) > keep {
                tokio::fs::remove_file(entry.path()).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tisara_domain::{Ambient, id::TypedId as _};

    #[tokio::test]
    async fn old_files_go_and_young_ones_stay() {
        let (dir, ambient) = (tempfile::tempdir().unwrap(), Ambient::seeded(1));
        let (files, job) = (Files::new(dir.path()), JobId::from_bytes([1; 16]));
        files.create_upload(job).await.unwrap();
        std::fs::write(files.errors(job), "x").unwrap();
        files.sweep(ambient.now()).await;
        assert!(files.upload(job).exists() && files.errors(job).exists());
        files.sweep(ambient.now().plus(KEEP_UPLOADS + Duration::from_secs(60))).await;
        assert!(!files.upload(job).exists() && files.errors(job).exists());
        files.sweep(ambient.now().plus(KEEP_ERRORS + Duration::from_secs(60))).await;
        assert!(!files.errors(job).exists());
    }
}
