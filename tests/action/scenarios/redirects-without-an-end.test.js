import { Project, exits, golden, test } from "../support/scenario.js";

test("redirects without an end are an error", async () => {
  const project = await Project.make({ behaviour: ({ url }) => (_, response) => response.writeHead(307, { Location: url }).end() });
  const ran = await project.run({ "moving-tag": "" }, { fast: true });
  exits(ran, 1);
  golden(import.meta.url, ran);
});
