import { json } from "../support/registry.js";
import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("plan is a matrix of what is missing", async () => {
  const project = await Project.make();
  const service = (/** @type {string} */ name, more = "") => `  ${name}:\n    image: ${project.image}-${name}\n    build: { context: ., dockerfile: docker/Dockerfile, target: "", labels: [${name}] ${more}}\n`;
  const platforms = ", platforms: [linux/amd64, linux/arm64]";
  project.file("compose.yml", `services:\n${service("base", platforms)}${service("app", `${platforms}, additional_contexts: { parent: "service:base" }`)}${service("web")}`);
  project.install("docker", []);
  const inputs = { path: "", image: "", platform: "linux/amd64", command: "plan" };
  const cold = await project.run({ ...inputs, "split-platforms": "true" });
  exits(cold, 0);
  assert.equal(cold.outputs.hit, "false");
  const { include } = JSON.parse(cold.outputs.matrix);
  assert.deepEqual(include.map((/** @type {any} */ job) => [job.services, job.part, job.platforms]), [
    ["base app", "linux/amd64", "linux/amd64"],
    ["base app", "linux/arm64", "linux/arm64"],
    ["web", "", "linux/amd64"],
  ]);

  const index = JSON.stringify({ manifests: ["amd64", "arm64"].map((architecture) => ({ platform: { os: "linux", architecture } })) });
  for (const { image } of JSON.parse(cold.outputs.images)) project.registry.put(image.slice(image.indexOf("/") + 1), index);
  const warm = await project.run(inputs);
  exits(warm, 0);
  assert.deepEqual([warm.outputs.hit, warm.outputs.matrix], ["true", '{"include":[]}']);
  assert.deepEqual(warm.calls, [], "no engine is asked");
  golden(import.meta.url, cold, warm);
});

test("join puts the platforms together, and a part that is missing is named", async () => {
  const project = await Project.make();
  project.file("compose.yml", `services:\n  app:\n    image: ${project.image}\n    build: { context: docker, platforms: [linux/amd64, linux/arm64] }\n`);
  project.install("docker", []);
  const inputs = { path: "", image: "", command: "join" };
  const early = await project.run(inputs);
  exits(early, 3);
  assert.match(early.stdout + early.stderr, /the part for linux\/amd64 is not in the registry/);
  const tag = await project.run({ ...inputs, command: "tag" });
  for (const platform of ["linux-amd64", "linux-arm64"]) project.registry.put(`example/app:${tag.outputs.tag}-${platform}`);
  const joined = await project.run(inputs);
  exits(joined, 0);
  assert.equal(JSON.parse(joined.outputs.images)[0].outcome, "joined");
  assert.equal(joined.outputs.image, tag.outputs.image);
});

test("a plan that lacks answers tells those that it has, and the step fails", async () => {
  const project = await Project.make({ behaviour: ({ url = "" }) => (url.includes("-unknown/") ? json(403, {}) : undefined) });
  const service = (/** @type {string} */ name) => `  ${name}:\n    image: ${project.image}-${name}\n    build: { context: ., dockerfile: docker/Dockerfile, labels: [${name}] }\n`;
  project.file("compose.yml", `services:\n${["hit", "miss", "unknown"].map(service).join("")}`);
  const inputs = { path: "", image: "", platform: "linux/amd64", command: "plan" };
  const images = JSON.parse((await project.run({ ...inputs, command: "tag" })).outputs.images);
  const { image } = images.find((/** @type {any} */ it) => it.services[0] === "hit");
  project.registry.put(image.slice(image.indexOf("/") + 1));
  const ran = await project.run(inputs);
  exits(ran, 1);
  const outcomes = JSON.parse(ran.outputs.images).map((/** @type {any} */ it) => it.outcome);
  assert.deepEqual([outcomes, ran.outputs.hit, ran.outputs.matrix], [["hit", "missing", "unknown"], "", ""]);
  assert.match(ran.stdout, /::error title=docktag::.*status 403; 1 of 3 images is unknown, so there is no plan/);
  assert.match(ran.files.GITHUB_STEP_SUMMARY, /^### docktag plan: 1 hit, 1 missing, 1 unknown\n/);
});
