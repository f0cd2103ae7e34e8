// Replays: counted first, begun, watched, paused, gone on with and ended.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, openPage, signIn, signedIn, submit, textOf } from "../support/browser.mjs";
import { until } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";

const EVENTS = 40;
let server, browser, receiver, project, endpoint;
let down = true;

stage(async (on) => {
  server = await on.server();
  browser = await on.browser();
  receiver = await on.receiver(() => (down ? { status: 500, body: "down" } : { body: "ok" }));
  // GitHub's format makes no retry: what fails has failed.
  project = await server.api("POST", "/v1/projects", { name: "Shop", profile: "github" });
  const path = (path) => `${path}?project_id=${project.id}`;
  endpoint = await server.api("POST", path("/v1/endpoints"), { name: "Orders", url: `${receiver.url}/hooks`, events: ["*"] });
  for (let number = 0; number < EVENTS; number++) {
    await server.api("POST", path("/v1/events"), { type: "order.paid", data: { number } });
  }
  const failed = `${path("/v1/deliveries")}&state=failed&limit=250`;
  await until(() => server.api("GET", failed), (list) => list.data.length === EVENTS);
  down = false;
});

const at = (path) => `${server.url}/ui/${project.id}${path}`;

// Fills in the form as it is, with this rate, and goes to the page that says how many it is.
async function countThem(page, rate) {
  await page.goto(at("/replays/new"));
  await page.select("#f-endpoint_id", endpoint.id);
  await page.type("#f-rate_per_second", String(rate));
  await submit(page, "button[value=count]");
}

test("a replay is counted first, begun, and goes to its end", async () => {
  const page = await signedIn(browser, server);
  await page.goto(at("/replays"));
  assert.match(await textOf(page), /No replay yet/);
  await look(page, "replays-empty");
  await submit(page, "main a.primary");
  await look(page, "replay-new");
  await countThem(page, 500);
  assert.equal(await textOf(page, "#counted"), `${EVENTS} deliveries`);
  assert.equal((await server.api("GET", `/v1/replays?project_id=${project.id}`)).data.length, 0);
  await look(page, "replay-counted");
  await submit(page, "button[value=change]");
  assert.equal(await page.$eval("#f-rate_per_second", (input) => input.value), "500");
  await submit(page, "button[value=count]");
  await submit(page, "button[value=begin]");
  assert.match(await textOf(page), /The replay has begun/);
  // The page tells it by itself.
  await page.waitForFunction(() => document.querySelector("#replay .badge").innerText === "finished");
  assert.match(await textOf(page), new RegExp(`${EVENTS} of ${EVENTS}`));
  assert.equal(await page.$("main form"), null, "nothing can be done with one that has ended");
  await look(page, "replay-finished");
  const delivered = `/v1/deliveries?project_id=${project.id}&state=delivered&limit=250`;
  await until(() => server.api("GET", delivered), (list) => list.data.length === EVENTS);
  // What became of them is told without a reload as well.
  if (!(await page.$("#still-waiting"))) await page.reload();
  await page.waitForFunction(() => document.querySelector("#still-waiting .value").innerText === "0");
  assert.equal(await textOf(page, "#failed-since .value"), "0");
  await page.done();
});

test("a replay that has ended tells what failed again and what still waits, and leads to it", async () => {
  const path = (path) => `${path}?project_id=${project.id}`;
  const page = await openPage(browser);
  await signIn(page, server);
  down = true;
  const since = new Date(Date.now() - 3600_000).toISOString();
  const ids = [];
  for (let number = 0; number < 3; number++) {
    ids.push((await server.api("POST", path("/v1/events"), { type: "order.refunded", data: { number } })).id);
  }
  const failed = `${path("/v1/deliveries")}&event_type=order.refunded&state=failed`;
  const list = await until(() => server.api("GET", failed), (list) => list.data.length === 3);
  const { id } = await server.api("POST", path("/v1/replays"), { since, event_types: ["order.refunded"] });
  await until(() => server.api("GET", failed), ({ data }) => data.length === 3 && data.every((it) => it.attempts === 2));
  await until(() => server.api("GET", path(`/v1/replays/${id}`)), (it) => it.state === "finished");
  // One is delivered after all, one waits at a paused endpoint.
  down = false;
  await server.api("POST", path(`/v1/deliveries/${list.data[0].id}/resend`));
  await until(() => server.api("GET", failed), ({ data }) => data.length === 2);
  await server.api("POST", path(`/v1/endpoints/${endpoint.id}/pause`), {});
  const again = await server.api("POST", path("/v1/replays"), { since, event_id: list.data[1].event_id });
  await until(() => server.api("GET", path(`/v1/replays/${again.id}`)), (it) => it.state === "finished");
  await page.goto(at(`/replays/${id}`));
  assert.equal(await textOf(page, "#failed-since .value"), "1");
  assert.equal(await textOf(page, "#still-waiting .value"), "1");
  await look(page, "replay-became");
  await submit(page, "#failed-since a");
  assert.deepEqual(await page.$$eval("tbody tr", (rows) => rows.map((row) => row.dataset.key)), [list.data[2].id]);
  assert.equal(await page.$eval("#q-state", (it) => it.value), "failed");
  await page.goBack();
  await submit(page, "#still-waiting a");
  assert.deepEqual(await page.$$eval("tbody tr", (rows) => rows.map((row) => row.dataset.key)), [list.data[1].id]);
  await server.api("POST", path(`/v1/endpoints/${endpoint.id}/enable`));
  await until(() => server.api("GET", failed), ({ data }) => data.length === 1);
  await page.done();
});

