//! How Compose builds, as it says itself (`compose build --print`): a definition for `buildx bake`, changed so that what is built is pushed
//! straight from the builder, by digest and under no name.

use serde_json::Value;

use crate::error::{Code, Error, Result};

/// One image to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// `repository:tag`, as Compose was told.
    pub image: String,
    /// The repository.
    pub repository: String,
    /// Whether its registry may be spoken to without TLS.
    pub insecure: bool,
}

/// A definition, and what of it is to be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bake {
    /// The text for `buildx bake --file -`.
    pub text: String,
    /// The names of its targets, in the order of the images.
    pub targets: Vec<String>,
    /// Whether one of them wants to run with all rights of the builder, which has to be allowed.
    pub privileged: bool,
    /// The variables whose values are secrets of the builds.
    pub variables: Vec<String>,
}

/// The definition that pushes by digest (BuildKit, `docs/build-repro.md` and "Exporters: image": `push-by-digest`).
///
/// ```
/// use docktag::compose::bake::{Wanted, by_digest};
///
/// let printed = br#"{"target":{"app":{"context":"/p","tags":["a/app:1"],"output":["type=docker"]}}}"#;
/// let app = Wanted { image: "a/app:1".into(), repository: "a/app".into(), insecure: false };
/// let bake = by_digest(printed, &[app])?;
/// assert_eq!(bake.targets, ["app"]);
/// assert_eq!(bake.text, r#"{"target":{"app":{"context":"/p","output":["type=image,name=a/app,push=true,push-by-digest=true,name-canonical=true"],"tags":[]}}}"#);
/// # Ok::<(), docktag::error::Error>(())
/// ```
///
/// # Errors
/// [`Code::BuildFailed`] for what is no definition, or does not have an image.
pub fn by_digest(printed: &[u8], wanted: &[Wanted]) -> Result<Bake> {
    let unexpected = |what: String| {
        Error::new(Code::BuildFailed, what)
            .at("compose build --print")
            .help("`--builder` takes Compose's own definition of the build: use Compose 2.37.3 or newer")
    };
    let mut definition: Value = serde_json::from_slice(printed).map_err(|_| unexpected("printed no definition of a build".to_owned()))?;
    let Some(all) = definition.get_mut("target").and_then(Value::as_object_mut) else {
        return Err(unexpected("printed no targets".to_owned()));
    };
    // `id=token,type=env,env=TOKEN` (buildx docs, "Bake file reference", `target.secret`)
    let secrets = all.values().flat_map(|target| target["secret"].as_array().into_iter().flatten()).filter_map(Value::as_str);
    let variables =
        secrets.flat_map(|secret| secret.split(',')).filter_map(|field| field.strip_prefix("env=")).map(str::to_owned).collect();
    let mut targets = Vec::new();
    let mut privileged = false;
    for it in wanted {
        let has_image = |target: &Value| target["tags"].as_array().is_some_and(|tags| tags.iter().any(|tag| tag == it.image.as_str()));
        let Some((name, target)) = all.iter_mut().find(|(_, target)| has_image(target)) else {
            return Err(unexpected(format!("has no target for {}", it.image)));
        };
        let insecure = if it.insecure { ",registry.insecure=true" } else { "" };
        target["tags"] = Value::Array(Vec::new());
        target["output"] =
            vec![format!("type=image,name={},push=true,push-by-digest=true,name-canonical=true{insecure}", it.repository)].into();
        privileged |= target["entitlements"].as_array().is_some_and(|list| list.iter().any(|right| right == "security.insecure"));
        targets.push(name.clone());
    }
    // A target that another one is built with is no image of this run: it writes nothing.
    for (_, target) in all.iter_mut().filter(|(name, _)| !targets.contains(name)) {
        target["tags"] = Value::Array(Vec::new());
        target["cache-to"] = Value::Array(Vec::new());
        target["output"] = vec!["type=cacheonly"].into();
    }
    Ok(Bake { text: definition.to_string(), targets, privileged, variables })
}

/// The digests of the targets, in their order, from the file that `--metadata-file` names.
///
/// # Errors
/// [`Code::BuildFailed`] where one is not in it.
pub fn digests(metadata: &[u8], targets: &[String]) -> Result<Vec<String>> {
    let metadata: Value = serde_json::from_slice(metadata).unwrap_or_default();
    let mut digests = Vec::new();
    for target in targets {
        match metadata[target.as_str()]["containerimage.digest"].as_str() {
            Some(digest) => digests.push(digest.to_owned()),
            None => {
                return Err(Error::new(Code::BuildFailed, format!("the builder does not say what it pushed for `{target}`"))
                    .at("docker buildx bake")
                    .help("its output is above; is buildx 0.12 or newer, and has the builder a driver that pushes (docker-container, kubernetes, remote)?"));
            }
        }
    }
    Ok(digests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_compose_prints_may_be_something_else() {
        let app = [Wanted { image: "a/app:1".to_owned(), repository: "a/app".to_owned(), insecure: true }];
        for text in ["", "Usage: docker compose", "[]", "{}", r#"{"target":{"app":{"tags":["a/app:2"]}}}"#] {
            let error = by_digest(text.as_bytes(), &app).unwrap_err();
            assert!(error.code == Code::BuildFailed && error.help.is_some(), "{text}");
        }
        let bake = by_digest(br#"{"target":{"x":{"tags":["b:1","a/app:1"],"secret":["id=a,type=env,env=A","id=b,type=file,src=b"],"entitlements":["security.insecure"]}}}"#, &app).unwrap();
        assert_eq!(bake.variables, ["A"]);
        let two =
            br#"{"target":{"x":{"tags":["a/app:1"]},"base":{"tags":["evil/a:1"],"cache-to":["type=gha"],"output":["type=registry"]}}}"#;
        let others: Value = serde_json::from_slice(by_digest(two, &app).unwrap().text.as_bytes()).unwrap();
        assert_eq!(others["target"]["base"].to_string(), r#"{"cache-to":[],"output":["type=cacheonly"],"tags":[]}"#);
        assert!(bake.privileged && bake.text.contains(",registry.insecure=true"), "{}", bake.text);
    }

    #[test]
    fn every_digest_must_be_said() {
        let metadata = br#"{"app":{"containerimage.digest":"sha256:1"}}"#;
        assert_eq!(digests(metadata, &["app".to_owned()]).unwrap(), ["sha256:1"]);
        assert_eq!(digests(metadata, &["web".to_owned()]).unwrap_err().code, Code::BuildFailed);
        assert!(digests(b"", &["web".to_owned()]).is_err());
    }
}
