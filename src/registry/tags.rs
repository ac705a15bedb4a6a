//! The tags of a repository: listing them, and deleting what they name (distribution-spec 1.1, `spec.md`, "Listing Tags" and "Content Management").

use serde_json::Value;

use crate::image::Repository;
use crate::registry::{Call, Method, Response};

/// So many tags are asked for at a time.
const PAGE: u32 = 1000;
/// So many pages of tags are read. Some registries put a hundred on a page, whatever is asked for.
pub const PAGES: usize = 2000;
/// So many tags are read.
pub const MOST: usize = 1_000_000;
/// rule: distribution-spec, "Pulling manifests": a tag has at most 128 characters
const LONGEST: usize = 128;

/// Asks for the first tags.
pub fn list(repository: &Repository) -> Call {
    get(format!("/v2/{}/tags/list?n={PAGE}", repository.path()))
}

/// The tags in an answer; `None` where it is none.
pub fn names(response: &Response) -> Option<Vec<String>> {
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    // A repository without tags can have `null` there.
    let tags = body.get("tags")?.as_array().map(Vec::as_slice).unwrap_or_default();
    tags.iter().map(|tag| tag.as_str().filter(|tag| tag.len() <= LONGEST).map(str::to_owned)).collect()
}

/// Asks for the tags behind those of an answer; `None` where these were the last ones.
///
/// ```
/// use docktag::image::Repository;
/// use docktag::registry::{Response, tags};
///
/// let link = r#"<https://r.example/v2/a/b/tags/list?last=x&n=1>; rel="next""#;
/// let response = Response { status: 200, headers: vec![("link".into(), link.into())], ..Response::default() };
/// let repository = Repository::parse("r.example/a/b")?;
/// assert_eq!(tags::next(&repository, &response).unwrap().path, "/v2/a/b/tags/list?last=x&n=1");
/// # Ok::<(), docktag::error::Error>(())
/// ```
pub fn next(repository: &Repository, response: &Response) -> Option<Call> {
    response.next(&format!("/v2/{}/tags/list?", repository.path())).map(get)
}

/// Deletes a manifest, and with it all tags that name it.
pub fn delete(repository: &Repository, digest: &str) -> Call {
    let path = format!("/v2/{}/manifests/{digest}", repository.path());
    Call { method: Method::Delete, path, headers: Vec::new(), body: None }
}

fn get(path: String) -> Call {
    Call { method: Method::Get, path, headers: vec![("accept".to_owned(), "application/json".to_owned())], body: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        let read = |body: &str| names(&Response { status: 200, body: body.as_bytes().to_vec(), ..Response::default() });
        assert_eq!(read(r#"{"name":"a","tags":["1","ci"]}"#), Some(vec!["1".to_owned(), "ci".to_owned()]));
        assert_eq!(read(r#"{"name":"a","tags":null}"#), Some(Vec::new()));
        let long = format!(r#"{{"tags":["{}"]}}"#, "a".repeat(LONGEST + 1));
        for body in ["", "{}", r#"{"tags":[1]}"#, "<html>", &long] {
            assert_eq!(read(body), None, "{body}");
        }
    }

    #[test]
    fn only_a_place_of_the_same_repository_is_followed() {
        let repository = Repository::parse("r.example/a/b").unwrap();
        for link in ["</v2/c/tags/list?last=x>; rel=\"next\"", "</v2/a/b/tags/list?last=x>; rel=\"first\"", "x", "<"] {
            let response = Response { status: 200, headers: vec![("link".to_owned(), link.to_owned())], ..Response::default() };
            assert!(next(&repository, &response).is_none(), "{link}");
        }
    }
}
