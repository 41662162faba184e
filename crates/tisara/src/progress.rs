//! Progress bars: on stderr, and only where somebody looks at it.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;

/// A bar; invisible when stderr is no terminal or `quiet`.
#[must_use]
pub fn bar(total: u64, template: &str, quiet: bool) -> ProgressBar {
    let target = if quiet || !std::io::stderr().is_terminal() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr_with_hz(10)
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(total), target).with_style(style.progress_chars("█▉▊▋▌▍▎▏  "))
}

/// The bar of an upload that is read.
pub const BYTES: &str = "{prefix:10} {bar:40.green} {percent:>3} %  {msg}";

/// The bar of a campaign.
pub const MESSAGES: &str = "{prefix:10} {bar:40.green} {human_pos} of {human_len}  {msg}";
