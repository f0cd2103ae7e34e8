// Signing in, and out.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, openPage, signIn, signedIn, submit, textOf } from "../support/browser.mjs";
import { apiOf } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";

let server, browser;
stage(async (on) => {
  server = await on.server();
  browser = await on.browser();
});

test("a root key opens the list of projects, and signing out closes it", async () => {
  const page = await signedIn(browser, server);
  assert.match(await textOf(page), /No project yet/);
  await look(page, "projects-empty");
  await submit(page, "aside form[action='/ui/sign-out'] button");
  assert.match(await textOf(page), /You are signed out/);
  await page.goto(`${server.url}/ui`);
  assert.equal(new URL(page.url()).pathname, "/ui/sign-in");
  await page.done();
});

test("the browser holds a session and never the key, and signing out ends it everywhere", async () => {
  const page = await signedIn(browser, server);
  const cookies = await page.browserContext().cookies();
  const { value: token, httpOnly, secure } = cookies.find(({ name }) => name === "__Host-hookwright");
  assert.match(token, /^hwk_sess_/);
  assert.ok(httpOnly && secure);
  const own = await apiOf(server.url, token)("GET", "/v1/keys/self");
  assert.deepEqual([own.kind, own.is_session], ["root", true]);
  assert.match(own.name, /Chrome on Linux/);
  await submit(page, "aside form[action='/ui/sign-out'] button");
  await assert.rejects(apiOf(server.url, token)("GET", "/v1/keys/self"), /401/);
  await page.done();
});

test("a session that somebody ended leads to the sign-in page", async () => {
  const page = await signedIn(browser, server);
  const { data } = await server.api("GET", "/v1/sessions");
  await server.api("DELETE", `/v1/sessions/${data[0].id}`);
  await page.goto(`${server.url}/ui`);
  assert.equal(new URL(page.url()).pathname, "/ui/sign-in");
  await page.done();
});

test("the audit page of the server has who signed in and out, who was refused, and from where", async () => {
  const page = await openPage(browser);
  await page.goto(`${server.url}/ui/sign-in`);
  await page.type("#key", "hwk_root_nonsense");
  await submit(page, "button[type=submit]");
  await signIn(page, server);
  await submit(page, "aside form[action='/ui/sign-out'] button");
  await signIn(page, server);
  await submit(page, "aside a[href='/ui/audit']");
  const rows = await page.$$eval("tbody tr", (all) => all.map((row) => row.innerText));
  const expected = [
    /root key[\s\S]*Opens a session[\s\S]*done[\s\S]*127\.0\.0\.1/,
    /root key[\s\S]*Chrome on Linux[\s\S]*Ends the session of this call[\s\S]*done/,
    /root key[\s\S]*Opens a session[\s\S]*done/,
    /unknown key, or none[\s\S]*Opens a session[\s\S]*refused: no valid key[\s\S]*127\.0\.0\.1/,
  ];
  expected.forEach((words, n) => assert.match(rows[n], words));
  await look(page, "audit-of-the-server");
  await page.done();
});

test("a key that is none is refused beside its field", async () => {
  const page = await openPage(browser);
  await page.goto(`${server.url}/ui/sign-in`);
  await page.type("#key", "hwk_root_nonsense");
  const answer = await submit(page, "button[type=submit]");
  assert.equal(answer.status(), 401);
  assert.match(await textOf(page), /unknown, revoked or expired/);
  await look(page, "sign-in-refused");
  await page.done();
});
