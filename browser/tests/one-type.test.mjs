// An event type that fails wherever it is sent is named on the overview.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, openPage, signedIn, submit, textOf } from "../support/browser.mjs";
import { enterPortal } from "../support/portal.mjs";
import { until } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";

const ONCE = { max_attempts: 1, backoff_multiplier: 1, initial_delay: 1000 };
let server, browser, receiver, project, api;
stage(async (on) => {
  server = await on.server();
  browser = await on.browser();
  // Nobody takes an order whose amount is a text.
  receiver = await on.receiver((_, body) => (/"amount":"/.test(body) ? { status: 422, body: "amount must be a number" } : {}));
  ({ project, api } = await on.project(server));
  for (const name of ["CRM", "Warehouse", "Ledger", "Search"]) {
    await api("POST", "/v1/endpoints", { name, url: `${receiver.url}/${name}`, account_id: "acme", retry_policy: ONCE });
  }
  for (let number = 0; number < 8; number += 1) {
    await api("POST", "/v1/events", { account_id: "acme", type: "order.paid", data: { amount: number } });
    await api("POST", "/v1/events", { account_id: "acme", type: "order.refunded", data: { amount: `${number}` } });
  }
  const failing = () => api("GET", "/v1/stats/event-types");
  await until(failing, ({ data }) => data[0]?.failures === 32);
});

test("the overview names it, says why it fails, and leads to its failures", async () => {
  const page = await signedIn(browser, server, project.api_key);
  const advice = await textOf(page, ".advice");
  assert.match(advice, /Fails at many endpoints: order\.refunded/);
  assert.match(advice, /32 of 32 attempts of this type failed in the last 24 hours, mostly so: The endpoint refused the request \(4xx\)\. The newest 32 were at 4 endpoints/);
  assert.doesNotMatch(advice, /order\.paid/);
  await look(page, "overview-one-type");
  await submit(page, ".advice a[href*='event_type=order.refunded']");
  const rows = await page.$$eval("tbody tr", (all) => all.map((it) => it.innerText));
  assert.equal(rows.length, 32);
  assert.ok(rows.every((it) => /order\.refunded/.test(it)));
  await page.done();
});

test("a customer is not told what is counted of the whole project", async () => {
  const page = await openPage(browser);
  await enterPortal(page, api, "acme");
  assert.doesNotMatch(await textOf(page), /Fails at many endpoints/);
  await page.done();
});
