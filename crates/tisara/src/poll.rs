//! Waiting for a server to have done something, by asking it from time to time.

use crate::exit::{Code, Failure};
use tisara_domain::{Ambient, Duration};

/// Between two questions.
const INTERVAL: Duration = Duration::from_millis(200);
/// So long a server may be away (it is being restarted, say) before that is an error.
const AWAY_MAX: Duration = Duration::from_secs(60);

/// Asks until `done` is true of the answer; `seen` is told each answer.
///
/// # Errors
/// What the server says, unless it is only away for a while.
pub async fn until<T>(
    ambient: &Ambient,
    mut ask: impl AsyncFnMut() -> Result<T, Failure>,
    done: impl Fn(&T) -> bool,
    mut seen: impl FnMut(&T),
) -> Result<T, Failure> {
    let mut answered = ambient.now();
    loop {
        match ask().await {
            Ok(answer) => {
                answered = ambient.now();
                seen(&answer);
                if done(&answer) {
                    return Ok(answer);
                }
            }
            Err(failure)
                if failure.code == Code::Surroundings && ambient.now().since(answered) < AWAY_MAX => {}
            Err(failure) => return Err(failure),
        }
        ambient.sleep(INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_comes_back_is_no_error_and_a_refusal_is() {
        let ambient = Ambient::seeded(1);
        let mut answers = vec![Ok(2), Err(Failure::surroundings("away")), Ok(1)];
        let mut seen = Vec::new();
        let got = until(&ambient, async || answers.pop().unwrap(), |n| *n == 2, |n| seen.push(*n)).await;
        assert_eq!((got.unwrap(), seen), (2, vec![1, 2]));
        let refused = until(&ambient, async || Err::<i32, _>(Failure::usage("no")), |_| true, |_| {}).await;
        assert_eq!(refused.unwrap_err().code, Code::Usage);
    }
}
