// A customer's portal opened by hand from the account's page: a link shown once, and its session ended.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, openPage, signedIn, submit, textOf } from "../support/browser.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, project, api;
stage(async (on) => {
  server = await on.server();
  browser = await on.browser();
  ({ project, api } = await on.project(server));
  await api("POST", "/v1/accounts", { id: "acme:eu", name: "Acme <b>Ltd</b>" });
});

const MAKE = "form[action$='/portal-links'] button.primary";

async function open(key = project.api_key, path = "") {
  const page = await signedIn(browser, server, key);
  await page.goto(`${server.url}/ui/${project.id}/accounts/acme:eu${path}`);
  return page;
}

async function follow(url) {
  const customer = await openPage(browser);
  const answer = await customer.goto(url);
  return { customer, answer };
}

test("a link is made, shown once, followed once, and its session is ended", async () => {
  const page = await open();
  await page.click("details.unfold summary");
  await look(page, "account-portal-link");
  await page.select("#f-expires_in_seconds", "900");
  await submit(page, MAKE);
  assert.match(await textOf(page), /shown this once/);
  assert.match(await textOf(page), /Acme <b>Ltd<\/b>/);
  await look(page, "portal-link-made");
  const url = await textOf(page, ".block code");
  assert.ok(url.startsWith(`${server.url}/portal/enter/`), url);
  assert.equal(await page.$eval("a.primary", (it) => it.href), url);

  const { customer, answer } = await follow(url);
  assert.equal(answer.status(), 200);
  assert.match(await textOf(customer, "header"), /Acme <b>Ltd<\/b>/);
  assert.ok((await customer.$$("main a[href='/portal/endpoints/new'], aside a[href='/portal/endpoints']")).length > 0);
  const second = await follow(url);
  assert.equal(second.answer.status(), 404);
  await second.customer.done();

  await submit(page, "main .actions a.button:not(.primary)");
  assert.match(await textOf(page, "tbody"), /All that the customer may/);
  assert.doesNotMatch(await page.content(), new RegExp(url.split("/").at(-1)), "the link is not shown again");
  const [session] = (await api("GET", "/v1/accounts/acme:eu/portal-tokens")).data;
  assert.equal(Math.round((Date.parse(session.expires_at) - Date.parse(session.created_at)) / 1000), 900);
  await look(page, "portal-links");
  page.on("dialog", (dialog) => dialog.accept());
  await submit(page, "form[action$='/end'] button");
  assert.match(await textOf(page), /The portal session has ended/);
  assert.match(await textOf(page, "tbody"), /ended/);
  assert.equal((await page.$$("form[action$='/end']")).length, 0);
  assert.equal((await customer.goto(`${server.url}/portal/deliveries`)).status(), 401);
  await customer.done();
  await page.done();
});

test("a link to look only changes nothing, and a link that was ended before it was followed opens nothing", async () => {
  const page = await open(project.api_key, "/portal-links");
  await page.click("details.unfold summary");
  await page.select("#f-may", "read_only");
  await submit(page, MAKE);
  const { customer } = await follow(await textOf(page, ".block code"));
  assert.match(await textOf(customer, "aside"), /change nothing/);
  assert.equal((await customer.goto(`${server.url}/portal/endpoints/new`)).status() < 500, true);
  const [reader] = (await api("GET", "/v1/accounts/acme:eu/portal-tokens")).data;
  assert.deepEqual(reader.capabilities.toSorted(), ["deliveries:read", "endpoints:read", "events:read"]);
  await customer.done();

  await page.goto(`${server.url}/ui/${project.id}/accounts/acme:eu/portal-links`);
  await page.click("details.unfold summary");
  await page.click("input[name=reveal_secrets]");
  await submit(page, MAKE);
  const url = await textOf(page, ".block code");
  const [revealing] = (await api("GET", "/v1/accounts/acme:eu/portal-tokens")).data;
  assert.equal(revealing.reveal_secrets, true);
  await api("DELETE", `/v1/accounts/acme:eu/portal-tokens/${revealing.id}`);
  const late = await follow(url);
  assert.equal(late.answer.status(), 404);
  await late.customer.done();
  await page.done();
});

test("a refused form says why and keeps what was chosen", async () => {
  const page = await open(project.api_key, "/portal-links");
  await page.click("details.unfold summary");
  await page.$eval("#f-expires_in_seconds option", (it) => { it.value = "86401"; });
  await page.select("#f-may", "read_only");
  const answer = await submit(page, MAKE);
  assert.equal(answer.status(), 422);
  assert.match(await textOf(page, "#f-expires_in_seconds-error"), /1 to 86400 seconds/);
  assert.equal(await page.$eval("#f-may", (it) => it.value), "read_only");
  await page.done();
});

test("a key hands out no more than it has, and without the scope there is nothing to press", async () => {
  const scopes = ["accounts:read", "portal:write", "endpoints:read", "deliveries:read"];
  const some = await api("POST", "/v1/keys", { scopes });
  const page = await open(some.api_key);
  await page.click("details.unfold summary");
  assert.equal((await page.$$("input[name=reveal_secrets]")).length, 0);
  await submit(page, MAKE);
  assert.match(await textOf(page), /shown this once/);
  const [made] = (await api("GET", "/v1/accounts/acme:eu/portal-tokens")).data;
  assert.deepEqual(made.capabilities.toSorted(), ["deliveries:read", "endpoints:read"]);
  await page.done();
  const none = await api("POST", "/v1/keys", { scopes: ["accounts:read", "deliveries:read", "endpoints:read"] });
  const other = await open(none.api_key);
  assert.doesNotMatch(await textOf(other), /portal/i);
  const answer = await other.goto(`${server.url}/ui/${project.id}/accounts/acme:eu/portal-links`);
  assert.equal(answer.status(), 403);
  await other.done();
});
