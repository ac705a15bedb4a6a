//! Images of the project under all names that its files can use: what they are built from counts for those that are built with them.

use crate::support::{Dir, Run};

/// A service `app` that is built with what this Dockerfile names, and a service `base` without `image:`.
fn project(dockerfile: &str, build: &str) -> Dir {
    let dir = Dir::new();
    let compose = format!("name: shop\nservices: {{base: {{build: base}}, app: {{image: acme/app, build: {{context: app{build}}}}}}}\n");
    dir.file("compose.yaml", compose).file("base/Dockerfile", "FROM scratch\nCOPY f /\n").file("base/f", "1");
    dir.file("app/Dockerfile", dockerfile).file("app/g", "g");
    dir
}

/// The line of a service that `tag` prints.
#[track_caller]
fn tag_of(dir: &Dir, service: &str, args: &[&str]) -> String {
    let text = Run::new(dir, [&["tag"], args].concat()).run().ok();
    text.lines().find(|line| line.starts_with(&format!("{service}\t"))).unwrap_or_else(|| panic!("{service}: {text}")).to_owned()
}

/// `app` has another tag if a file of `base` changes.
#[track_caller]
fn is_built_with_base(dir: &Dir, args: &[&str]) {
    let before = tag_of(dir, "app", args);
    dir.file("base/f", "2");
    assert_ne!(tag_of(dir, "app", args), before, "{args:?}: {}", String::from_utf8_lossy(&dir.read("app/Dockerfile")));
    dir.file("base/f", "1");
}

#[test]
fn a_service_without_image_is_known_by_the_names_that_compose_gives_it() {
    for name in ["shop-base", "shop_base", "shop-base:latest", "docker.io/library/shop-base", "docker.io/shop_base:latest"] {
        is_built_with_base(&project(&format!("FROM {name}\nCOPY g /\n"), ""), &[]);
        is_built_with_base(&project(&format!("FROM scratch\nCOPY --from={name} /f /\n"), ""), &[]);
        is_built_with_base(&project(&format!("FROM b:1\nRUN --mount=from={name} true\n"), ""), &[]);
        let context = format!(", additional_contexts: {{b: 'docker-image://{name}'}}");
        is_built_with_base(&project("FROM b\n", &context), &[]);
    }
    // No other name is one of it.
    for name in ["shop-base:1", "acme/shop-base", "base", "shop.base"] {
        let dir = project(&format!("FROM {name}\n"), "");
        let before = tag_of(&dir, "app", &[]);
        dir.file("base/f", "2");
        assert_eq!(tag_of(&dir, "app", &[]), before, "{name}");
    }
}

#[test]
fn the_names_follow_the_project_name_and_the_prefix() {
    is_built_with_base(&project("FROM other-base\n", ""), &["-p", "other"]);
    is_built_with_base(&project("ARG P=other\nFROM ${P}_base\n", ""), &["-p", "other"]);
    for prefix in ["ghcr.io/acme", "ghcr.io/acme/"] {
        for name in ["shop-base", "shop_base", "ghcr.io/acme/shop-base"] {
            is_built_with_base(&project(&format!("FROM {name}\n"), ""), &["--repository-prefix", prefix]);
        }
    }
}

#[test]
fn a_service_that_only_uses_a_default_name_is_told_the_image() {
    let dir = project("FROM scratch\n", "");
    let compose =
        "name: shop\nservices: {base: {build: base}, one: {image: shop-base}, two: {image: 'shop_base:latest'}, three: {image: shop}}\n";
    dir.file("compose.yaml", compose);
    let base = tag_of(&dir, "base", &[]);
    for service in ["one", "two"] {
        assert_eq!(tag_of(&dir, service, &[]).split_once('\t').unwrap().1, base.split_once('\t').unwrap().1);
    }
    let all = Run::new(&dir, ["tag"]).run().ok();
    assert_eq!(all.lines().count(), 3, "{all}");
}

#[test]
fn a_build_that_begins_with_its_own_images_name_means_the_one_in_the_registry() {
    let dir = Dir::new();
    dir.file("Dockerfile", "FROM redis\nCOPY f /\n").file("f", "f");
    dir.file("compose.yaml", "services: {a: {image: redis, build: .}, b: {image: 'redis:latest', build: .}}\n");
    let (a, b) = (tag_of(&dir, "a", &[]), tag_of(&dir, "b", &[]));
    assert_eq!(a.split_once('\t').unwrap().1, b.split_once('\t').unwrap().1);
    // The same without `image:`, and with a third one that is built upon it.
    dir.file("Dockerfile", "FROM shop-a\nCOPY f /\n").file("c/Dockerfile", "FROM shop-a\n");
    dir.file("compose.yaml", "name: shop\nservices: {a: {build: .}, c: {image: acme/c, build: c}}\n");
    let before = tag_of(&dir, "c", &[]);
    dir.file("f", "g");
    assert_ne!(tag_of(&dir, "c", &[]), before);
}
