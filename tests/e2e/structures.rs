//! Projects with the structure of three public ones: many services on one context, services that are built with each other, and one large
//! context for several images. (open-telemetry/opentelemetry-demo, sqshq/piggymetrics, DefectDojo/django-DefectDojo; the files are ours.)

use std::fs;
use std::path::Path;

/// What the images run.
pub(crate) const BUSYBOX: &str = "busybox";

fn put(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Twelve services on one context; each reads a few of its files, and one file is shared. The paths of Dockerfiles and the names of images come
/// from `.env`, and there are two Compose files.
pub(crate) fn shop(folder: &Path, registry: &str, project: &str) {
    let mut env = format!("IMAGE_NAME={registry}/{project}\nIMAGE_VERSION=1.2\n");
    let (mut base, mut more) = ("services:\n".to_owned(), "services:\n".to_owned());
    for index in 0..12 {
        let name = format!("service{index}");
        env.push_str(&format!("SERVICE{index}_DOCKERFILE=./src/{name}/Dockerfile\n"));
        let text = if index < 8 { &mut base } else { &mut more };
        text.push_str(&format!(
            "  {name}:\n    image: ${{IMAGE_NAME}}/{name}:${{IMAGE_VERSION}}\n    build:\n      context: ./\n      dockerfile: ${{SERVICE{index}_DOCKERFILE}}\n      cache_from:\n        - ${{IMAGE_NAME}}/{name}:latest\n"
        ));
        put(folder, &format!("src/{name}/main.txt"), &name);
        put(folder, &format!("src/{name}/README.md"), "not in the image\n");
        let proto = if index % 3 == 0 { "" } else { "COPY ./pb/demo.proto /pb/\n" };
        put(
            folder,
            &format!("src/{name}/Dockerfile"),
            &format!("FROM scratch AS unused\nCOPY docs /docs\n\nFROM scratch\n{proto}COPY ./src/{name}/main.txt /app/\n"),
        );
    }
    put(folder, ".env", &env);
    put(folder, "compose.yaml", &base);
    put(folder, "compose.more.yaml", &more);
    put(folder, "pb/demo.proto", "message Demo {}\n");
    put(folder, "docs/guide.md", "# Guide\n");
    put(folder, ".dockerignore", "**/README.md\n.git\n");
}

/// A base that three images are built on, one of them by its name, one by a named context, one through a further image.
pub(crate) fn family(folder: &Path, registry: &str, project: &str, busybox: &str) {
    let image = |name: &str| format!("{registry}/{project}/{name}");
    put(
        folder,
        "docker-compose.yml",
        &format!(
            "services:\n  api:\n    image: {}\n    build: api\n  base:\n    image: {}\n    build: base\n  batch:\n    image: {}\n    build:\n      context: batch\n      additional_contexts:\n        parent: service:base\n  runtime:\n    image: {}\n    build:\n      context: runtime\n      args: {{ BASE: {} }}\n  api-worker:\n    image: {}\n    command: work\n",
            image("api"),
            image("base"),
            image("batch"),
            image("runtime"),
            image("base"),
            image("api"),
        ),
    );
    put(
        folder,
        "base/Dockerfile",
        "FROM scratch\nCOPY busybox /bin/busybox\nSHELL [\"/bin/busybox\", \"sh\", \"-c\"]\nRUN echo 1 >/base\n",
    );
    fs::copy(busybox, folder.join("base").join(BUSYBOX)).unwrap();
    put(folder, "runtime/Dockerfile", "ARG BASE\nFROM ${BASE}\nCOPY runtime.conf /etc/\n");
    put(folder, "runtime/runtime.conf", "a=1\n");
    put(
        folder,
        "api/Dockerfile",
        &format!(
            "FROM {}:latest\nCOPY api.txt /api/\nCMD [\"/bin/busybox\", \"cat\", \"/base\", \"/etc/runtime.conf\", \"/api/api.txt\"]\n",
            image("runtime")
        ),
    );
    put(folder, "api/api.txt", "api\n");
    put(folder, "batch/Dockerfile", "FROM parent\nCOPY batch.txt /batch/\n");
    put(folder, "batch/batch.txt", "batch\n");
}

/// One context of many files for three images: two targets of one Dockerfile and another Dockerfile; each reads a part of it.
pub(crate) fn monolith(folder: &Path, registry: &str, project: &str) {
    let image = |name: &str| format!("{registry}/{project}/{name}");
    put(
        folder,
        "docker-compose.yml",
        &format!(
            "services:\n  web:\n    build:\n      context: ./\n      dockerfile: Dockerfile.django\n      target: release\n    image: \"{}:${{VERSION:-latest}}\"\n  unit-tests:\n    build:\n      context: ./\n      dockerfile: Dockerfile.django\n      target: unittests\n    image: \"{}:tests\"\n  nginx:\n    build:\n      context: ./\n      dockerfile: Dockerfile.nginx\n    image: \"{}:${{VERSION:-latest}}\"\n",
            image("web"),
            image("web"),
            image("nginx"),
        ),
    );
    put(
        folder,
        "Dockerfile.django",
        "FROM scratch AS base\nCOPY requirements.txt /\nFROM base AS release\nCOPY app/ /app/\nCOPY docker/entrypoint.sh /\nFROM release AS unittests\nCOPY tests/ /app/tests/\nFROM scratch AS docs\nCOPY docs/ /docs/\n",
    );
    put(
        folder,
        "Dockerfile.nginx",
        "FROM scratch AS collect\nCOPY components/ /components/\nFROM scratch\nCOPY --from=collect /components /usr/share/nginx/html/\nCOPY nginx/ /etc/nginx/\n",
    );
    put(folder, ".dockerignore", "*\n!app\n!tests\n!components\n!nginx\n!docs\n!requirements.txt\n!docker/*.sh\n**/*.pyc\n");
    put(folder, "requirements.txt", "django\n");
    put(folder, "docker/entrypoint.sh", "#!/bin/sh\n");
    put(folder, "nginx/nginx.conf", "events {}\n");
    put(folder, "docs/index.md", "# Docs\n");
    for index in 0..300 {
        put(folder, &format!("app/module{}/file{index}.py", index % 20), &format!("x = {index}\n"));
        put(folder, &format!("app/module{}/file{index}.pyc", index % 20), "compiled");
        put(folder, &format!("tests/test{index}.py"), "assert True\n");
        put(folder, &format!("components/node_modules/lib{}/f{index}.js", index % 30), "export {}\n");
    }
}
