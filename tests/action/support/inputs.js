// What the runner makes of action.yml: every input has its default, and reaches the action as a variable.
import { readFileSync } from "node:fs";

const text = readFileSync(new URL("../../../action.yml", import.meta.url), "utf8");

/** The defaults by input. The file has no more of YAML than this reads. */
export const defaults = Object.fromEntries(
  [...section("inputs").matchAll(/^ {2}([\w-]+):\n((?: {4}.*\n)+)/gm)].map(([, name, rest]) => {
    const [, value = ""] = /^ {4}default: (.*)$/m.exec(rest) ?? [];
    return [name, value.replace(/^'(.*)'$/, "$1")];
  }),
);

/** The outputs that it promises. */
export const outputs = [...section("outputs").matchAll(/^ {2}([\w-]+):$/gm)].map(([, name]) => name);

/** @param {string} name */
function section(name) {
  const [, found] = new RegExp(`^${name}:\\n((?: .*\\n|\\n)+)`, "m").exec(text) ?? [];
  if (found === undefined) throw new Error(`action.yml: no ${name}`);
  return found;
}

/**
 * As variables (actions/runner, `Handler.AddInputsToEnvironment`): capitals, spaces as underscores, all else as it is.
 *
 * @param {Record<string, string>} given
 */
export function variables(given) {
  return Object.fromEntries(Object.entries({ ...defaults, ...given }).map(([name, value]) => [`INPUT_${name.toUpperCase().replaceAll(" ", "_")}`, value]));
}
