// Deliveries, events and the log of what failed: found, understood, and sent again.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { look, openPage, signIn, startBrowser, submit, textOf } from "../support/browser.mjs";
import { startServer, until } from "../support/server.mjs";
import { makeWorld } from "../support/world.mjs";

let server, browser, world;
before(async () => {
  server = await startServer();
  world = await makeWorld(server);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await world?.stop();
  await server?.stop();
});

const at = (path) => `${server.url}/ui/${world.project.id}${path}`;
const api = (method, path, body) => world.project.api(method, path, body);
const rows = (page) => page.$$eval("tbody tr", (all) => all.length);

async function operator() {
  const page = await openPage(browser);
  await signIn(page, server, world.project.key);
  return page;
}

test("the list is filtered by what the address says, and the form says it again", async () => {
  const page = await operator();
  await page.goto(at("/deliveries"));
  assert.equal(await rows(page), 50);
  await look(page, "deliveries");
  await page.select("#q-state", "retrying");
  await page.select("#q-endpoint", world.endpoints.failing);
  await page.type("#q-status", "5xx");
  await submit(page, ".filters button.primary");
  assert.match(page.url(), /state=retrying/);
  const states = await page.$$eval("tbody .badge", (all) => all.map((it) => it.textContent));
  assert.ok(states.length > 0 && states.every((state) => state === "retrying"), states.join());
  assert.equal(await page.$eval("#q-state", (it) => it.value), "retrying");
  assert.equal(await page.$eval("#q-status", (it) => it.value), "5xx");
  const before = page.url();
  const first = await page.$eval("tbody tr", (row) => row.dataset.key);
  await submit(page, ".pager [rel=next]");
  assert.match(page.url(), /state=retrying.*cursor=/);
  assert.notEqual(await page.$eval("tbody tr", (row) => row.dataset.key), first);
  await page.goto(before);
  await page.goto(at("/deliveries?status=6xx"));
  assert.match(await textOf(page), /Nothing was looked for.*status_class/s);
  await page.goto(at("/deliveries?endpoint_id=ep_nobody"));
  assert.match(await textOf(page), /Nothing was looked for/);
  await page.done();
});

test("a delivery says why it is as it is, with each attempt in full", async () => {
  const page = await operator();
  await page.goto(at(`/deliveries/${world.deliveries.recovered}`));
  const text = await textOf(page);
  assert.match(text, /Delivered at .* with 2 attempts/);
  await look(page, "delivery-recovered");
  await submit(page, ".timeline li a[href*='attempt=1#']");
  assert.match(await textOf(page, "#attempt"), /Attempt 1: 502/);
  assert.match(await textOf(page, "#attempt"), /Bad Gateway/);
  // What was sent is made again, and is what the receiver got.
  const got = world.receiver.received.find((it) => it.path.startsWith("/flaky/"));
  const curl = await page.$eval("pre[aria-label^='As a command'] code", (code) => code.textContent);
  assert.match(await textOf(page, "#attempt"), /exactly what was sent/);
  assert.ok(curl.startsWith(`curl --globoff --request POST '${world.receiver.url}/flaky/erp?tenant=acme'`), curl);
  assert.equal(got.headers["x-tenant"], "acme");
  for (const name of ["failed", "retrying", "timeout", "held", "cancelled", "pending"]) {
    await page.goto(at(`/deliveries/${world.deliveries[name]}`));
    await look(page, `delivery-${name}`);
  }
  await page.done();
});

test("an event shows its payload, where it went, and why it did not go elsewhere", async () => {
  const page = await operator();
  await page.goto(at("/events"));
  assert.equal(await rows(page), 50);
  await look(page, "events");
  await page.goto(at(`/events/${world.events.newest}`));
  assert.match(await textOf(page), /Payload/);
  await look(page, "event");
  await page.done();
});

test("the log has what failed, and resends one", async () => {
  const page = await operator();
  await page.goto(at("/logs"));
  assert.ok((await rows(page)) > 0);
  await look(page, "logs");
  await page.done();
});
