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
    let path = format!("/v2/{}/tags/list?n={PAGE}", repository.path());
    Call { method: Method::Get, path, headers: vec![("accept".to_owned(), "application/json".to_owned())], body: None }
}

/// The tags in an answer; `None` where it is none.
pub fn names(response: &Response) -> Option<Vec<String>> {
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    // A repository without tags can have `null` there.
    let tags = body.get("tags")?.as_array().map(Vec::as_slice).unwrap_or_default();
    tags.iter().map(|tag| tag.as_str().filter(|tag| tag.len() <= LONGEST).map(str::to_owned)).collect()
}

/// Deletes a manifest, and with it all tags that name it.
pub fn delete(repository: &Repository, digest: &str) -> Call {
    let path = format!("/v2/{}/manifests/{digest}", repository.path());
    Call { method: Method::Delete, path, headers: Vec::new(), body: None }
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
}
