//! When to ask again, and after how long.

use crate::registry::Response;

/// How often a request is sent at most.
pub const ATTEMPTS: u32 = 3;
/// The longest time that a registry may ask us to wait, in seconds; beyond it we say so and stop.
const LONGEST_WAIT: u64 = 20;

/// Milliseconds to wait before the next attempt after this answer; `None`: take the answer as it is.
///
/// `attempt` counts from 1. 408, 429 and the 5xx that come from proxies and overload are worth another attempt.
pub fn after_response(attempt: u32, response: &Response) -> Option<u32> {
    if !is_passing(response) || attempt >= ATTEMPTS {
        return None;
    }
    // Only the seconds form: the other one is a date, and the core has no clock.
    match response.header("retry-after").map(|value| value.trim().parse::<u64>()) {
        Some(Ok(seconds)) if seconds <= LONGEST_WAIT => Some(seconds as u32 * 1000),
        Some(Ok(_)) => None,
        _ => Some(backoff(attempt)),
    }
}

/// Whether it is trouble that may pass.
pub fn is_passing(response: &Response) -> bool {
    matches!(response.status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// Milliseconds to wait after no answer came at all.
pub fn after_failure(attempt: u32) -> Option<u32> {
    (attempt < ATTEMPTS).then(|| backoff(attempt))
}

/// 0.5 s, 1 s, ...
fn backoff(attempt: u32) -> u32 {
    500 << (attempt - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry_after: Option<&str>) -> Response {
        let headers = retry_after.map(|value| ("retry-after".to_owned(), value.to_owned()));
        Response { status, headers: headers.into_iter().collect(), body: Vec::new(), milliseconds: 0 }
    }

    #[test]
    fn only_passing_troubles_are_asked_again_and_not_for_ever() {
        for status in [200, 307, 400, 401, 403, 404, 413, 501] {
            assert_eq!(after_response(1, &answer(status, None)), None, "{status}");
        }
        assert_eq!(after_response(1, &answer(503, None)), Some(500));
        assert_eq!(after_response(2, &answer(500, None)), Some(1000));
        assert_eq!(after_response(3, &answer(500, None)), None);
    }

    #[test]
    fn retry_after_is_obeyed_within_bounds() {
        assert_eq!(after_response(1, &answer(429, Some("2"))), Some(2000));
        assert_eq!(after_response(1, &answer(429, Some("3600"))), None);
        assert_eq!(after_response(1, &answer(429, Some("Wed, 21 Oct 2026 07:28:00 GMT"))), Some(500));
    }
}
