//! Rules between the parts of a whole project.
//!
//! Rules: compose-go `loader/validate.go`, `graph/*.go`.

use crate::compose::node::{Map, Node, Value};
use crate::error::Result;
use crate::map;

/// A whole model, and which of its services and jobs the profiles leave out.
pub(super) struct Project<'a> {
    pub(super) model: &'a Map,
    pub(super) profiles: &'a [String],
}

impl<'a> Project<'a> {
    pub(super) fn section(&self, name: &str) -> Option<&'a Map> {
        self.model.get(name).and_then(Node::as_map)
    }

    /// Whether a service or job has no profile, or one that is chosen.
    pub(super) fn is_enabled(&self, node: &Node) -> bool {
        let own = texts(node, "profiles");
        own.is_empty() || self.profiles.iter().any(|chosen| chosen == "*" || own.contains(&chosen.as_str()))
    }

    fn find(&self, section: &str, name: &str) -> Option<&'a Node> {
        self.section(section)?.get(name)
    }

    fn enabled(&self, section: &str, name: &str) -> Option<&'a Node> {
        self.find(section, name).filter(|node| self.is_enabled(node))
    }
}

/// Checks what Compose checks of a project before it does anything.
pub(super) fn check(project: &Project<'_>) -> Result<()> {
    let empty = Map::new();
    let services = project.section("services").unwrap_or(&empty);
    for (name, node) in services.iter().filter(|(_, node)| project.is_enabled(node)) {
        service(project, name, node)?;
    }
    for (name, node) in project.section("jobs").unwrap_or(&empty) {
        if services.contains_key(name) {
            return Err(node.at.invalid(format!("`{name}` is the name of a service and of a job")));
        }
        let has_trigger = node.get("triggers").is_some_and(|triggers| triggers.get("manual").or(triggers.get("schedule")).is_some());
        if !has_trigger {
            return Err(node.at.invalid(format!("jobs.{name}.triggers has neither `manual` nor `schedule`")));
        }
        if project.is_enabled(node) {
            dependencies(project, name, node, true)?;
        }
    }
    for (name, node) in project.section("secrets").unwrap_or(&empty) {
        let is_external = node.get("external").is_some_and(|external| external.value == Value::Bool(true));
        if !is_external && text(node, "file").is_empty() && text(node, "environment").is_empty() {
            return Err(node.at.invalid(format!("secret `{name}` has neither `file` nor `environment`")));
        }
    }
    cycles(project, services)
}

fn text<'a>(node: &'a Node, key: &str) -> &'a str {
    node.get(key).and_then(Node::as_text).unwrap_or_default()
}

fn texts<'a>(node: &'a Node, key: &str) -> Vec<&'a str> {
    node.get(key).and_then(Node::as_list).unwrap_or_default().iter().filter_map(Node::as_text).collect()
}

/// A member that is set: Go cannot tell an empty mapping from one that is there.
fn set<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    node.get(key).filter(|node| !node.is_null())
}

fn service(project: &Project<'_>, name: &str, node: &Node) -> Result<()> {
    let wrong = |at: &Node, message: String| Err(at.at.invalid(format!("service `{name}` {message}")));
    let build = set(node, "build");
    if build.is_none() && text(node, "image").is_empty() && set(node, "provider").is_none() {
        return wrong(node, "has neither `image` nor `build`".to_owned());
    }
    if let Some(build) = build {
        self::build(project, name, node, build)?;
    }
    let networks = set(node, "networks").and_then(Node::as_map);
    if let (Some(mode), Some(networks)) = (set(node, "network_mode").filter(|mode| mode.as_text() != Some("")), networks)
        && !networks.is_empty()
    {
        return wrong(mode, "has `network_mode` and `networks`".to_owned());
    }
    for network in networks.into_iter().flat_map(Map::keys) {
        if project.find("networks", network).is_none() {
            return wrong(node, format!("uses the network `{network}`, which does not exist"));
        }
    }
    if let Some(test) = node.get("healthcheck").and_then(|check| check.get("test")).filter(|test| test.as_list().is_some())
        && texts(node.get("healthcheck").unwrap_or(node), "test").first().is_some_and(|first| !["CMD", "CMD-SHELL", "NONE"].contains(first))
    {
        return wrong(test, "has a `healthcheck.test` that begins with none of CMD, CMD-SHELL, NONE".to_owned());
    }
    dependencies(project, name, node, false)?;
    if let Some(other) = text(node, "network_mode").strip_prefix("service:")
        && project.enabled("services", other).is_none()
    {
        return wrong(node, format!("uses the network of the service `{other}`, which does not exist"));
    }
    references(project, name, node)?;
    limits(name, node)?;
    mounts(name, node)
}

