// Signing in, and out.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { look, openPage, signIn, startBrowser, submit, textOf } from "../support/browser.mjs";
import { startServer } from "../support/server.mjs";

let server, browser;
before(async () => {
  server = await startServer();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a root key opens the list of projects, and signing out closes it", async () => {
  const page = await openPage(browser);
  await signIn(page, server);
  assert.match(await textOf(page), /No project yet/);
  await look(page, "projects-empty");
  await submit(page, "aside form[action='/ui/sign-out'] button");
  assert.match(await textOf(page), /You are signed out/);
  await page.goto(`${server.url}/ui`);
  assert.equal(new URL(page.url()).pathname, "/ui/sign-in");
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
