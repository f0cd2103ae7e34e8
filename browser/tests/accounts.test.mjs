// Projects and accounts: made, opened, renamed, deleted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, signedIn, submit, textOf } from "../support/browser.mjs";
import { apiOf } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, project, api;
stage(async (on) => {
  server = await on.server();
  ({ project, api } = await on.project(server));
  browser = await on.browser();
});

const operator = (key) => signedIn(browser, server, key);

test("a project is made, its key is shown once and works", async () => {
  const page = await operator();
  await submit(page, "a[href='/ui/new']");
  await look(page, "project-new");
  await page.type("#f-name", "Billing & more");
  await page.select("#f-profile", "stripe");
  await page.select("#f-livemode", "false");
  await submit(page, "main button[type=submit]");
  const key = await textOf(page, ".block code");
  const own = await apiOf(server.url, key)("GET", "/v1/keys/self");
  const made = await server.api("GET", `/v1/projects/${own.project_id}`);
  assert.equal(made.name, "Billing & more");
  assert.equal(made.profile, "stripe");
  assert.equal(made.livemode, false);
  await submit(page, "main a.primary");
  assert.equal(new URL(page.url()).pathname, `/ui/${own.project_id}`);
  await page.goto(`${server.url}/ui`);
  assert.match(await textOf(page), /Billing & more/);
  assert.doesNotMatch(await textOf(page), new RegExp(key));
  await look(page, "projects");
  await page.done();
});

test("a project without a name is refused beside the field, and what was chosen stays", async () => {
  const page = await operator();
  await page.goto(`${server.url}/ui/new`);
  await page.select("#f-profile", "github");
  await page.$eval("#f-name", (field) => { field.required = false; });
  const answer = await submit(page, "main button[type=submit]");
  assert.equal(answer.status(), 422);
  assert.match(await textOf(page, "#f-name-error"), /1 to 1024 characters/);
  assert.equal(await page.$eval("#f-profile", (field) => field.value), "github");
  await page.done();
});

test("an account is made, opened by its id, renamed and deleted", async () => {
  const page = await operator(project.api_key);
  await submit(page, "aside a[href$='/accounts']");
  await page.click("details.unfold summary");
  await page.type("#f-id", "no spaces");
  let answer = await submit(page, "details.unfold button[type=submit]");
  assert.equal(answer.status(), 422);
  assert.match(await textOf(page, "#f-id-error"), /128/);
  await look(page, "account-refused");
  await page.$eval("#f-id", (field) => { field.value = ""; });
  await page.type("#f-id", "acme:eu@1");
  await page.type("#f-name", "Acme <b>Corporation</b>");
  await submit(page, "details.unfold button[type=submit]");
  assert.match(await textOf(page), /The account is made/);
  assert.match(await textOf(page, "h1"), /Acme <b>Corporation<\/b>/);
  const endpoint = { account_id: "acme:eu@1", url: "http://127.0.0.1:1/hook", name: "Orders" };
  await api("POST", "/v1/endpoints", endpoint);
  await page.goto(`${server.url}/ui/${project.id}/accounts`);
  await look(page, "accounts");
  await page.type("#account-id", " acme:eu@1 ");
  await submit(page, "form.filters button");
  assert.match(await textOf(page), /Orders/);
  await look(page, "account");

  await page.$eval("#f-name", (field) => { field.value = "Acme"; });
  await submit(page, "form[action$='/rename'] button");
  assert.match(await textOf(page), /Saved/);
  assert.equal((await api("GET", "/v1/accounts/acme:eu@1")).name, "Acme");

  await page.type("#f-confirm", "acme");
  answer = await submit(page, "form[action$='/delete'] button");
  assert.equal(answer.status(), 422);
  assert.match(await textOf(page, "#f-confirm-error"), /acme:eu@1 exactly/);
  assert.equal(await page.$eval("#f-name", (field) => field.value), "Acme");
  await page.$eval("#f-confirm", (field) => { field.value = ""; });
  await page.type("#f-confirm", "acme:eu@1");
  await submit(page, "form[action$='/delete'] button");
  assert.match(await textOf(page), /The account is deleted/);
  await assert.rejects(api("GET", "/v1/accounts/acme:eu@1"), /404/);
  answer = await page.goto(`${server.url}/ui/${project.id}/accounts/acme:eu@1`);
  assert.equal(answer.status(), 404);
  await page.done();
});

test("a key that may only read sees accounts and nothing to change", async () => {
  await api("POST", "/v1/accounts", { id: "globex", name: "Globex" });
  const reader = await api("POST", "/v1/keys", { scopes: ["accounts:read", "deliveries:read"] });
  const page = await operator(reader.api_key);
  await page.goto(`${server.url}/ui/${project.id}/accounts/globex`);
  assert.match(await textOf(page, "h1"), /Globex/);
  assert.deepEqual(await page.$$eval("main form", (forms) => forms.length), 0);
  await page.goto(`${server.url}/ui/${project.id}/accounts`);
  assert.deepEqual(await page.$$eval("main form[method=post]", (forms) => forms.length), 0);
  await page.done();
});
