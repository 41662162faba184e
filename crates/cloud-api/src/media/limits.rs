//! Which files Meta takes.

/// The kinds of media a message can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// A sound or voice message.
    Audio,
    /// A file.
    Document,
    /// A picture.
    Image,
    /// A sticker, 512×512.
    Sticker,
    /// A video, H.264 with at most one AAC track.
    Video,
}

/// Why Meta will not take a file. It would say so with code 100 or later with 131053.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitFile {
    /// Not a type for this kind.
    #[error("WhatsApp does not take files of type {mime_type} as {kind}; use {}", allowed.join(", "))]
    Type {
        /// What it was to be sent as.
        kind: &'static str,
        /// The type.
        mime_type: String,
        /// The types it takes.
        allowed: &'static [&'static str],
    },
    /// Too large.
    #[error("the file has {bytes} bytes; WhatsApp takes at most {most} as {kind}; make it smaller")]
    Size {
        /// What it was to be sent as.
        kind: &'static str,
        /// Its size.
        bytes: u64,
        /// The largest size.
        most: u64,
    },
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
}

const KB: u64 = 1024;
const MB: u64 = 1024 * KB;

impl MediaKind {
    /// The kind a type belongs to; a sticker is told by its caller, since WebP is nothing else.
    #[must_use]
    pub fn of_mime_type(mime_type: &str) -> Option<Self> {
        [Self::Image, Self::Video, Self::Audio, Self::Sticker, Self::Document]
            .into_iter()
            .find(|kind| kind.mime_types().contains(&essence(mime_type)))
    }

    /// The `type` of a message that carries it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Image => "image",
            Self::Sticker => "sticker",
            Self::Video => "video",
        }
    }

    /// The types Meta takes as this kind.
    #[must_use]
    pub const fn mime_types(self) -> &'static [&'static str] {
        match self {
            Self::Audio => &["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"],
            Self::Document => &[
                "text/plain",
                "application/pdf",
                "application/msword",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                "application/vnd.ms-excel",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "application/vnd.ms-powerpoint",
                "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            ],
            Self::Image => &["image/jpeg", "image/png"],
            Self::Sticker => &["image/webp"],
            Self::Video => &["video/mp4", "video/3gpp"],
        }
    }

    /// The largest size in bytes; a still sticker may have only 100 KB, which only its content tells.
    #[must_use]
    pub const fn most_bytes(self) -> u64 {
        match self {
            Self::Audio | Self::Video => 16 * MB,
            Self::Document => 100 * MB,
            Self::Image => 5 * MB,
            Self::Sticker => 500 * KB,
        }
    }

    /// Checks a file by type and size.
    ///
    /// # Errors
    /// [`UnfitFile`] when Meta would not take it.
    pub fn check(self, mime_type: &str, bytes: u64) -> Result<(), UnfitFile> {
        let kind = self.as_str();
        if !self.mime_types().contains(&essence(mime_type)) {
            let allowed = self.mime_types();
            return Err(UnfitFile::Type { kind, mime_type: mime_type.to_owned(), allowed });
        }
        if bytes == 0 {
            return Err(UnfitFile::Empty);
        }
        let most = self.most_bytes();
        if bytes > most {
            return Err(UnfitFile::Size { kind, bytes, most });
        }
        Ok(())
    }
}

/// A type without its parameters (`audio/ogg; codecs=opus`).
fn essence(mime_type: &str) -> &str {
    mime_type.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_judged_by_type_and_size() {
        assert_eq!(MediaKind::Image.check("image/png", 5 * MB), Ok(()));
        assert!(matches!(MediaKind::Image.check("image/png", 5 * MB + 1), Err(UnfitFile::Size { .. })));
        assert!(matches!(MediaKind::Image.check("image/gif", 1), Err(UnfitFile::Type { .. })));
        assert_eq!(MediaKind::Audio.check("audio/ogg; codecs=opus", 1), Ok(()));
        assert_eq!(MediaKind::Audio.check("audio/ogg", 0), Err(UnfitFile::Empty));
    }

    #[test]
    fn the_kind_follows_from_the_type() {
        assert_eq!(MediaKind::of_mime_type("application/pdf"), Some(MediaKind::Document));
        assert_eq!(MediaKind::of_mime_type("image/webp"), Some(MediaKind::Sticker));
        assert_eq!(MediaKind::of_mime_type("application/x-msdownload"), None);
    }
}
