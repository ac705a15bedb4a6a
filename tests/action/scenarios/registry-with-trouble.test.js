import { cut, half, json, page, silence } from "../support/registry.js";
import { Project, exits, golden, onlyAsked, test } from "../support/scenario.js";

for (const [name, reply] of /** @type {const} */ ([
  ["that-fails", json(500, { errors: [{ code: "UNKNOWN", message: "disk full" }] })],
  ["that-is-silent", silence],
  ["that-hangs-up", cut],
  ["that-is-a-web-page", page(200)],
  ["whose-404-is-a-web-page", page(404)],
  ["that-is-no-http", (/** @type {import("node:http").IncomingMessage} */ request) => request.socket.end("SSH-2.0-noise\r\n")],
  ["that-forbids", json(403, { errors: [{ code: "DENIED", message: "requested access is denied" }] })],
])) {
  test(`a registry ${name.replaceAll("-", " ")} is no miss`, async () => {
    const project = await Project.make({ behaviour: () => reply });
    const ran = await project.run({}, { fast: true });
    exits(ran, 1);
    onlyAsked(ran);
    golden(`registry-${name}`, ran);
  });
}

test("a manifest that is cut off does not become the moving tag", async () => {
  const project = (await Project.make({ behaviour: ({ method }) => (method === "GET" ? half : undefined) })).isThere();
  const ran = await project.run({}, { fast: true });
  exits(ran, 0);
  golden("registry-that-cuts-a-manifest", ran);
});