fn build(project: &Project<'_>, name: &str, node: &Node, build: &Node) -> Result<()> {
    let wrong = |message: String| Err(build.at.invalid(format!("service `{name}` {message}")));
    if !text(build, "dockerfile").is_empty() && !text(build, "dockerfile_inline").is_empty() {
        return wrong("has `dockerfile` and `dockerfile_inline`".to_owned());
    }
    for context in build.get("additional_contexts").and_then(Node::as_map).into_iter().flat_map(Map::values) {
        let Some(other) = context.as_text().and_then(|text| text.strip_prefix("service:")) else { continue };
        match project.find("services", other) {
            None => return wrong(format!("takes the service `{other}`, which does not exist, as a context")),
            Some(other_node) if set(other_node, "build").is_none() => {
                return wrong(format!("takes the service `{other}`, which has no `build`, as a context"));
            }
            Some(_) => {}
        }
    }
    let (platform, platforms) = (text(node, "platform"), texts(build, "platforms"));
    if !platform.is_empty() && !platforms.is_empty() && !platforms.contains(&platform) {
        return wrong(format!("has the platform `{platform}`, which is none of `build.platforms`"));
    }
    for secret in build.get("secrets").and_then(Node::as_list).unwrap_or_default() {
        let source = text(secret, "source");
        if project.find("secrets", source).is_none() {
            return Err(secret.at.invalid(format!("service `{name}` builds with the secret `{source}`, which does not exist")));
        }
    }
    Ok(())
}

fn dependencies(project: &Project<'_>, name: &str, node: &Node, is_job: bool) -> Result<()> {
    for (other, dependency) in node.get("depends_on").and_then(Node::as_map).into_iter().flatten() {
        let is_required = dependency.get("required").is_none_or(|required| required.value != Value::Bool(false));
        let exists = project.enabled("services", other).is_some()
            || is_job && project.enabled("jobs", other).is_some()
            || !is_required && project.find("services", other).is_some();
        if !exists {
            let kind = if is_job { "job" } else { "service" };
            let error =
                dependency.at.invalid(format!("{kind} `{name}` depends on `{other}`, which does not exist or is of no chosen profile"));
            return Err(error.help("check the name, or choose its profile"));
        }
    }
    Ok(())
}

/// Volumes, configs, secrets and models that a service names.
fn references(project: &Project<'_>, name: &str, node: &Node) -> Result<()> {
    let check = |section: &str, other: &str, at: &Node| match project.find(section, other) {
        Some(_) => Ok(()),
        None => Err(at.at.invalid(format!("service `{name}` uses `{other}` of `{section}`, which does not exist"))),
    };
    for volume in node.get("volumes").and_then(Node::as_list).unwrap_or_default() {
        let source = text(volume, "source");
        if text(volume, "type") == "volume" && !source.is_empty() {
            check("volumes", source, volume)?;
        }
    }
    for section in ["configs", "secrets"] {
        for entry in node.get(section).and_then(Node::as_list).unwrap_or_default() {
            check(section, text(entry, "source"), entry)?;
        }
    }
    for model in node.get("models").and_then(Node::as_map).into_iter().flat_map(Map::keys) {
        check("models", model, node)?;
    }
    Ok(())
}

/// The number of a member, where it is set and not zero; 32 bits of it, as Go compares `cpus`.
fn number(node: Option<&Node>) -> f64 {
    match node.map(|node| &node.value) {
        Some(Value::Int(value)) => *value as f64,
        Some(Value::Uint(value)) => *value as f64,
        Some(Value::Float(value)) => *value,
        _ => 0.0,
    }
}

