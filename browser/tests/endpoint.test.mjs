// One endpoint: its state and the way out, tests, and all that stops deliveries.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, signedIn, submit, textOf } from "../support/browser.mjs";
import { startReceiver } from "../support/receiver.mjs";
import { until } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, receiver, failing, api, base;
stage(async (on) => {
  server = await on.server();
  browser = await on.browser();
  receiver = await on.receiver();
  failing = await on.receiver(() => ({ status: 503, body: "we are closed" }));
  const made = await on.project(server, "shop");
  api = made.api;
  base = `${server.url}/ui/${made.project.id}`;
  for (const [name, description, example] of [
    ["order.paid", "An order was paid.", { order: "o_1", amount: 1200 }],
    ["order.refunded", "An order was refunded.", { order: "o_1", amount: 300 }],
  ]) await api("POST", "/v1/event-types", { name, group: "Orders", description, versions: [{ version: 1, example }] });
});

const make = (body) => api("POST", "/v1/endpoints", body);
const publish = (type = "order.paid", data = { order: "o_2", amount: 500 }) => api("POST", "/v1/events", { type, data });

async function open(path) {
  const page = await signedIn(browser, server);
  const answer = await page.goto(`${base}${path}`);
  assert.equal(answer.status(), 200, path);
  return page;
}

test("a well endpoint shows what was sent to it and what is set", async () => {
  const endpoint = await make({
    url: `${receiver.url}/orders`, name: "Order sync", events: ["order.*"], metadata: { team: "billing" },
    filter: { amount: { $gte: 100 } }, headers: { "x-tenant": "acme" }, rate_limit: 50, circuit_breaker: true,
    retry_policy: { max_attempts: 5, backoff_multiplier: 2, initial_delay: 1000 },
  });
  for (let n = 0; n < 3; n++) await publish();
  await until(() => api("GET", `/v1/deliveries?endpoint_id=${endpoint.id}&state=delivered`), (it) => it.data.length === 3);
  const page = await open(`/endpoints/${endpoint.id}`);
  const text = await textOf(page);
  assert.match(text, /Order sync/);
  assert.match(text, /Active: events are sent as they come/);
  assert.match(text, /x-tenant: acme/);
  assert.match(text, /at most 50 requests a second/);
  assert.equal((await page.$$("#now tbody tr[data-key]")).length, 3);
  await until(async () => { await page.reload(); return textOf(page, ".tiles"); }, (it) => /100 %/.test(it));
  await look(page, "endpoint");
  await page.done();
});

test("it is paused with a reason, holds its deliveries, and is resumed", async () => {
  const endpoint = await make({ url: `${receiver.url}/paused`, name: "Paused one", events: ["pause.*"] });
  const page = await open(`/endpoints/${endpoint.id}`);
  await page.type("#reason-pause", "they move house");
  await submit(page, "form[action$='/pause'] button");
  await publish("pause.test");
  await page.reload();
  await until(async () => { await page.reload(); return textOf(page, ".standing"); }, (it) => /1 delivery waits/.test(it));
  assert.match(await textOf(page, ".standing"), /Paused by hand, in the dashboard: they move house/);
  await look(page, "endpoint-paused");
  await submit(page, ".standing form[action$='/enable'] button");
  assert.match(await textOf(page), /The endpoint is enabled/);
  await until(() => receiver.received, (all) => all.some((it) => it.path === "/paused"));
  await page.done();
});

test("it is disabled and enabled by hand", async () => {
  const endpoint = await make({ url: `${receiver.url}/off`, events: ["off.*"] });
  const page = await open(`/endpoints/${endpoint.id}`);
  await submit(page, "form[action$='/disable'] button");
  assert.match(await textOf(page), /nothing is sent to it/);
  assert.equal((await api("GET", `/v1/endpoints/${endpoint.id}`)).status, "disabled");
  assert.match(await textOf(page, ".standing"), /Disabled by hand, in the dashboard/);
  // Since when stays the same whatever else is changed.
  const since = (await api("GET", `/v1/endpoints/${endpoint.id}`)).status_since;
  await api("PATCH", `/v1/endpoints/${endpoint.id}`, { name: "Switched off" });
  await page.reload();
  assert.equal(await page.$eval(".standing time", (it) => it.getAttribute("datetime")), since);
  assert.doesNotMatch(await textOf(page, ".standing"), /at the latest/);
  await submit(page, ".standing form[action$='/enable'] button");
  assert.equal((await api("GET", `/v1/endpoints/${endpoint.id}`)).status, "active");
  await page.done();
});

test("a failing endpoint's breaker says until when, and is closed by hand", async () => {
  const endpoint = await make({
    url: failing.url, name: "Down", events: ["down.*"], circuit_breaker: { min_attempts: 1, open_seconds: 3600 },
  });
  await publish("down.now");
  await until(() => api("GET", `/v1/endpoints/${endpoint.id}`), (it) => it.health.breaker.state === "open");
  await until(() => api("GET", `/v1/stats?endpoint_id=${endpoint.id}`), (it) => it.totals.errors.server_error === 1);
  const page = await open(`/endpoints/${endpoint.id}`);
  assert.match(await textOf(page, ".standing"), /Left alone by its circuit breaker until/);
  assert.match(await textOf(page), /The endpoint failed \(5xx\)/);
  await look(page, "endpoint-breaker-open");
  await submit(page, ".standing form[action$='/close-breaker'] button");
  assert.match(await textOf(page), /The circuit breaker is closed/);
  await page.done();
});

