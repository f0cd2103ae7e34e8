// Deliveries, events and the log of what failed: found, understood, and sent again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, signedIn, submit, textOf } from "../support/browser.mjs";
import { ATTACKS, makeHostileWorld } from "../support/hostile.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, world;
stage(async (on) => {
  server = await on.server();
  world = await on.world(server);
  browser = await on.browser();
});

const at = (path) => `${server.url}/ui/${world.project.id}${path}`;
const api = (method, path, body) => world.project.api(method, path, body);
const rows = (page) => page.$$eval("tbody tr", (all) => all.length);

const operator = () => signedIn(browser, server, world.project.key);

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

test("the live tail shows new deliveries by itself, at a constant cost", async () => {
  const page = await operator();
  await page.goto(at("/deliveries?event_type=user.created&account_id=acme"));
  await submit(page, "a.live");
  assert.match(page.url(), /live=1/);
  assert.match(page.url(), /event_type=user.created/);
  const { id } = await api("POST", "/v1/events", { type: "user.created", account_id: "acme", data: { id: "cus_live", name: "Live", email: "live@example.com", tier: "free" } });
  const { data } = await api("GET", `/v1/deliveries?event_id=${id}`);
  await page.waitForSelector(`tr.fresh[data-key='${data[0].id}']`);
  await submit(page, "a.live");
  assert.equal(await page.$("[data-live]"), null);
  await page.done();
});

test("what the filters take is exported as lines of JSON", async () => {
  const page = await operator();
  await page.goto(at(`/deliveries?state=failed&endpoint_id=${world.endpoints.dead}`));
  const href = await page.$eval("a[href*='/deliveries/export']", (link) => link.href);
  const { kind, name, text } = await page.evaluate(async (href) => {
    const answer = await fetch(href);
    return { kind: answer.headers.get("content-type"), name: answer.headers.get("content-disposition"), text: await answer.text() };
  }, href);
  assert.match(kind, /ndjson/);
  assert.match(name, /attachment; filename="deliveries.ndjson"/);
  const lines = text.trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(lines.length > 50 && lines.every((it) => it.state === "failed" && it.endpoint_id === world.endpoints.dead));
  assert.ok(lines.some((it) => it.attempt_list?.length > 0), "with their attempts");
  await page.done();
});

test("hostile answers, headers, names and payloads are shown as text", async () => {
  const hostile = await makeHostileWorld(server);
  const page = await signedIn(browser, server, hostile.project.key);
  const there = (path) => `${server.url}/ui/${hostile.project.id}${path}`;
  const of = async (path) => (await hostile.project.api("GET", `/v1/deliveries?endpoint_id=${hostile.endpoints[path]}&limit=1`)).data[0];
  for (const path of ["script", "binary", "long"]) {
    const { id, event_id } = await of(path);
    await page.goto(there(`/deliveries/${id}`));
    const text = await page.$$eval("#attempt pre", (all) => all.map((it) => it.textContent).join("\n"));
    if (path === "script") {
      for (const name of ["script", "image", "entity"]) assert.ok(text.includes(ATTACKS[name]), name);
      assert.ok(text.includes("␛[31mred"), "a terminal's codes are pictures");
    }
    if (path === "binary") assert.match(text, /\ufffd.*<script>/s);
    if (path === "long") assert.match(text, /W{16384}/);
    await look(page, `hostile-delivery-${path}`);
    await page.goto(there(`/events/${event_id}`));
    await look(page, "hostile-event");
  }
  for (const list of ["deliveries", "events", "logs"]) {
    await page.goto(there(`/${list}`));
    await look(page, `hostile-${list}`);
  }
  assert.equal(await page.evaluate(() => window.ran), undefined);
  await page.done();
  await hostile.stop();
});
