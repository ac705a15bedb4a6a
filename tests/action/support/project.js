// A project as a checkout on a runner: files, a Compose file, a fake Docker, a fake registry.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { MODEL, docker, install } from "./programs.js";
import { MANIFEST, Registry } from "./registry.js";
import { temporary } from "./run.js";
import { start } from "./runner.js";

/** The repository's name in its registry. */
export const REPOSITORY = "example/app";

export class Project {
  /**
   * With one input, `docker/Dockerfile`, and a registry that is empty.
   *
   * @param {{ behaviour?: import("./registry.js").Behaviour, tls?: import("node:tls").TlsOptions, folder?: string }} [options]
   *   `folder`: of the project, below the checkout
   */
  static async make({ folder = "", ...registry } = {}) {
    const root = temporary();
    for (const name of ["home", "bin", "calls", "registry", "temp/_runner_file_commands", "checkout"]) mkdirSync(join(root, name), { recursive: true });
    return new Project(root, folder, await Registry.start(join(root, "registry"), registry));
  }

  /**
   * @param {string} root
   * @param {string} folder
   * @param {Registry} registry
   */
  constructor(root, folder, registry) {
    this.root = root;
    this.checkout = join(root, "checkout");
    this.folder = join(this.checkout, folder);
    this.registry = registry;
    /** `127.0.0.1:PORT/example/app`. */
    this.image = `${registry.address}/${REPOSITORY}`;
    this.file("docker/Dockerfile", "FROM scratch\n").file("compose.yml", MODEL);
    this.install("docker", docker());
    writeFileSync(join(root, "manifest"), MANIFEST);
  }

  /**
   * @param {string | Buffer} name in the project; bytes where it is not UTF-8
   * @param {string} content
   */
  file(name, content) {
    const path = Buffer.concat([Buffer.from(`${this.folder}/`), Buffer.from(name)]);
    mkdirSync(path.subarray(0, path.lastIndexOf("/")), { recursive: true });
    writeFileSync(path, content);
    return this;
  }

  /**
   * A fake program on the PATH of its runs.
   *
   * @param {string} name
   * @param {import("./programs.js").Rule[]} rules
   */
  install(name, rules) {
    install(this.root, name, rules);
    return this;
  }

  /**
   * A docker command whose rules come before the usual ones.
   *
   * @param {...import("./programs.js").Rule} rules
   */
  docker(...rules) {
    return this.install("docker", [...rules, ...docker()]);
  }

  /** The tag of the files as they are, found without us. */
  get tag() {
    const recipe = "find docker -type f -exec md5sum {} \\; | LC_ALL=C sort -k 2 | md5sum | cut -c1-32";
    return execFileSync("sh", ["-c", recipe], { cwd: this.folder, encoding: "utf8" }).trim();
  }

  /** Puts the image for the files as they are into the registry. */
  isThere() {
    this.registry.put(`${REPOSITORY}:${this.tag}`);
    return this;
  }

  /**
   * The file that tells what happened.
   *
   * @param {unknown} event
   * @returns {string} its path
   */
  event(event) {
    const file = join(this.root, "temp/_github_workflow/event.json");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(event));
    return file;
  }

  /** The variables of a pull request from a fork, which has no secrets. */
  fork() {
    const repository = (/** @type {string} */ name) => ({ repo: { full_name: name } });
    const file = this.event({ pull_request: { head: repository("you/app"), base: repository("acme/app") } });
    return { GITHUB_EVENT_NAME: "pull_request", GITHUB_EVENT_PATH: file, GITHUB_REPOSITORY: "acme/app", GITHUB_ACTOR: "you" };
  }

  /**
   * The action with `path: docker`, the image and these inputs, run to its end.
   *
   * @param {Record<string, string>} [inputs]
   * @param {import("./runner.js").Surroundings} [surroundings]
   */
  run(inputs, surroundings) {
    return this.start(inputs, surroundings).ended;
  }

  /**
   * The same, started only.
   *
   * @param {Record<string, string>} [inputs]
   * @param {import("./runner.js").Surroundings} [surroundings]
   */
  start(inputs = {}, surroundings = {}) {
    return start(this, { path: "docker", image: this.image, ...inputs }, surroundings);
  }
}
