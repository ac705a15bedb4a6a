// A registry on the loopback interface that behaves like distribution, or as a test tells it to, and writes down every request.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { dirname, join } from "node:path";
import { after } from "node:test";

export const MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json";
/** An image of 12,345,778 bytes; only the sizes mean something here. */
export const MANIFEST = '{"schemaVersion":2,"config":{"size":100},"layers":[{"size":12345678}]}';

/**
 * @typedef {import("node:http").IncomingMessage} Request
 * @typedef {import("node:http").ServerResponse} Response
 * @typedef {(request: Request, response: Response) => void} Reply
 * @typedef {(request: Request, before: number) => Reply | undefined} Behaviour what to do in the place of being honest; `before`: requests like it
 * @typedef {{ method: string, path: string, login: string, status: number }} Seen
 */

/** Manifests are files in a folder: NAME/TAG. Fake programs put some there too. */
export class Registry {
  /** `127.0.0.1:PORT`. */
  address = "";
  /** @type {Seen[]} */
  seen = [];
  /** @type {import("node:http").Server} */
  #server;

  /**
   * @param {string} store
   * @param {{ behaviour?: Behaviour, tls?: import("node:tls").TlsOptions }} [options]
   */
  static async start(store, { behaviour = () => undefined, tls } = {}) {
    const registry = new Registry(store, behaviour, tls);
    await new Promise((resolve) => registry.#server.listen(0, "127.0.0.1", () => resolve(undefined)));
    const { port } = /** @type {import("node:net").AddressInfo} */ (registry.#server.address());
    registry.address = `127.0.0.1:${port}`;
    // A test that failed half-way does not wait for it.
    registry.#server.unref();
    after(() => registry.stop());
    return registry;
  }

  /**
   * @param {string} store
   * @param {Behaviour} behaviour
   * @param {import("node:tls").TlsOptions} [tls]
   */
  constructor(store, behaviour, tls) {
    this.store = store;
    this.behaviour = behaviour;
    const serve = (/** @type {Request} */ request, /** @type {Response} */ response) => this.#serve(request, response);
    this.#server = tls ? createTlsServer(tls, serve) : createServer(serve);
  }

  stop() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  /**
   * @param {string} image `NAME:TAG`
   * @param {string} [manifest]
   */
  put(image, manifest = MANIFEST) {
    const file = join(this.store, image.replace(/:([^:]*)$/, "/$1"));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, manifest);
  }

  /** @param {string} image `NAME:TAG` */
  get(image) {
    const file = join(this.store, image.replace(/:([^:]*)$/, "/$1"));
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  }

  /**
   * @param {Request} request
   * @param {Response} response
   */
  #serve(request, response) {
    const { method = "", url: path = "" } = request;
    const before = this.seen.filter((it) => it.method === method && it.path === path).length;
    const seen = { method, path, login: loginOf(request), status: 0 };
    this.seen.push(seen);
    response.on("finish", () => (seen.status = response.statusCode));
    const reply = this.behaviour(request, before) ?? this.honest;
    reply(request, response);
  }

