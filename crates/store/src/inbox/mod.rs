//! The inbox: threads, the messages in them, and the conversations opened for them.

mod arrivals;
mod messages;
mod receive;
mod threads;

pub use arrivals::{Arrival, SaidConsent, TakenIn};
pub use messages::{CampaignMessage, Entry, Message, MessageCursor};
pub use receive::{NewInbound, NewMessage};
pub use threads::{Seer, Thread, ThreadCursor, ThreadFilter};

use crate::words::words;
use tisara_domain::{ConversationId, ThreadId, Timestamp};

words! {
    /// Where a conversation is.
    ConversationState, "state of a conversation" {
        "Somebody has to see to it." Open = "open",
        "Seen to." Resolved = "resolved",
    }
}

/// A case that was opened in a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Where.
    pub thread_id: ThreadId,
    /// Where it is.
    pub state: ConversationState,
    /// Since when.
    pub opened_at: Timestamp,
    /// Until when.
    pub resolved_at: Option<Timestamp>,
}

/// How many characters of a message the list of threads shows.
const LINE_CHARS: usize = 120;

/// The beginning of a text on one line.
fn first_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.chars().nth(LINE_CHARS).is_some() {
            return line.chars().take(LINE_CHARS - 1).chain(['…']).collect();
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::first_line;

    #[test]
    fn a_line_is_short_and_single() {
        assert_eq!(first_line(" Hello\n\n there "), "Hello there");
        let long = first_line(&"ආයුබෝවන් ".repeat(100));
        assert_eq!(long.chars().count(), 120);
        assert!(long.ends_with('…'));
    }
}
