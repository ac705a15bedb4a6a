// Firefox without a window, by Marionette, the protocol that it speaks itself: a length, a colon, and JSON.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after } from "node:test";

import { program } from "../../action/support/browser.js";
import { temporary } from "../../action/support/run.js";

/** Starts it, with a profile of its own; it ends when the tests of the file have run. */
export async function start() {
  /** @type {() => Promise<void>} */
  let end = async () => {};
  // What is to be done after tests is done in the order in which it was said: while it runs, its profile cannot go.
  after(() => end());
  const profile = temporary();
  // Port 0: a free one, which it writes down.
  writeFileSync(join(profile, "user.js"), 'user_pref("marionette.port", 0);\n');
  const child = spawn(program("firefox"), ["--headless", "--marionette", "--no-remote", "--profile", profile], { stdio: "ignore", env: { ...process.env, HOME: profile } });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  end = async () => {
    child.kill();
    await ended;
  };
  const file = join(profile, "MarionetteActivePort");
  for (let tries = 0; !existsSync(file) || readFileSync(file, "utf8") === ""; tries++) {
    if (tries > 600 || child.exitCode !== null) throw new Error("Firefox does not start");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const send = await talk(Number(readFileSync(file, "utf8")));
  end = async () => {
    await send("Marionette:Quit", { flags: ["eForceQuit"] }).catch(() => child.kill());
    await ended;
  };
  await send("WebDriver:NewSession", {});
  /** @param {string} selector */
  const find = async (selector) => Object.values((await send("WebDriver:FindElement", { using: "css selector", value: selector })).value)[0];
  return {
    /** @param {string} url */
    open: (url) => send("WebDriver:Navigate", { url }),
    /** Waits until it can be clicked: on a busy machine a page that is loaded may not be laid out yet. @param {string} selector */
    async click(selector) {
      for (const end = Date.now() + 30_000; ; ) {
        try {
          return await send("WebDriver:ElementClick", { id: await find(selector) });
        } catch (error) {
          if (!String(error).includes("not interactable") || Date.now() > end) throw error;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    },
    /** @param {string} selector @param {string} path */
    give: async (selector, path) => send("WebDriver:ElementSendKeys", { id: await find(selector), text: path }),
    /** Runs a script in the page; its last argument takes the result. @param {string} script @param {unknown[]} args */
    run: async (script, ...args) => (await send("WebDriver:ExecuteAsyncScript", { script, args, sandbox: null, newSandbox: false, scriptTimeout: 60_000 })).value,
  };
}

/**
 * @param {number} port
 * @returns {Promise<(name: string, parameters: unknown) => Promise<any>>}
 */
async function talk(port) {
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve, reject) => socket.once("connect", () => resolve(undefined)).once("error", reject));
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  const open = new Map();
  let bytes = Buffer.alloc(0);
  socket.on("data", (piece) => {
    bytes = Buffer.concat([bytes, piece]);
    for (;;) {
      const colon = bytes.indexOf(":");
      const end = colon + 1 + Number(bytes.subarray(0, colon));
      if (colon < 0 || bytes.length < end) return;
      const message = JSON.parse(bytes.subarray(colon + 1, end).toString());
      bytes = bytes.subarray(end);
      // The first one is a greeting.
      if (!Array.isArray(message)) continue;
      const [, id, error, result] = message;
      if (error) open.get(id)?.reject(new Error(`${error.error}: ${error.message}`));
      else open.get(id)?.resolve(result);
      open.delete(id);
    }
  });
  socket.on("close", () => open.forEach(({ resolve }) => resolve(undefined)));
  let count = 0;
  return (name, parameters) =>
    new Promise((resolve, reject) => {
      open.set(++count, { resolve, reject });
      const text = JSON.stringify([0, count, name, parameters]);
      socket.write(`${Buffer.byteLength(text)}:${text}`);
    });
}
