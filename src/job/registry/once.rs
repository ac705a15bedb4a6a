//! Answers that are found out once for all who ask.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::task::Poll;

/// Answers by what they are of. Whoever asks while an answer is being found out waits for it.
pub(super) struct Once<K, V> {
    known: RefCell<Vec<(K, Option<V>)>>,
}

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Once { known: RefCell::default() }
    }
}

impl<K: PartialEq + Clone, V: Clone> Once<K, V> {
    /// The answer, which the first caller finds out.
    pub(super) async fn get(&self, of: &K, find: impl Future<Output = V>) -> V {
        let known = poll_fn(|_| {
            let mut known = self.known.borrow_mut();
            match known.iter().find(|(it, _)| it == of) {
                Some((_, None)) => Poll::Pending,
                Some((_, answer)) => Poll::Ready(answer.clone()),
                None => {
                    known.push((of.clone(), None));
                    Poll::Ready(None)
                }
            }
        });
        match known.await {
            Some(answer) => answer,
            None => {
                let answer = find.await;
                self.set(of, answer.clone());
                answer
            }
        }
    }

    /// The answer, if it was found out.
    pub(super) fn peek(&self, of: &K) -> Option<V> {
        self.known.borrow().iter().find(|(it, _)| it == of).and_then(|(_, answer)| answer.clone())
    }

    /// Replaces the answer.
    pub(super) fn set(&self, of: &K, answer: V) {
        let mut known = self.known.borrow_mut();
        known.retain(|(it, _)| it != of);
        known.push((of.clone(), Some(answer)));
    }
}