test("what is wrong is said beside its field, with what was typed", async () => {
  const page = await signedIn(browser, server);
  await page.goto(at("/replays/new"));
  await page.select("#f-what", "all");
  await page.type("#f-event_types", "order.*");
  const answer = await submit(page, "button[value=count]");
  assert.equal(answer.status(), 422);
  assert.match(await textOf(page, "#f-endpoint_id-error"), /name the endpoint/);
  assert.equal(await page.$eval("#f-event_types", (input) => input.value), "order.*");
  await look(page, "replay-refused");
  await page.done();
});

test("only some deliveries are replayed: by how they failed, or of one event", async () => {
  const page = await signedIn(browser, server);
  const path = (path) => `${path}?project_id=${project.id}`;
  down = true;
  const { id } = await server.api("POST", path("/v1/events"), { type: "order.paid", data: { number: EVENTS } });
  await until(() => server.api("GET", `${path("/v1/deliveries")}&event_id=${id}`), (list) => list.data[0].state === "failed");
  down = false;
  await page.goto(at("/replays/new"));
  await page.click("details.fold summary");
  await page.select("#f-error_class", "timeout");
  await submit(page, "button[value=count]");
  assert.equal(await textOf(page, "#counted"), "0 deliveries");
  assert.match(await textOf(page, "dl.facts"), /Last failed by\s+timeout/);
  await submit(page, "button[value=change]");
  assert.equal(await page.$eval("#f-error_class", (it) => it.value), "timeout");
  assert.ok(await page.$("details.fold[open]"), "what is used is seen");
  await page.select("#f-error_class", "server_error");
  await page.select("#f-states", "failed");
  await page.type("#f-status", "6xx");
  assert.equal((await submit(page, "button[value=count]")).status(), 422);
  assert.match(await textOf(page, "#f-status-error"), /2xx, 3xx, 4xx or 5xx/);
  await page.$eval("#f-status", (it) => { it.value = "500"; });
  await page.type("#f-event_id", "evt_nobody");
  assert.equal((await submit(page, "button[value=count]")).status(), 404);
  assert.match(await textOf(page, "#f-event_id-error"), /event/);
  await page.$eval("#f-event_id", (it, id) => { it.value = id; }, id);
  await look(page, "replay-narrowed");
  await submit(page, "button[value=count]");
  assert.equal(await textOf(page, "#counted"), "1 delivery");
  await look(page, "replay-narrowed-counted");
  await submit(page, "button[value=begin]");
  await page.waitForFunction(() => document.querySelector("#replay .badge").innerText === "finished");
  const facts = await textOf(page, "dl.facts");
  for (const fact of [/Only in state\s+failed/, /Last answered\s+500/, /Last failed by\s+server error/]) assert.match(facts, fact);
  assert.ok(facts.includes(id), facts);
  await until(() => server.api("GET", `${path("/v1/deliveries")}&event_id=${id}`), (list) => list.data[0].state === "delivered");
  await page.done();
});

test("a replay that runs can be paused, resumed and ended", async () => {
  const page = await openPage(browser);
  page.on("dialog", (dialog) => dialog.accept());
  await signIn(page, server);
  const path = `/v1/replays?project_id=${project.id}`;
  const since = new Date(Date.now() - 3600_000).toISOString();
  const slow = { what: "all", endpoint_id: endpoint.id, since, rate_per_second: 1 };
  const replay = await server.api("POST", path, slow);
  await page.goto(at(`/replays/${replay.id}`));
  await submit(page, "form[action$='/pause'] button");
  assert.match(await textOf(page), /The replay rests/);
  assert.equal(await textOf(page, "#replay .badge"), "paused");
  await look(page, "replay-paused");
  await submit(page, "form[action$='/resume'] button");
  assert.equal(await textOf(page, "#replay .badge"), "running");
  await page.goto(at("/replays"));
  assert.match(await textOf(page), /running/);
  await look(page, "replays");
  await page.goto(at(`/replays/${replay.id}`));
  await submit(page, "form[action$='/cancel'] button");
  assert.equal(await textOf(page, "#replay .badge"), "cancelled");
  assert.equal((await server.api("GET", `/v1/replays/${replay.id}?project_id=${project.id}`)).state, "cancelled");
  await page.done();
});

test("a key that may only read sees replays and no button", async () => {
  const key = await server.api("POST", `/v1/keys?project_id=${project.id}`, { name: "reader", scopes: ["deliveries:read", "endpoints:read"] });
  const page = await signedIn(browser, server, key.api_key);
  await page.goto(at("/replays"));
  assert.match(await textOf(page, "h1"), /Replays/);
  assert.equal(await page.$("main a.primary"), null);
  await page.done();
});
