//! Passwords: which will do, and how they are kept.
//!
//! Kept as Argon2id (19 MiB, two passes, one lane: OWASP's Password Storage Cheat Sheet), so one guess
//! costs memory and tens of milliseconds. For the same reason only a few are worked on at once, away
//! from the threads that answer requests. A password is taken exactly as it came.

use crate::edge::{ApiError, Code, FieldProblem, Result};
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _, password_hash::phc::PasswordHash};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tisara_domain::Rng;
use tokio::sync::Semaphore;

/// ASVS 5 6.2.1: at least eight characters; no other rule of composition.
const MIN_CHARS: usize = 8;
/// Longer ones are refused before any work is done on them.
pub(crate) const MAX_BYTES: usize = 1_024;
/// Passwords that wait for their turn; more are sent away.
const WAITING_MAX: usize = 256;

/// What many people use, sorted, in lower case. Where it is from stands beside it.
static COMMON: &str = include_str!("common_passwords.txt");

/// A hash that no password has: for accounts that do not exist, so that they take as long.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What is wrong with a password that somebody wants; `about` are words that others know of the person.
pub(crate) fn fault(password: &str, about: &[&str]) -> Option<&'static str> {
    if password.len() > MAX_BYTES {
        return Some("at most 1,024 bytes");
    }
    if password.chars().count() < MIN_CHARS {
        return Some("at least 8 characters; several words that belong together only for you are best");
    }
    let lower = password.to_lowercase();
    let bare = lower.trim_end_matches(|c: char| !c.is_alphabetic());
    if is_common(&lower) || is_common(bare) {
        return Some("this password is among those that are tried first; choose another");
    }
    let known = about.iter().flat_map(|words| words.split(['@', '.', ' ', '-', '_']));
    for word in known.chain(["tisara", "whatsapp"]) {
        let word = word.to_lowercase();
        if word.chars().count() >= 4 && bare.trim_matches(|c: char| !c.is_alphanumeric()) == word {
            return Some("this is your name, address or organization, or ours; choose another");
        }
    }
    let mut chars = lower.chars();
    if let Some(first) = chars.next()
        && chars.all(|c| c == first)
    {
        return Some("one character again and again is guessed at once; choose another");
    }
    None
}

/// As [`fault`], as the refusal of a request.
pub(crate) fn check(field: &str, password: &str, about: &[&str]) -> Result<()> {
    match fault(password, about) {
        Some(fault) => Err(ApiError::Invalid(vec![FieldProblem::new(field, fault)])),
        None => Ok(()),
    }
}

/// Binary search over lines.
fn is_common(word: &str) -> bool {
    let (mut low, mut high) = (0, COMMON.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = COMMON[..middle].rfind('\n').map_or(0, |at| at + 1);
        let end = COMMON[start..].find('\n').map_or(COMMON.len(), |at| start + at);
        match COMMON[start..end].cmp(word) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

/// Works on passwords, a few at once.
#[derive(Clone)]
pub(crate) struct Passwords {
    gate: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    rng: Rng,
}

/// One that waits; counted until it is done.
struct Turn(Arc<AtomicUsize>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Passwords {
    /// At most `at_once` are worked on together; each takes 19 MiB.
    pub(crate) fn new(at_once: usize, rng: Rng) -> Self {
        Self { gate: Arc::new(Semaphore::new(at_once.max(1))), waiting: Arc::default(), rng }
    }

    /// What is stored of a password.
    pub(crate) async fn hash(&self, password: String) -> Result<String> {
        let salt = self.rng.bytes::<16>();
        let hash = move || {
            let hash: Result<PasswordHash, _> =
                Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
            hash.map(|hash| hash.to_string()).map_err(|e| ApiError::internal(e.to_string()))
        };
        self.work(hash).await?
    }

    /// Whether this is the password. Without an account it takes as long and says no.
    pub(crate) async fn verify(&self, password: String, stored: Option<String>) -> Result<bool> {
        let verify = move || {
            let exists = stored.is_some();
            let stored = PasswordHash::new(stored.as_deref().unwrap_or(NOBODYS));
            let stored = stored.map_err(|e| ApiError::internal(e.to_string()))?;
            // What is too long was never taken as a password.
            let password = if password.len() > MAX_BYTES { "" } else { &password };
            let right = Argon2::default().verify_password(password.as_bytes(), &stored);
            Ok(right.is_ok() && exists)
        };
        self.work(verify).await?
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(ApiError::refused(
                Code::Busy,
                "Many people sign in at this moment; try again in a few seconds.",
            ));
        }
        let turn = Turn(Arc::clone(&self.waiting));
        let permit = Arc::clone(&self.gate).acquire_owned().await.map_err(ApiError::internal)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((permit, turn));
            done
        });
        done.await.map_err(ApiError::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_found_in() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert!(lines.len() > 45_000 && lines.is_sorted());
        for at in [0, 1, 777, lines.len() / 2, lines.len() - 1] {
            assert!(is_common(lines[at]), "{}", lines[at]);
        }
        for word in ["", "zzzzzzzzzzzzzzzzzzzz", "correct horse battery staple", "\u{10FFFF}"] {
            assert!(!is_common(word), "{word}");
        }
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for password in [
            "password",
            "Password1!",
            "PASSWORD2026",
            "qwertyuiop",
            "iloveyou",
            "12345678",
            "aaaaaaaaaaaaaa",
            "Tisara2026!",
            "whatsapp",
            "short",
        ] {
            assert!(fault(password, &[]).is_some(), "{password}");
        }
        let about = ["nimal.perera@example.org", "Nimal Perera"];
        assert!(fault("Perera1234", &about).is_some() && fault("Perera1234", &[]).is_none());
        assert!(fault(&"ශ්".repeat(400), &about).is_some_and(|fault| fault.contains("1,024")));
        for password in ["tea in the morning rain", "kottu-roti-7-galle", "චන්ද්‍රිකා සහ මම"]
        {
            assert_eq!(fault(password, &about), None, "{password}");
        }
    }

    #[tokio::test]
    async fn a_password_is_known_again_and_nothing_else_is() {
        let passwords = Passwords::new(1, Rng::seeded(1));
        let hash = passwords.hash("tea in the rain".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("tea in the rain".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("Tea in the rain".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("x".repeat(MAX_BYTES + 1), Some(hash)).await.unwrap());
        assert!(!passwords.verify("tea in the rain".to_owned(), None).await.unwrap());
        assert_ne!(
            passwords.hash("a".to_owned()).await.unwrap(),
            passwords.hash("a".to_owned()).await.unwrap()
        );
    }

    #[tokio::test]
    async fn those_who_wait_are_counted_and_bounded() {
        let passwords = Passwords::new(1, Rng::seeded(1));
        passwords.waiting.store(WAITING_MAX, Ordering::Relaxed);
        assert!(passwords.verify("a".to_owned(), None).await.is_err());
        assert_eq!(passwords.waiting.load(Ordering::Relaxed), WAITING_MAX);
        passwords.waiting.store(0, Ordering::Relaxed);
        assert!(!passwords.verify("a".to_owned(), None).await.unwrap());
        assert_eq!(passwords.waiting.load(Ordering::Relaxed), 0);
    }
}
