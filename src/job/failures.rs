//! Services whose images cannot be computed, so that the others still can.

use crate::error::Error;
use crate::error::Result;
use crate::job::draft::Draft;

/// Errors by service.
#[derive(Debug, Default)]
pub(super) struct Failures(Vec<(String, Error)>);

impl Failures {
    /// Adds the error of a service.
    pub(super) fn add(&mut self, service: &str, error: Error) {
        self.0.push((service.to_owned(), error));
    }

    /// The error of a service.
    pub(super) fn of(&self, service: &str) -> Option<&Error> {
        self.0.iter().find(|(name, _)| name == service).map(|(_, error)| error)
    }

    /// Keeps the drafts that have a result, each beside it; adds the errors of all others.
    pub(super) fn keep<'a, T>(&mut self, drafts: Vec<Draft<'a>>, results: Vec<Result<T>>) -> (Vec<Draft<'a>>, Vec<T>) {
        let (mut kept, mut values) = (Vec::with_capacity(drafts.len()), Vec::with_capacity(drafts.len()));
        for (draft, result) in drafts.into_iter().zip(results) {
            match result {
                Ok(value) => {
                    kept.push(draft);
                    values.push(value);
                }
                Err(error) => self.add(&draft.service.name, error),
            }
        }
        (kept, values)
    }

    /// All errors in one, sorted by service; what several services have in common is said once.
    pub(super) fn error(mut self) -> Option<Error> {
        self.0.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut errors: Vec<Error> = Vec::new();
        for (_, error) in self.0 {
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
        let mut errors = errors.into_iter();
        let mut first = errors.next()?;
        first.others.extend(errors);
        Some(first)
    }
}