fn limits(name: &str, node: &Node) -> Result<()> {
    let wrong = |message: &str| Err(node.at.invalid(format!("service `{name}` {message}")));
    let deploy = set(node, "deploy");
    let resources = deploy.and_then(|deploy| set(deploy, "resources"));
    let (scale, replicas) = (set(node, "scale"), deploy.and_then(|deploy| set(deploy, "replicas")));
    if let (Some(scale), Some(replicas)) = (scale, replicas)
        && number(Some(scale)) != number(Some(replicas))
    {
        return wrong("has a `scale` and other `deploy.replicas`");
    }
    let count = scale.or(replicas);
    if number(count) < 0.0 {
        return wrong("has a negative `scale` or `deploy.replicas`");
    }
    for (key, part, member) in [
        ("cpus", "limits", "cpus"),
        ("mem_limit", "limits", "memory"),
        ("mem_reservation", "reservations", "memory"),
        ("pids_limit", "limits", "pids"),
    ] {
        let own = number(node.get(key)) as f32;
        let Some(other) = resources.and_then(|resources| set(resources, part)) else { continue };
        if own != 0.0 && own != number(other.get(member)) as f32 {
            return wrong(&format!("has `{key}` and another `deploy.resources.{part}.{member}`"));
        }
    }
    if number(count) > 1.0 && !text(node, "container_name").is_empty() {
        return wrong("has a `container_name` and more than one container");
    }
    let watch = node.get("develop").and_then(|develop| develop.get("watch")).and_then(Node::as_list).unwrap_or_default();
    match watch.iter().find(|entry| text(entry, "target").is_empty() && !["rebuild", "restart"].contains(&text(entry, "action"))) {
        Some(_) => wrong("has an entry of `develop.watch` without a `target`"),
        None => Ok(()),
    }
}

fn mounts(name: &str, node: &Node) -> Result<()> {
    let mut seen = map::Set::new();
    // A text here is one that no long form was made of.
    let tmpfs = match node.get("tmpfs") {
        Some(tmpfs) => tmpfs.as_list().unwrap_or(std::slice::from_ref(tmpfs)),
        None => &[],
    };
    let temporary = tmpfs.iter().filter_map(|entry| Some((entry.as_text()?.split(':').next()?.to_owned(), entry)));
    let volumes = node.get("volumes").and_then(Node::as_list).unwrap_or_default();
    let mounted = volumes.iter().map(|volume| (crate::compose::paths::clean(text(volume, "target")), volume));
    for (target, entry) in temporary.chain(mounted) {
        if seen.contains_key(&target) {
            return Err(entry.at.invalid(format!("service `{name}` mounts `{target}` twice")));
        }
        seen.add(target);
    }
    Ok(())
}

/// Services that need each other: what is left when those that need nothing are taken away, again and again.
fn cycles(project: &Project<'_>, services: &Map) -> Result<()> {
    let mut needs: map::Map<&str, usize> = map::Map::new();
    let mut needed_by: map::Map<&str, Vec<&str>> = map::Map::new();
    for (name, node) in services.iter().filter(|(_, node)| project.is_enabled(node)) {
        let others = node.get("depends_on").and_then(Node::as_map).into_iter().flat_map(Map::keys);
        let mut count = 0;
        for other in others.filter(|other| project.enabled("services", other).is_some()) {
            match needed_by.get_mut(other.as_str()) {
                Some(names) => names.push(name),
                None => {
                    needed_by.insert(other, vec![name.as_str()]);
                }
            }
            count += 1;
        }
        needs.insert(name, count);
    }
    let mut free: Vec<&str> = needs.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    while let Some(name) = free.pop() {
        needs.remove(name);
        for other in needed_by.remove(name).unwrap_or_default() {
            if let Some(count) = needs.get_mut(other) {
                *count -= 1;
                if *count == 0 {
                    free.push(other);
                }
            }
        }
    }
    match needs.keys().next().and_then(|name| services.get_key_value(*name)) {
        Some((name, node)) => Err(node.at.invalid(format!("service `{name}` depends on itself, by way of others"))),
        None => Ok(()),
    }
}
