//! Lists that come in pages: a registry says where the next one is, and could do so for ever.

use crate::error::{Code, Error, Result};
use crate::image::Reference;
use crate::map::Set;
use crate::registry::Call;

/// The pages of one list that were asked for.
#[derive(Debug)]
pub struct Pages {
    /// What is listed: `tags`.
    what: &'static str,
    most: usize,
    asked: Set<String>,
}

impl Pages {
    /// A list whose first page is asked for with `first`, and that has at most so many.
    pub fn new(what: &'static str, most: usize, first: &Call) -> Self {
        Pages { what, most, asked: Set::from([(first.path.clone(), ())]) }
    }

    /// The request for the next page, where there is one.
    ///
    /// # Errors
    /// [`Code::RegistryUnknown`] for a page that was asked for already, and for one too many: a list that is cut would look like a whole one.
    pub fn next(&mut self, place: &Reference, next: Option<Call>) -> Result<Option<Call>> {
        let Some(call) = next else { return Ok(None) };
        if self.asked.len() >= self.most {
            return Err(self.error(place, &format!("has more than {} pages", self.most)));
        }
        match self.asked.add(call.path.clone()) {
            true => Ok(Some(call)),
            false => Err(self.error(place, "leads back to a page that was asked for already")),
        }
    }

    /// An error of this list.
    pub fn error(&self, place: &Reference, message: &str) -> Error {
        Error::new(Code::RegistryUnknown, format!("the registry's list of {} {message}", self.what))
            .at(place)
            .help("a list that is not whole is not used: is a proxy in between, and what does the registry's log say?")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Repository;
    use crate::registry::tags;

    #[test]
    fn a_list_ends() {
        let repository = Repository::parse("r.example/a/b").unwrap();
        let place = Reference { repository: repository.clone(), tag: None, digest: None };
        let first = tags::list(&repository);
        let page = |number: u32| Call { path: format!("/v2/a/b/tags/list?last={number}"), ..first.clone() };
        let mut pages = Pages::new("tags", 3, &first);
        assert!(pages.next(&place, None).unwrap().is_none());
        assert_eq!(pages.next(&place, Some(page(1))).unwrap().unwrap().path, page(1).path);
        for before in [&first, &page(1)] {
            let error = pages.next(&place, Some(before.clone())).unwrap_err();
            assert!(error.message.contains("leads back to a page"), "{error}");
        }
        pages.next(&place, Some(page(2))).unwrap();
        let error = pages.next(&place, Some(page(3))).unwrap_err();
        assert!(error.message.contains("has more than 3 pages"), "{error}");
    }
}
