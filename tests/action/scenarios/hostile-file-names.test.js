import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("file names cannot give commands to the runner or markup to the summary", async () => {
  const project = await Project.make();
  const names = ["a\nb", "::error::x", "back\\slash", "`tick`", "```", "pi|pe", "<img src=x onerror=alert(1)>", "<!--", "cr\rlf", "%0A::set-env name=X::y", " ", "::add-mask::docker"];
  for (const name of names) project.file(`docker/${name}`, "");
  project.file("docker/::warning::line\n::error::line\n<\u002fdetails>\n```\n# heading/file", "");
  project.file(Buffer.from([...Buffer.from("docker/not UTF-8 "), 0xff, 0xfe]), "");
  const ran = await project.run({ command: "tag" });
  exits(ran, 0);
  assert.equal(ran.outputs.tag, project.tag);
  assert.doesNotMatch(ran.stdout, /^::/m);
  golden(import.meta.url, ran);
});
