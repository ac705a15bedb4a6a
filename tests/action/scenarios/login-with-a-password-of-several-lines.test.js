import { basic } from "../support/registry.js";
import { Project, exits, golden, test } from "../support/scenario.js";

test("each line of a key is masked", async () => {
  const password = "-----BEGIN KEY-----\r\nc2VjcmV0\r\nb3RoZXI\r\n-----END KEY-----";
  const project = (await Project.make({ behaviour: basic("_json_key", password) })).isThere();
  const ran = await project.run({ username: "_json_key", password: `${password}\n` });
  exits(ran, 0);
  golden(import.meta.url, ran);
});
