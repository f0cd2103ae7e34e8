// The signing secret: hidden, shown once when asked for, replaced.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, openPage, signIn, submit, textOf } from "../support/browser.mjs";
import { apiOf } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";

let server, browser;
stage(async (on) => {
  server = await on.server();
  browser = await on.browser();
});

async function withEndpoint(profile, more = {}) {
  const project = await server.api("POST", "/v1/projects", { name: profile, profile });
  const api = apiOf(server.url, project.api_key);
  const endpoint = await api("POST", "/v1/endpoints", { url: "https://example.com/hook", name: "Signed", ...more });
  const page = await openPage(browser);
  page.on("dialog", (dialog) => dialog.accept());
  await signIn(page, server);
  await page.goto(`${server.url}/ui/${project.id}/endpoints/${endpoint.id}/secret`);
  return { api, endpoint, page, path: `/v1/endpoints/${endpoint.id}` };
}
const reveal = (page) => submit(page, "form[action$='/secret/reveal'] button");
const rotate = (page) => submit(page, "form[action$='/secret/rotate'] button");

test("a secret is not in the page before it is asked for, and never in an address", async () => {
  const { endpoint, page } = await withEndpoint("standard-webhooks");
  assert.ok(!(await page.content()).includes(endpoint.secret));
  await look(page, "endpoint-secret");
  const answer = await reveal(page);
  assert.equal(answer.headers()["cache-control"], "no-store");
  assert.ok((await textOf(page)).includes(endpoint.secret));
  assert.ok(!page.url().includes(endpoint.secret));
  await submit(page, "a.button[href$='/secret']");
  assert.ok(!(await page.content()).includes(endpoint.secret));
  await page.done();
});

test("it is replaced with an overlap in which both count, which is ended by hand", async () => {
  const { api, endpoint, page, path } = await withEndpoint("standard-webhooks");
  await page.select("#f-overlap", "3600");
  await rotate(page);
  assert.match(await textOf(page), /The secret is replaced/);
  assert.match(await textOf(page, ".note"), /signed with both secrets/);
  await look(page, "endpoint-secret-overlap");
  await reveal(page);
  const both = await api("GET", `${path}/secret`);
  assert.equal(both.previous_secret, endpoint.secret);
  for (const secret of [both.secret, both.previous_secret]) assert.ok((await textOf(page)).includes(secret));
  await page.goto(page.url().replace("/reveal", ""));
  const refused = await rotate(page);
  assert.equal(refused.status(), 409);
  assert.match(await textOf(page), /counts until/);
  await submit(page, "form[action$='/secret/end'] button");
  assert.match(await textOf(page), /counts no more/);
  const after = await api("GET", `${path}/secret`);
  assert.deepEqual([after.secret, after.previous_secret], [both.secret, null]);
  await page.done();
});

test("a format of one signature says when it changes over", async () => {
  const { page } = await withEndpoint("authepy");
  assert.match(await textOf(page), /carries one signature/);
  await rotate(page);
  assert.match(await textOf(page, ".note"), /with the old secret alone/);
  await page.done();
});

test("a secret of one's own that the format cannot use is refused beside its field and not shown again", async () => {
  const { api, endpoint, page, path } = await withEndpoint("standard-webhooks");
  await page.type("#f-secret", "no such secret");
  const refused = await rotate(page);
  assert.equal(refused.status(), 422);
  assert.ok(await page.$("#f-secret-error"));
  assert.equal(await page.$eval("#f-secret", (it) => it.value), "");
  assert.equal((await api("GET", `${path}/secret`)).secret, endpoint.secret);
  await page.done();
});

test("the public key of an ed25519 endpoint is always there", async () => {
  const { endpoint, page } = await withEndpoint("standard-webhooks", { secret_type: "ed25519" });
  assert.ok((await textOf(page)).includes(endpoint.public_key));
  assert.ok(!(await page.content()).includes(endpoint.secret));
  await look(page, "endpoint-secret-ed25519");
  await page.done();
});
