import { Registry, basic } from "../support/registry.js";
import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("a redirect to another host is followed without the login", async () => {
  const wants = basic("ci", "hunter2");
  const project = await Project.make({
    behaviour: (request, before) =>
      wants(request, before) ?? ((_, response) => response.writeHead(307, { Location: `http://${other.address}${request.url}` }).end()),
  });
  const other = await Registry.start(project.registry.store);
  const ran = await project.isThere().run({ username: "ci", password: "hunter2", "moving-tag": "" });
  exits(ran, 0);
  assert.deepEqual(other.seen.map(({ method, login }) => [method, login]), [["HEAD", ""]]);
  golden(import.meta.url, ran);
});
