//! Services whose images cannot be computed, so that the others still can.

use crate::error::Error;
use crate::job::draft::Draft;

/// Errors by service.
#[derive(Debug, Default)]
pub(super) struct Failures(Vec<(String, Error)>);

impl Failures {
    /// Adds the error of a service, at its place: they are sorted by service.
    pub(super) fn add(&mut self, service: &str, error: Error) {
        let place = self.0.partition_point(|(name, _)| name.as_str() <= service);
        self.0.insert(place, (service.to_owned(), error));
    }

    /// The error of a service.
    pub(super) fn of(&self, service: &str) -> Option<&Error> {
        self.0.iter().find(|(name, _)| name == service).map(|(_, error)| error)
    }

    /// Takes out the drafts that have an error, and adds these. `errors` has the order of the drafts.
    pub(super) fn take(&mut self, drafts: &mut Vec<Draft<'_>>, errors: &[Option<Error>]) {
        let mut errors = errors.iter();
        drafts.retain(|draft| match errors.next() {
            Some(Some(error)) => {
                self.add(&draft.service.name, error.clone());
                false
            }
            _ => true,
        });
    }

    /// All errors in one; what several services have in common is said once.
    pub(super) fn error(self) -> Option<Error> {
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
