// Keys of projects, accounts and the server: made, shown once, rotated, revoked.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, signedIn, submit, textOf } from "../support/browser.mjs";
import { apiOf } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, project, api;
stage(async (on) => {
  server = await on.server();
  ({ project, api } = await on.project(server));
  await api("POST", "/v1/accounts", { id: "acme", name: "Acme" });
  browser = await on.browser();
});

async function operator(key, path) {
  const page = await signedIn(browser, server, key);
  await page.goto(server.url + path);
  return page;
}

// The row of the key with this name, as a selector of something in it.
async function inRow(page, name, selector) {
  const rows = await page.$$("tbody tr");
  for (const row of rows) {
    if ((await row.$eval("td", (cell) => cell.innerText)).includes(name)) return row.$(selector);
  }
  throw new Error(`no key is called ${name}`);
}

async function clickAndLoad(page, element) {
  const [answer] = await Promise.all([page.waitForNavigation(), element.click()]);
  return answer;
}

const self = (key) => apiOf(server.url, key)("GET", "/v1/keys/self");

test("a project's key is made with scopes, an end and a limit, and rotated, and revoked", async () => {
  const page = await operator(project.api_key, `/ui/${project.id}/keys`);
  await submit(page, "main a.primary");
  await look(page, "key-new");
  await page.type("#f-name", "CI");
  for (const box of await page.$$("input[name=scopes]:checked")) await box.click();
  await page.click("input[name=scopes][value='events:write']");
  await page.$eval("#f-expires_at", (field) => { field.value = "2001-01-01T00:00"; });
  let answer = await submit(page, "main button[type=submit]");
  assert.equal(answer.status(), 422);
  assert.match(await textOf(page, "#f-expires_at-error"), /a time to come/);
  const ticked = await page.$$eval("input[name=scopes]:checked", (boxes) => boxes.map((box) => box.value));
  assert.deepEqual(ticked, ["events:write"]);
  await look(page, "key-refused");
  const year = new Date().getUTCFullYear() + 1;
  await page.$eval("#f-expires_at", (field, value) => { field.value = value; }, `${year}-05-06T07:08`);
  await page.type("#f-rate_limit", "7");
  await submit(page, "main button[type=submit]");
  const key = await textOf(page, ".block code");
  await look(page, "key-made");
  const made = await self(key);
  assert.deepEqual([made.name, made.scopes, made.rate_limit], ["CI", ["events:write"], 7]);
  assert.match(made.expires_at, new RegExp(`^${year}-05-06T07:08:00`));
  await submit(page, "main a.primary");
  assert.doesNotMatch(await page.content(), new RegExp(key));

  await (await inRow(page, "CI", "details.unfold:nth-of-type(1) summary")).click();
  await look(page, "keys");
  const select = await inRow(page, "CI", "select");
  await select.select("0");
  await clickAndLoad(page, await inRow(page, "CI", "form[action*='/rotate'] button"));
  const next = await textOf(page, ".block code");
  assert.notEqual(next, key);
  assert.deepEqual((await self(next)).scopes, ["events:write"]);
  await assert.rejects(self(key), /401/);

  await submit(page, "main a.primary");
  assert.match(await textOf(page, "tbody"), /expired|revoked/);
  await (await inRow(page, "CI", "details.unfold:nth-of-type(2) summary")).click();
  await clickAndLoad(page, await inRow(page, "CI", "form[action*='/revoke'] button"));
  assert.match(await textOf(page), /The key is revoked/);
  await assert.rejects(self(next), /401/);
  await page.done();
});

test("an account's key opens this account alone", async () => {
  const page = await operator(project.api_key, `/ui/${project.id}/accounts/acme`);
  await submit(page, "main a[href*='/keys?account_id=acme']");
  assert.match(await textOf(page), /No key yet/);
  await look(page, "keys-empty");
  await submit(page, "main a.primary");
  await page.type("#f-name", "Acme's own");
  await submit(page, "main button[type=submit]");
  const made = await self(await textOf(page, ".block code"));
  assert.deepEqual([made.kind, made.account_id], ["account", "acme"]);
  await submit(page, "main a.primary");
  assert.match(await textOf(page), /Keys of acme[\s\S]*Acme's own/);
  await page.goto(`${server.url}/ui/${project.id}/keys`);
  assert.doesNotMatch(await textOf(page), /Acme's own/);
  await page.done();
});

test("root keys are the server's, and the last that never ends stays", async () => {
  const page = await operator(server.rootKey, "/ui/root-keys");
  assert.match(await textOf(page), /Root keys/);
  await (await inRow(page, "root", "details.unfold:nth-of-type(2) summary")).click();
  const answer = await clickAndLoad(page, await inRow(page, "root", "form[action*='/revoke'] button"));
  assert.ok(answer.status() >= 400 && answer.status() < 500);
  assert.equal((await self(server.rootKey)).kind, "root");
  await page.goto(`${server.url}/ui/root-keys/new`);
  await page.type("#f-name", "Ada");
  await submit(page, "main button[type=submit]");
  assert.equal((await self(await textOf(page, ".block code"))).kind, "root");
  await submit(page, "main a.primary");
  assert.match(await textOf(page, "tbody"), /Ada/);
  await look(page, "root-keys");
  await page.done();
});

test("a project's key sees no root keys", async () => {
  const page = await operator(project.api_key, "/ui/root-keys");
  assert.match(await textOf(page), /root key/);
  assert.equal((await page.$$("tbody tr")).length, 0);
  await page.done();
});