  /**
   * Blobs are files beside the manifests: NAME/sha256:...
   *
   * @type {Reply}
   */
  #blob = (request, response) => {
    const [, name, rest = ""] = /^\/v2\/(.+)\/blobs\/(.+)$/.exec(request.url ?? "") ?? [];
    const key = (/** @type {string} */ sha) => `${name}/blobs:${sha}`.replace(":sha256:", ":sha256-");
    if (request.method === "POST") return void response.writeHead(202, { Location: `/v2/${name}/blobs/uploads/1?_state=x` }).end();
    if (request.method === "PUT") {
      return bodyOf(request, (body) => {
        const wanted = decodeURIComponent(rest.split("digest=")[1]);
        if (digest(body) !== wanted) return json(400, { errors: [{ code: "DIGEST_INVALID" }] })(request, response);
        this.put(key(wanted), body);
        response.writeHead(201).end();
      });
    }
    const blob = this.get(key(rest));
    if (blob === undefined) return json(404, { errors: [{ code: "BLOB_UNKNOWN" }] })(request, response);
    response.writeHead(200, { "Content-Type": "application/octet-stream" }).end(blob);
  };

  /** @type {Reply} */
  honest = (request, response) => {
    response.setHeader("Docker-Distribution-Api-Version", "registry/2.0");
    if (request.url?.includes("/referrers/")) return page(404)(request, response);
    if (request.url?.includes("/blobs/")) return this.#blob(request, response);
    const [, name, tag] = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(request.url ?? "") ?? [];
    if (!name) return json(200, {})(request, response);
    if (request.method === "PUT") {
      bodyOf(request, (body) => {
        this.put(`${name}:${tag}`, body);
        response.writeHead(201, { "Docker-Content-Digest": digest(body) }).end();
      });
      return;
    }
    const manifest = this.get(`${name}:${tag}`);
    if (manifest === undefined) {
      return json(404, { errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown", detail: { Tag: tag } }] })(request, response);
    }
    response.writeHead(200, { "Content-Type": MANIFEST_TYPE, "Docker-Content-Digest": digest(manifest), "Content-Length": Buffer.byteLength(manifest) }).end(manifest);
  };
}

/**
 * @param {Request} request
 * @param {(body: string) => void} then
 */
function bodyOf(request, then) {
  /** @type {Buffer[]} */
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => then(Buffer.concat(parts).toString()));
}

/** @param {string} text */
export function digest(text) {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/**
 * @param {number} status
 * @param {unknown} value
 * @param {Record<string, string>} [headers]
 * @returns {Reply}
 */
export function json(status, value, headers = {}) {
  return (_, response) => response.writeHead(status, { "Content-Type": "application/json; charset=utf-8", ...headers }).end(JSON.stringify(value));
}

/**
 * A web page, as proxies and login walls send it.
 *
 * @param {number} status
 * @param {Record<string, string>} [headers]
 * @returns {Reply}
 */
export function page(status, headers = {}) {
  return (_, response) => response.writeHead(status, { "Content-Type": "text/html", ...headers }).end("<html>Welcome to <b>our</b> network</html>");
}

/** Nothing, until the client gives up. @type {Reply} */
export const silence = () => {};

/** The connection ends before an answer. @type {Reply} */
export const cut = (request) => void request.socket.destroy();

/** Headers that promise the body, and half of it. @type {Reply} */
export const half = (request, response) => {
  response.writeHead(200, { "Content-Type": MANIFEST_TYPE, "Docker-Content-Digest": digest(MANIFEST), "Content-Length": MANIFEST.length });
  response.write(MANIFEST.slice(0, 20), () => request.socket.destroy());
};

/**
 * Wants a login before it answers anything.
 *
 * @param {string} user
 * @param {string} password
 * @returns {Behaviour}
 */
export function basic(user, password) {
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const refuse = json(401, UNAUTHORIZED, { "WWW-Authenticate": 'Basic realm="Registry Realm"', "Docker-Distribution-Api-Version": "registry/2.0" });
  return ({ headers }) => (headers.authorization === expected ? undefined : refuse);
}

/**
 * Sends who has no token to its token server, which gives one for a login.
 *
 * @param {string} user
 * @param {string} password
 * @returns {Behaviour}
 */
export function bearer(user, password) {
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  return ({ url = "", headers }) => {
    if (url.startsWith("/token")) return headers.authorization === expected ? json(200, { token: "t0ken", expires_in: 300 }) : json(401, UNAUTHORIZED);
    if (headers.authorization === "Bearer t0ken") return undefined;
    return json(401, UNAUTHORIZED, { "WWW-Authenticate": `Bearer realm="http://${headers.host}/token",service="registry",scope="repository:example/app:pull"` });
  };
}

const UNAUTHORIZED = { errors: [{ code: "UNAUTHORIZED", message: "authentication required", detail: null }] };

/**
 * Who asks, without the password.
 *
 * @param {Request} request
 */
function loginOf({ headers: { authorization = "" } }) {
  const [scheme, value = ""] = authorization.split(" ");
  return scheme === "Basic" ? `Basic ${Buffer.from(value, "base64").toString().split(":")[0]}` : scheme;
}
