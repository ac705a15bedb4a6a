//! What `cache_to` of the Compose files may write.

use crate::compose::literal::altered;
use crate::compose::model::Model;
use crate::error::{Code, Error, Result};
use crate::image::Reference;
use crate::plan::is_managed;

/// The attributes of all cache exporters, but for `ref` (BuildKit `cache/remotecache`, and `docs` of its cache backends).
const ATTRIBUTES: [&str; 40] = [
    "access_key_id",
    "account_name",
    "account_url",
    "blobs_prefix",
    "bucket",
    "compression",
    "compression-level",
    "container",
    "dest",
    "digest",
    "disable_accept_encoding",
    "endpoint_url",
    "force-compression",
    "ghtoken",
    "ignore-error",
    "image-manifest",
    "manifests_prefix",
    "mode",
    "name",
    "oci-mediatypes",
    "prefix",
    "region",
    "registry.insecure",
    "repository",
    "retry_max_attempts",
    "retry_mode",
    "scope",
    "secret_access_key",
    "session_token",
    "src",
    "tag",
    "timeout",
    "token",
    "touch_refresh",
    "type",
    "upload_parallelism",
    "url",
    "url_v2",
    "use_path_style",
    "version",
];

/// Checks that no `cache_to` of the Compose file writes a name that docktag manages: a cache under a hash tag would pass for an image.
///
/// # Errors
/// [`Code::Usage`] with the service and the entry.
pub fn check_exports(model: &Model, moving_tag: Option<&str>) -> Result<()> {
    for service in &model.services {
        for entry in service.build.iter().flat_map(|build| &build.cache_to) {
            let wrong = |what: &str, help: &str| {
                Err(Error::new(Code::Usage, format!("cache_to: `{}` {what}", entry.escape_debug()))
                    .at(format!("service `{}`", service.name))
                    .help(help))
            };
            if altered(entry, false).is_some() || entry.contains(char::is_control) {
                return wrong("is changed by Bake, with which Compose builds", "write it without `${`, `%{` and special characters");
            }
            let Some(names) = exported(entry) else {
                return wrong(
                    "has a part that is not known, so it is not known what it writes",
                    "write `NAME=VALUE` parts of the exporter, separated by commas and without quotes inside",
                );
            };
            if names.iter().any(|name| Reference::parse(name).map_or(true, |image| is_managed(&image, moving_tag))) {
                return wrong(
                    "writes a name that docktag manages",
                    "name another tag or repository, or leave `cache_to` out: `--cache registry` keeps a cache beside the image",
                );
            }
        }
    }
    Ok(())
}

/// Returns the names of images that an entry of `cache_to` may write; `None` if a part of it is not known. Of several `ref` fields, buildx takes the
/// last one.
///
/// rule: buildx `util/buildflags/cache.go`: fields without `=` are names of images in a registry.
fn exported(entry: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    for field in entry.split(',').map(|field| field.trim().trim_matches('"').trim()) {
        match field.split_once('=') {
            Some((key, value)) if key.trim().eq_ignore_ascii_case("ref") => names.push(value.trim()),
            Some((key, _)) if ATTRIBUTES.iter().any(|known| key.trim().eq_ignore_ascii_case(known)) => {}
            None if !entry.contains('=') => names.push(field),
            _ => return None,
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "900150983cd24fb0d6963f7d28e17f72";

    #[test]
    fn a_cache_never_goes_to_a_name_that_is_managed() {
        for (entry, is_refused) in [
            ("type=gha", false),
            ("type=local,dest=/x", false),
            ("type=registry,ref=a/cache:app,mode=max", false),
            ("type=registry,ref=a/b:ci", true),
            ("type=registry,ref=docker.io/a/b:ci-cache", true),
            ("mode=max,\"ref=a/other:TAG\",type=registry", true),
            ("a/b:dev-TAG", true),
            ("type=registry,ref=a/other:x,ref=a/b:TAG", true),
            ("type=registry,ref=a/other:dev-ci-cache-linux-arm64", true),
            ("a/b:q,a/b:TAG", true),
            ("type=registry,\"ref=a/b:q\",\"ref=a/b:TAG\"", true),
            ("type=registry,ref=localhost:5000/a/b:ci", true),
            ("type=registry,ref=not a name", true),
            ("type=registry,ref=a/b:circle", false),
            ("type=registry,ref=a/b:buildcache", false),
            ("type=registry,ref=a/b:sha256-TAG", true),
            ("type=registry,ref=a/b:vTAG", true),
            ("type=registry,ref=a/b:caTAGfe", true),
            ("type=registry,ref=a/b:da39a3ee5e6b4b0d3255bfef95601890afd80709", false),
            ("type=registry,$${lower(\"REF\")}=a/x:1", true),
            ("type=registry,ref=a/x:%{if true}1%{endif}", true),
            ("type=registry,re\u{17f}=a/x:1", true),
            ("type=s3,region=eu,bucket=b,name=n,Mode=max", false),
            ("type=gha,scope=a,unknown=b", true),
            ("type=registry,ref=a/x:1\nref=a/b:TAG", true),
        ] {
            let model = Model::parse(
                &format!(
                    "services: {{app: {{image: 'a/b:TAG', build: {{context: ., cache_to: [{}]}}}}}}",
                    serde_json::to_string(entry).unwrap()
                )
                .replace("TAG", TAG),
            )
            .unwrap();
            assert_eq!(check_exports(&model, Some("ci")).is_err(), is_refused, "{entry}");
        }
    }
}
