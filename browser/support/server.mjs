// The real server, on a port and a folder of its own, and its API as a client calls it.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const BINARY = process.env.HOOKWRIGHT_BINARY ?? "target/debug/hookwright";
const START_MS = 30_000;

// Starts a server. `args` are further flags of `hookwright serve`, `env` further environment. A `kept` folder stays when
// it stops, for another start.
export async function startServer({ args = [], env = {}, listen = "127.0.0.1:0", kept } = {}) {
  const folder = kept ?? (await mkdtemp(join(tmpdir(), "hookwright-browser-")));
  const child = spawn(
    BINARY,
    ["serve", "--dev", "--data-dir", folder, "--listen", listen, "--log", "warn", ...args],
    { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await ended;
    clearTimeout(late);
    if (!kept) await rm(folder, { recursive: true, force: true });
  };
  try {
    const { url, rootKey = env.HOOKWRIGHT_ROOT_KEY } = await said(child);
    return { url, rootKey, stop, api: apiOf(url, rootKey) };
  } catch (error) {
    await stop();
    throw error;
  }
}

function said(child) {
  return new Promise((resolve, reject) => {
    const found = {};
    const timer = setTimeout(() => reject(new Error("the server did not start")), START_MS);
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      found.rootKey ??= line.match(/^root key: (\S+)/)?.[1];
      found.url ??= line.match(/^listening on (\S+)/)?.[1];
      if (found.url) {
        clearTimeout(timer);
        resolve(found);
      }
    });
  });
}

// The API with one key: api("POST", "/v1/projects", {...}) answers the parsed body, and throws on a refusal.
export function apiOf(url, key) {
  return async (method, path, body) => {
    const answer = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { "content-type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
}

// Asks until `ready(answer)` is true, for at most `seconds`.
export async function until(ask, ready, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (ready(answer)) return answer;
    if (Date.now() > end) throw new Error(`not within ${seconds} s; last: ${JSON.stringify(answer).slice(0, 500)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
