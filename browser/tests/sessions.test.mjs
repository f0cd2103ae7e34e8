// Sessions: who is signed in, ended one by one or everywhere; and how often one may try.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, openPage, signedIn, submit, textOf } from "../support/browser.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, project, api;
stage(async (on) => {
  server = await on.server();
  ({ project, api } = await on.project(server));
  browser = await on.browser();
});

const operator = (key) => signedIn(browser, server, key);

async function isSignedOut(page) {
  await page.goto(`${server.url}/ui`);
  return new URL(page.url()).pathname === "/ui/sign-in";
}

test("another's session is ended in the list, and one's own everywhere", async () => {
  const { api_key: key } = await api("POST", "/v1/keys", { name: "Ada" });
  const [here, there, other] = [await operator(key), await operator(key), await operator(project.api_key)];
  await here.goto(`${server.url}/ui/sessions`);
  assert.match(await textOf(here), /this session/);
  assert.match(await textOf(here), /Chrome on Linux/);
  await look(here, "sessions");
  const own = (await api("GET", "/v1/sessions")).data.find((it) => it.parent_hint === project.api_key.slice(0, 13) + "…");
  await submit(here, `form[action='/ui/sessions/${own.id}/end'] button`);
  assert.match(await textOf(here), /The session has ended/);
  assert.equal(await isSignedOut(other), true);
  assert.equal(await isSignedOut(there), false);
  here.on("dialog", (dialog) => dialog.accept());
  await submit(here, "form[action='/ui/sessions/everywhere'] button");
  assert.match(await textOf(here), /signed out here and everywhere else/);
  assert.equal(await isSignedOut(here), true);
  assert.equal(await isSignedOut(there), true);
  for (const page of [here, there, other]) await page.done();
});

test("who may not list keys signs out everywhere, and sees no others", async () => {
  const reader = await api("POST", "/v1/keys", { scopes: ["events:read"] });
  const page = await operator(reader.api_key);
  await page.goto(`${server.url}/ui/sessions`);
  assert.equal((await page.$$("tbody tr")).length, 0);
  page.on("dialog", (dialog) => dialog.accept());
  await submit(page, "form[action='/ui/sessions/everywhere'] button");
  assert.equal(await isSignedOut(page), true);
  await page.done();
});

test("who fails too often waits, and is told how long", async () => {
  const tried = async (key) => {
    const answer = await fetch(`${server.url}/ui/sign-in`, {
      method: "POST",
      headers: { "sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ key }),
      redirect: "manual",
    });
    return answer;
  };
  // Who is right is not counted.
  for (let n = 0; n < 30; n += 1) assert.equal((await tried(project.api_key)).status, 303);
  const statuses = [];
  for (let n = 0; n < 40; n += 1) statuses.push((await tried(`hwk_proj_wrong_${n}`)).status);
  assert.equal(statuses[0], 401);
  assert.equal(statuses.at(-1), 429);
  const refused = await tried(project.api_key);
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get("retry-after")) >= 1);
  const page = await openPage(browser);
  await page.goto(`${server.url}/ui/sign-in`);
  await page.type("#key", "hwk_proj_wrong");
  const answer = await submit(page, "button[type=submit]");
  // Between the two, a second may have passed that lets one more through.
  if (answer.status() !== 429) await submit(page, "button[type=submit]");
  assert.match(await textOf(page), /failed too often from your network. Try again in \d+ second/);
  await look(page, "sign-in-throttled");
  await page.done();
});
