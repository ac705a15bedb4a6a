// Fake programs on PATH, as in tests/cli/support/: one script that writes down how it was called and then does what rules say.
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FAKE = fileURLToPath(new URL("../../cli/support/fake.sh", import.meta.url));

/** @typedef {[pattern: string, body: string]} Rule a `case` pattern over the arguments (joined by spaces), and shell commands */

/**
 * Puts a program on the PATH of runs below this folder. The first rule that fits is taken; a call that none fits fails.
 *
 * @param {string} root
 * @param {string} name
 * @param {Rule[]} rules
 */
export function install(root, name, rules) {
  const cases = rules.map(([pattern, body]) => `${pattern}) ${body}\n;;\n`).join("");
  writeFileSync(join(root, "bin", `${name}.rules`), `case "$*" in\n${cases}*) echo "${name}: unexpected: $*" >&2; exit 97 ;;\nesac\n`);
  if (!existsSync(join(root, "bin", name))) symlinkSync(FAKE, join(root, "bin", name));
}

/**
 * One call of a fake program.
 *
 * @typedef {object} Call
 * @property {string[]} argv
 * @property {Record<string, string>} env
 * @property {string | undefined} added the Compose file that docktag added
 * @property {any} config the `config.json` of the DOCKER_CONFIG it was given
 * @property {string[]} modes those of that file, and of the folder of the run
 */

/**
 * The calls of all fake programs so far, in order.
 *
 * @param {string} root
 * @returns {Call[]}
 */
export function calls(root) {
  const read = (/** @type {string} */ name) => {
    const file = join(root, "calls", name);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  };
  const strings = (/** @type {string} */ name) => (read(name) ?? "").split("\0").slice(0, -1);
  return (read("order") ?? "").split("\n").slice(0, -1).map((id) => ({
    argv: strings(`${id}/argv`),
    env: Object.fromEntries(strings(`${id}/env`).map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)])),
    added: read(`${id}/override`),
    config: JSON.parse(read(`${id}/config.json`) ?? "null"),
    modes: (read(`${id}/modes`) ?? "").split("\n").slice(0, -1),
  }));
}

/** The Compose files of projects; what the fake Compose makes of one, since the shell puts the variables in. */
export const MODEL = '{"name":"project","services":{"app":{"build":{"context":"/p/docker"},"image":"$DOCKER_IMAGE"},"db":{"image":"redis:7"}}}';
export const TWO_TARGETS =
  '{"name":"project","services":{"app":{"build":{"context":"/p/docker"},"image":"$DOCKER_IMAGE"},"web":{"build":{"context":"/p/docker"},"image":"$DOCKER_IMAGE-web"},"db":{"image":"redis:7"}}}';

/** Puts the image that is pushed into the fake registry. */
const PUSH = `
name=\${2#*/}
mkdir -p "$root/registry/\${name%:*}"
printf '%s' "$(cat "$root/manifest")" > "$root/registry/\${name%:*}/\${name##*:}"
echo "pushed $name"`;

/** Says the digest under which the fake registry has an image. */
const INSPECT = `
for image; do :; done
name=\${image#*/}
file=$root/registry/\${name%:*}/\${name##*:}
if [ -e "$file" ]; then echo "[\\"x@sha256:$(sha256sum < "$file" | cut -c1-64)\\"]"; else echo '["redis@sha256:0"]'; fi`;

/**
 * A docker command with Compose v2 and BuildKit, and an engine that works.
 *
 * @returns {Rule[]}
 */
export function docker() {
  return [
    [`"compose config --format json"|"compose -f "*" config --format json"`, `cat <<END\n${MODEL}\nEND`],
    [`"compose version --short"`, "echo 2.40.3"],
    [`"compose "*" build "*`, "echo '#1 building'; echo '#2 naming the image' >&2"],
    ['"push "*', PUSH],
    [`"compose pull "*|"compose -f "*" pull "*`, "echo 'app Pulled' >&2"],
    [`"image inspect "*`, INSPECT],
    [`"version --format "*`, "echo 28.5.2"],
    [`"buildx version"`, "echo v0.29.1"],
    [`"pull "*|"image rm "*`, ""],
  ];
}
