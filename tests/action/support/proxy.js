// A proxy that takes every name for one address, and writes down what it was asked for.
import { createServer, request as send } from "node:http";
import { connect } from "node:net";
import { after } from "node:test";

/** @param {string} address where everything leads to */
export async function proxy(address) {
  const [host, port] = address.split(":");
  /** @type {string[]} */
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const { pathname } = new URL(request.url ?? "");
    const passed = send({ host, port, path: pathname, method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    request.pipe(passed);
  });
  server.on("connect", (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    const there = connect(Number(port), host, () => socket.write("HTTP/1.1 200 Connection established\r\n\r\n"));
    there.pipe(socket).on("error", () => there.destroy());
    socket.pipe(there).on("error", () => socket.destroy());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  server.unref();
  after(() => server.close());
  const { port: own } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${own}`, asked };
}
