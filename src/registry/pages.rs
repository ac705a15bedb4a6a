//! Lists that come in pages: a registry says where the next one is, and could do so for ever.

use crate::error::{Code, Error, Result};
use crate::image::Reference;
use crate::map::Set;
use crate::registry::{Call, Response, redirect};

/// The pages of one list that were asked for.
#[derive(Debug)]
pub struct Pages {
    /// What is listed: `tags`.
    what: &'static str,
    most: usize,
    first: Call,
    asked: Set<String>,
}

impl Pages {
    /// A list whose first page is asked for with `first`, and that has at most so many.
    pub fn new(what: &'static str, most: usize, first: &Call) -> Self {
        Pages { what, most, first: first.clone(), asked: Set::from([(first.path.clone(), ())]) }
    }

    /// The request for the page behind an answer; `None` if that page was the last one.
    ///
    /// # Errors
    /// [`Code::RegistryUnknown`] for a page of something else, for one that was asked for already, and for one too many: a list that is cut
    /// would look like a whole one.
    pub fn next(&mut self, place: &Reference, response: &Response) -> Result<Option<Call>> {
        let Some(address) = next(response) else { return Ok(None) };
        let Some(path) = self.own(address) else {
            return Err(self.error(place, &format!("goes on at `{}`, which is no page of it", address.escape_debug())));
        };
        if self.asked.len() >= self.most {
            return Err(self.error(place, &format!("has more than {} pages", self.most)));
        }
        match self.asked.add(path.clone()) {
            true => Ok(Some(Call { path, ..self.first.clone() })),
            false => Err(self.error(place, "leads back to a page that was asked for already")),
        }
    }

    /// The path of an address, if it is one of this list. Behind a proxy, some registries name themselves by another host or below another
    /// folder: only the part from `/v2/` on is used.
    fn own(&self, address: &str) -> Option<String> {
        let list = self.first.path.split('?').next()?;
        let url = redirect::join(&format!("https://registry{}", self.first.path), address)?;
        let (path, query) = url.split_once('?')?;
        path.ends_with(list).then(|| format!("{list}?{query}"))
    }

    /// An error of this list.
    pub fn error(&self, place: &Reference, message: &str) -> Error {
        Error::new(Code::RegistryUnknown, format!("the registry's list of {} {message}", self.what))
            .at(place)
            .help("a list that is not whole is not used: is a proxy in between, and what does the registry's log say?")
    }
}

/// The address of the next page, which a server gives as `Link: </v2/a/tags/list?last=x&n=1000>; rel="next"`.
///
/// rule: RFC 8288, 3: several links, in one header or in several; `rel` has words in any case; values are quoted or not.
fn next(response: &Response) -> Option<&str> {
    let headers = response.headers.iter().filter(|(name, _)| name == "link");
    headers.flat_map(|(_, value)| links(value)).find(|(_, is_next)| *is_next).map(|(address, _)| address)
}

/// The addresses in a header, each with whether it is the next page.
fn links(mut rest: &str) -> Vec<(&str, bool)> {
    let mut links = Vec::new();
    while let Some((address, behind)) = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>')) {
        let mut is_quoted = false;
        let ends = |c: char| {
            is_quoted ^= c == '"';
            c == ',' && !is_quoted
        };
        let (parameters, others) = behind.split_at(behind.find(ends).unwrap_or(behind.len()));
        links.push((address, parameters.split(';').any(is_next)));
        rest = others;
    }
    links
}

fn is_next(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, value)| {
        let mut words = value.trim().trim_matches('"').split_ascii_whitespace();
        name.trim().eq_ignore_ascii_case("rel") && words.any(|word| word.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Repository;
    use crate::registry::tags;

    fn linking(headers: &[&str]) -> Response {
        let headers = headers.iter().map(|link| ("link".to_owned(), (*link).to_owned())).collect();
        Response { status: 200, headers, ..Response::default() }
    }

    /// The next page of the tags of `r.example/a/b`, or the error.
    fn follow(headers: &[&str]) -> std::result::Result<Option<String>, String> {
        let repository = Repository::parse("r.example/a/b").unwrap();
        let place = Reference { repository: repository.clone(), tag: None, digest: None };
        let next = Pages::new("tags", 3, &tags::list(&repository)).next(&place, &linking(headers));
        next.map(|call| call.map(|call| call.path)).map_err(|error| error.message.clone())
    }

    #[test]
    fn the_next_page_is_found_as_servers_write_it() {
        let page = "/v2/a/b/tags/list?last=x&n=1";
        for link in [
            "</v2/a/b/tags/list?last=x&n=1>; rel=\"next\"",
            "</v2/a/b/tags/list?last=x&n=1>;rel=next",
            "<https://other.example:5000/v2/a/b/tags/list?last=x&n=1>; rel=\"next\"",
            "</artifactory/api/docker/local/v2/a/b/tags/list?last=x&n=1>; rel=\"next\"",
            "<list?last=x&n=1>; title=\"a, b; c\"; REL=\"prefetch Next\"",
            "</v2/a/b/tags/list?n=1>; rel=\"first\", </v2/a/b/tags/list?last=x&n=1>; rel=\"next\"",
        ] {
            assert_eq!(follow(&[link]), Ok(Some(page.to_owned())), "{link}");
        }
        assert_eq!(follow(&["</v2/>; rel=self", "</v2/a/b/tags/list?last=x&n=1>; rel=next"]), Ok(Some(page.to_owned())));
    }

    #[test]
    fn a_header_without_a_next_page_ends_the_list() {
        for link in ["</v2/a/b/tags/list?last=x>; rel=\"first\"", "</next>; rel=\"prev\"; title=\"next\"", "x", "<", "", "<>; nextrel"] {
            assert_eq!(follow(&[link]), Ok(None), "{link}");
        }
    }

    #[test]
    fn a_page_of_another_list_is_not_asked_for() {
        for address in ["/v2/c/tags/list?last=x", "https://evil.example/", "/v2/a/b/manifests/x?last=x", "", "/v2/a/b/tags/list?a\r\nb"] {
            let error = follow(&[&format!("<{address}>; rel=\"next\"")]).unwrap_err();
            assert!(error.contains("list of tags goes on at `") && error.contains("which is no page of it"), "{error}");
        }
    }

    #[test]
    fn a_list_ends() {
        let repository = Repository::parse("r.example/a/b").unwrap();
        let place = Reference { repository: repository.clone(), tag: None, digest: None };
        let first = tags::list(&repository);
        let to = |path: &str| linking(&[&format!("<{path}>; rel=next")]);
        let page = |number: u32| format!("/v2/a/b/tags/list?last={number}");
        let mut pages = Pages::new("tags", 3, &first);
        assert_eq!(pages.next(&place, &to(&page(1))).unwrap().unwrap().path, page(1));
        for before in [&first.path, &page(1)] {
            let error = pages.next(&place, &to(before)).unwrap_err();
            assert!(error.message.contains("leads back to a page"), "{error}");
        }
        pages.next(&place, &to(&page(2))).unwrap();
        let error = pages.next(&place, &to(&page(3))).unwrap_err();
        assert!(error.message.contains("has more than 3 pages"), "{error}");
    }
}
