// A project's settings, its audit log, and what is removed for good.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, signedIn, submit, textOf } from "../support/browser.mjs";
import { apiOf, until } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, project, api, owner;
stage(async (on) => {
  server = await on.server();
  ({ project, api } = await on.project(server));
  owner = await api("GET", "/v1/keys/self");
  browser = await on.browser();
});

async function operator(key, path) {
  const page = await signedIn(browser, server, key);
  await page.goto(server.url + path);
  return page;
}

async function fill(page, id, text) {
  await page.$eval(`[id='${id}']`, (field) => { field.value = ""; });
  await page.type(`[id='${id}']`, text);
}

test("settings are changed, refused beside the field, and what was not touched stays", async () => {
  await api("PATCH", `/v1/projects/${project.id}`, { settings: { public_catalogue: true, retention: { attempts: 3 } } });
  const page = await operator(project.api_key, `/ui/${project.id}/settings`);
  await look(page, "settings");
  await fill(page, "f-name", "Shop & Co");
  await fill(page, "f-settings-retention-deliveries", "2");
  let answer = await submit(page, "main button.primary");
  assert.equal(answer.status(), 422);
  assert.match(await textOf(page, "[id='f-settings-retention-attempts-error']"), /not be more than/);
  assert.equal(await page.$eval("#f-name", (field) => field.value), "Shop & Co");
  await look(page, "settings-refused");
  assert.equal((await api("GET", `/v1/projects/${project.id}`)).name, "Shop");

  await fill(page, "f-settings-retention-deliveries", "20");
  await fill(page, "f-settings-disable_after_days", "0");
  await page.click("input[name='settings/refuse_unknown_event_types']");
  await page.click("input[name=breaker]");
  await fill(page, "f-settings-circuit_breaker-failure_rate", "1.5");
  answer = await submit(page, "main button.primary");
  assert.equal(answer.status(), 422);
  assert.match(await textOf(page, "[id='f-settings-circuit_breaker-failure_rate-error']"), /at most 1/);
  await fill(page, "f-settings-circuit_breaker-failure_rate", "0.25");
  await fill(page, "f-settings-circuit_breaker-open_seconds", "90");
  await submit(page, "main button.primary");
  assert.match(await textOf(page), /Saved/);
  const { name, settings } = await api("GET", `/v1/projects/${project.id}`);
  assert.equal(name, "Shop & Co");
  assert.deepEqual(settings.retention, { payloads: null, attempts: 3, deliveries: 20 });
  assert.equal(settings.disable_after_days, 0);
  assert.equal(settings.public_catalogue, true);
  assert.equal(settings.refuse_unknown_event_types, true);
  assert.deepEqual(
    [settings.circuit_breaker.failure_rate, settings.circuit_breaker.open_seconds, settings.circuit_breaker.min_attempts],
    [0.25, 90, 20],
  );
  await page.click("input[name=breaker]");
  await page.click("input[name='settings/refuse_unknown_event_types']");
  await submit(page, "main button.primary");
  assert.equal((await api("GET", `/v1/projects/${project.id}`)).settings.circuit_breaker, null);
  await page.done();
});

test("the audit log says who did what, and its filters live in the address", async () => {
  await api("POST", "/v1/accounts", { id: "acme", name: "Acme" });
  const other = await api("POST", "/v1/keys", { name: "CI", scopes: ["accounts:read", "accounts:write"] });
  await apiOf(server.url, other.api_key)("PATCH", "/v1/accounts/acme", { name: "Acme Ltd" });
  await apiOf(server.url, other.api_key)("DELETE", "/v1/keys/key_1").catch(() => {});
  const page = await operator(project.api_key, `/ui/${project.id}/audit`);
  const all = await textOf(page, "tbody");
  for (const said of [/Changes an account/, /Makes an account/, /Makes a key/, /refused: not allowed/, /127\.0\.0\.1/]) assert.match(all, said);
  await look(page, "audit");
  await page.type("#a-actor", other.id);
  await submit(page, "form.filters button");
  const theirs = await textOf(page, "tbody");
  assert.match(theirs, /Changes an account/);
  assert.doesNotMatch(theirs, /Makes an account/);
  assert.equal(new URL(page.url()).searchParams.get("actor"), other.id);
  await page.goto(`${server.url}/ui/${project.id}/audit?account_id=acme`);
  assert.doesNotMatch(await textOf(page, "tbody"), /Makes a key/);
  await page.goto(`${server.url}/ui/${project.id}/audit?until=2001-01-01T00:00`);
  assert.match(await textOf(page), /Nothing matches/);
  await page.goto(`${server.url}/ui/${project.id}/audit?account_id=nobody`);
  assert.match(await textOf(page), /no such account/);
  await look(page, "audit-wrong-filter");
  await page.goto(`${server.url}/ui/${project.id}/audit`);
  await submit(page, `tbody a[href*='${owner.id}']`);
  assert.equal(new URL(page.url()).searchParams.get("actor"), owner.id);
  await page.done();
});

test("an account's data is removed for good once it was confirmed, with a receipt", async () => {
  const purger = await server.api("POST", `/v1/keys?project_id=${project.id}`, { scopes: ["data:purge", "accounts:read", "accounts:write"] });
  await api("POST", "/v1/events", { type: "order.created", account_id: "gone", data: { id: 1 } });
  const page = await operator(purger.api_key, `/ui/${project.id}/accounts/gone`);
  await submit(page, "main a[href*='/purges/new']");
  assert.equal(await page.$eval("#f-account_id", (field) => field.value), "gone");
  await page.type("#f-confirm", "yes");
  let answer = await submit(page, "main button.danger");
  assert.equal(answer.status(), 422);
  assert.match(await textOf(page, "#f-confirm-error"), /remove for good exactly/);
  await look(page, "purge-new");
  await fill(page, "f-confirm", "remove for good");
  await fill(page, "f-account_id", "nobody");
  answer = await submit(page, "main button.danger");
  assert.match(await textOf(page), /no such account/);
  await fill(page, "f-confirm", "remove for good");
  await fill(page, "f-account_id", "gone");
  await submit(page, "main button.danger");
  await page.waitForFunction(() => document.querySelector("#receipt").innerText.includes("finished"));
  assert.match(await textOf(page, "#receipt"), /Removed events\s+1/);
  await look(page, "purge");
  await page.goto(`${server.url}/ui/${project.id}/purges`);
  assert.match(await textOf(page, "tbody"), /Account gone/);
  await look(page, "purges");
  await page.done();
});

test("a project is deleted by a root key that types its id", async () => {
  const gone = await server.api("POST", "/v1/projects", { name: "Old", profile: "standard-webhooks" });
  const page = await operator(server.rootKey, `/ui/${gone.id}/settings`);
  await page.type("#f-confirm", gone.id);
  await submit(page, "form[action$='/settings/delete'] button");
  assert.match(await textOf(page), /The project is deleted/);
  await until(() => fetch(`${server.url}/v1/keys/self`, { headers: { authorization: `Bearer ${gone.api_key}` } }), (it) => it.status === 401);
  await page.done();
});
