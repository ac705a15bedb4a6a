import { Project, exits, golden, test } from "../support/scenario.js";

test("a value that is none is an error with those that are", async () => {
  const project = await Project.make();
  const runs = [];
  for (const [name, value] of [
    ["command", "biuld"],
    ["push", "maybe"],
    ["algorithm", "sha1"],
    ["cache", "gha"],
    ["force", "yes"],
    ["verbose", "1"],
    ["image", "Acme/App"],
    ["moving-tag", "a b"],
    ["path", "/etc"],
  ]) {
    const ran = await project.run({ [name]: value });
    exits(ran, 2);
    runs.push(ran);
  }
  golden(import.meta.url, ...runs);
});
