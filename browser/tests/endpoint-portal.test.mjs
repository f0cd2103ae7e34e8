// A customer's own endpoint, in the portal: made, changed, tested, its secret seen once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, openPage, submit, textOf } from "../support/browser.mjs";
import { enterPortal } from "../support/portal.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, receiver, api, other;
stage(async (on) => {
  server = await on.server();
  browser = await on.browser();
  receiver = await on.receiver();
  const made = await on.project(server, "shop");
  api = made.api;
  await api("POST", "/v1/accounts", { id: "acme", name: "Acme" });
  await api("POST", "/v1/event-types", { name: "order.paid", group: "Orders", versions: [{ version: 1, example: { a: 1 } }] });
  other = await api("POST", "/v1/endpoints", { url: receiver.url, account_id: "globex", name: "Not theirs" });
});

const WRITES = ["endpoints:read", "endpoints:write", "deliveries:read", "deliveries:write", "events:read"];

test("a customer makes an endpoint, sees its secret once, and tests it", async () => {
  const page = await openPage(browser);
  await enterPortal(page, api, "acme", { capabilities: WRITES });
  await page.goto(`${server.url}/portal/endpoints/new`);
  assert.equal(await page.$("#f-account_id"), null, "the account is the customer's own");
  await page.type("#f-url", `${receiver.url}/theirs`);
  await page.click("input[value='order.paid']");
  await look(page, "portal-endpoint-new");
  await submit(page, "form.wide button.primary");
  const [made] = (await api("GET", "/v1/endpoints?account_id=acme")).data;
  const { secret } = await api("GET", `/v1/endpoints/${made.id}/secret`);
  assert.match(await textOf(page), /shown this once only/);
  assert.ok((await textOf(page)).includes(secret));
  await look(page, "portal-endpoint-made");

  await page.goto(`${server.url}/portal/endpoints/${made.id}/secret`);
  assert.ok(!(await page.content()).includes(secret));
  assert.equal(await page.$("form[action$='/reveal']"), null);
  await page.goto(`${server.url}/portal/endpoints/${made.id}/test`);
  await submit(page, "form.stack button.primary");
  await page.waitForFunction(() => /acknowledged the test with 200/.test(document.querySelector("#result").innerText));
  await page.goto(`${server.url}/portal/endpoints/${made.id}`);
  await look(page, "portal-endpoint");
  await page.done();
});

test("another account's endpoint is not there for a customer", async () => {
  const page = await openPage(browser);
  await enterPortal(page, api, "acme", { capabilities: WRITES });
  for (const below of ["", "/edit", "/filter", "/secret", "/test", "/cancel", "/delete"]) {
    const answer = await page.goto(`${server.url}/portal/endpoints/${other.id}${below}`);
    assert.equal(answer.status(), 404, below);
    assert.doesNotMatch(await page.content(), /Not theirs/);
  }
  await page.done();
});

test("who may only read sees an endpoint and cannot change it", async () => {
  const mine = await api("POST", "/v1/endpoints", { url: receiver.url, account_id: "acme", name: "Read me" });
  const page = await openPage(browser);
  await enterPortal(page, api, "acme", { capabilities: ["endpoints:read"] });
  for (const below of ["", "/filter", "/secret"]) {
    const answer = await page.goto(`${server.url}/portal/endpoints/${mine.id}${below}`);
    assert.equal(answer.status(), 200, below);
    assert.equal(await page.$("main button.primary, main button.danger, main form[action$='/pause']"), null, below);
  }
  await look(page, "portal-endpoint-readonly");
  await page.done();
});