test("an endpoint that waits for its receiver's consent says so, and asks again by hand", async () => {
  let consents = false;
  const careful = await startReceiver((request) => {
    if (request.method !== "OPTIONS") return {};
    return consents ? { headers: { "webhook-allowed-origin": "*", "webhook-allowed-rate": "120" } } : { status: 404, body: "who?" };
  });
  const endpoint = await make({ url: careful.url, name: "Careful", events: ["careful.*"], validation: "cloudevents" });
  await until(() => api("GET", `/v1/endpoints/${endpoint.id}`), (it) => it.last_validation);
  const page = await open(`/endpoints/${endpoint.id}`);
  assert.match(await textOf(page, ".standing"), /has not yet agreed to be sent events/);
  await look(page, "endpoint-waiting-for-validation");
  await submit(page, ".standing form[action$='/validate'] button");
  assert.match(await textOf(page), /did not agree/);
  consents = true;
  await submit(page, ".standing form[action$='/validate'] button");
  assert.match(await textOf(page), /The receiver agreed/);
  assert.match(await textOf(page, ".standing"), /Active/);
  assert.match(await textOf(page), /at most 120 requests a minute/);
  await page.done();
  await careful.stop();
});

test("an endpoint that answered 410 says why it is disabled, and links to what replays its failures", async () => {
  const gone = await startReceiver(() => ({ status: 410 }));
  const endpoint = await make({ url: gone.url, name: "Gone", events: ["gone.*"] });
  await publish("gone.away");
  await until(() => api("GET", `/v1/endpoints/${endpoint.id}`), (it) => it.status === "disabled");
  const page = await open(`/endpoints/${endpoint.id}`);
  assert.match(await textOf(page, ".standing"), /its receiver answered 410 Gone/);
  await look(page, "endpoint-gone");
  const answer = await submit(page, ".standing a[href*='/replays/new']");
  assert.equal(answer.status(), 200);
  assert.ok((await page.content()).includes(endpoint.id));
  await page.done();
  await gone.stop();
});

test("a test event shows what came of it", async () => {
  const endpoint = await make({ url: `${failing.url}/test`, name: "Tested", events: ["none.at.all"] });
  const page = await open(`/endpoints/${endpoint.id}/test`);
  await page.select("#f-type", "order.refunded");
  await submit(page, "form.filters button");
  assert.match(await page.$eval("#f-data", (it) => it.value), /"amount": 300/);
  await look(page, "endpoint-test");
  await submit(page, "form.stack button.primary");
  await page.waitForFunction(() => /did not acknowledge the test: it answered 503/.test(document.querySelector("#result").innerText));
  assert.match(await textOf(page, "#result"), /we are closed/);
  await look(page, "endpoint-test-failed");
  await page.done();
});

test("a payload that is no JSON is refused beside its field and stays", async () => {
  const endpoint = await make({ url: receiver.url, events: ["none"] });
  const page = await open(`/endpoints/${endpoint.id}/test`);
  await page.$eval("#f-data", (it) => { it.value = "{broken"; });
  const answer = await submit(page, "form.stack button.primary");
  assert.equal(answer.status(), 422);
  assert.match(await textOf(page, "#f-data-error"), /This is no JSON/);
  assert.equal(await page.$eval("#f-data", (it) => it.value), "{broken");
  await page.done();
});

test("what waits is cancelled after its number was seen", async () => {
  const endpoint = await make({ url: `${receiver.url}/never`, events: ["wait.*"], status: "paused" });
  for (let n = 0; n < 3; n++) await publish("wait.here");
  const page = await open(`/endpoints/${endpoint.id}`);
  await submit(page, "a[href$='/cancel']");
  assert.match(await textOf(page), /3 deliveries wait/);
  await look(page, "endpoint-cancel");
  await submit(page, "form[action$='/cancel'] button");
  assert.match(await textOf(page), /3 deliveries were cancelled/);
  const left = await api("GET", `/v1/deliveries?endpoint_id=${endpoint.id}&state=cancelled`);
  assert.equal(left.data.length, 3);
  await page.done();
});

test("an endpoint is deleted only once its id was typed", async () => {
  const endpoint = await make({ url: receiver.url, events: ["gone"] });
  const page = await open(`/endpoints/${endpoint.id}`);
  await submit(page, "a[href$='/delete']");
  await page.type("#f-typed", "something else");
  const refused = await submit(page, "form[action$='/delete'] button");
  assert.equal(refused.status(), 422);
  assert.match(await textOf(page), /This is not the endpoint's id/);
  await look(page, "endpoint-delete");
  await page.$eval("#f-typed", (it) => { it.value = ""; });
  await page.type("#f-typed", endpoint.id);
  await Promise.all([page.waitForNavigation(), page.click("form[action$='/delete'] button")]);
  await assert.rejects(api("GET", `/v1/endpoints/${endpoint.id}`), /404/);
  await page.done();
});

test("a key that may only read sees no buttons, and its forms are refused", async () => {
  const endpoint = await make({ url: receiver.url, events: ["read.only"] });
  const key = await api("POST", "/v1/keys", { name: "reader", scopes: ["endpoints:read", "deliveries:read"] });
  const page = await signedIn(browser, server, key.api_key);
  await page.goto(`${base}/endpoints/${endpoint.id}`);
  assert.equal((await page.$$("main form")).length, 0);
  const status = await page.evaluate(async (address) => {
    const body = new URLSearchParams({ _csrf: document.querySelector("[name=_csrf]").value });
    return (await fetch(`${address}/pause`, { method: "POST", body })).status;
  }, `${base}/endpoints/${endpoint.id}`);
  assert.equal(status, 403);
  assert.equal((await api("GET", `/v1/endpoints/${endpoint.id}`)).status, "active");
  await page.done();
});
