import { readFileSync } from "node:fs";

import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("without any input the Compose file tells what counts, and later steps have its images", async () => {
  const project = await Project.make();
  const compose = `services:\n  app:\n    image: ${project.image}\n    build: docker\n  worker:\n    image: ${project.image}\n`;
  project.file("compose.yml", compose).file("docker/unused.txt", "no instruction reads it");
  const env = { GITHUB_REF: "refs/heads/main", GITHUB_EVENT_NAME: "push", GITHUB_EVENT_PATH: project.event({ repository: { default_branch: "main" } }) };
  const cold = await project.run({ path: "", image: "", platform: "linux/amd64" }, { env });
  exits(cold, 0);
  const [, name] = /^COMPOSE_FILE=(.*)$/m.exec(cold.files.GITHUB_ENV) ?? [];
  const [own, added] = (name ?? "").split(":");
  assert.equal(own, `${project.folder}/compose.yml`);
  const services = JSON.parse(readFileSync(added, "utf8")).services;
  const pinned = `${cold.outputs.image}@${cold.outputs.digest}`;
  assert.deepEqual(services, { app: { image: pinned, pull_policy: "if_not_present" }, worker: { image: pinned, pull_policy: "if_not_present" } });

  const warm = await project.run({ path: "", image: "", platform: "linux/amd64" }, { env: { ...env, COMPOSE_FILE: name ?? "" } });
  exits(warm, 0);
  assert.equal(warm.outputs.tag, cold.outputs.tag);
  assert.deepEqual(warm.calls, [], "a hit starts no program, not even Compose");
  project.file("docker/unused.txt", "changed");
  assert.equal((await project.run({ path: "", image: "", platform: "linux/amd64", command: "tag" })).outputs.tag, cold.outputs.tag);
  golden(import.meta.url, cold, warm);
});

test("several services have each its own image, and pull brings them", async () => {
  const project = await Project.make();
  const compose = `services:\n  app:\n    image: ${project.image}\n    build: docker\n  web:\n    image: ${project.image}:web\n    build: { context: ., dockerfile: docker/Dockerfile }\n`;
  project.file("compose.yml", compose);
  const tag = await project.run({ path: "", image: "", platform: "linux/amd64", command: "tag" });
  exits(tag, 0);
  assert.deepEqual([tag.outputs.tag, tag.outputs.image], ["", ""], "there are several");
  const images = JSON.parse(tag.outputs.images);
  assert.deepEqual(images.map((/** @type {any} */ it) => [it.services, it.outcome]), [[["app"], "named"], [["web"], "named"]]);
  assert.equal(tag.outputs.manifest.split("\n").length, 2);
  for (const { image } of images) project.registry.put(image.slice(image.indexOf("/") + 1));
  const pull = await project.run({ path: "", image: "", command: "pull" });
  exits(pull, 0);
  assert.deepEqual(JSON.parse(pull.outputs.images).map((/** @type {any} */ it) => it.outcome), ["pulled", "pulled"]);
  const missing = await project.run({ path: "", image: "", command: "pull", salt: "other" });
  exits(missing, 3);
});
