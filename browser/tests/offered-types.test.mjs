// A catalogue with more types than a form can list: forms say so, and take any type that is typed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, signedIn, submit, textOf } from "../support/browser.mjs";
import { stage } from "../support/stage.mjs";

const LISTED = 200;
let server, browser, api, base, small;
stage(async (on) => {
  server = await on.server();
  browser = await on.browser();
  const made = await on.project(server);
  api = made.api;
  base = `${server.url}/ui/${made.project.id}`;
  const name = (number) => `order.kind_${String(number).padStart(3, "0")}`;
  const schema = (number) => ({ requestBody: { content: { "application/json": { schema: { type: "object" }, example: { kind: number } } } } });
  const webhooks = Object.fromEntries(Array.from({ length: LISTED }, (_, number) => [name(number), { post: schema(number) }]));
  await api("POST", "/v1/event-types/import", { openapi: "3.1.0", info: { title: "Shop", version: "1" }, webhooks });
  await api("POST", "/v1/event-types", { name: "zebra.seen", versions: [{ version: 1, example: { stripes: 31 } }] });
  small = await on.project(server, "Small");
  await small.api("POST", "/v1/event-types", { name: "order.paid", versions: [{ version: 1, example: { a: 1 } }] });
});

async function open(path) {
  const page = await signedIn(browser, server);
  assert.equal((await page.goto(path)).status(), 200, path);
  return page;
}
const valueOf = (page, id) => page.$eval(id, (it) => it.value);

test("an endpoint's form lists the first, says that there are more, and takes one that is typed", async () => {
  const page = await open(`${base}/endpoints/new`);
  assert.equal((await page.$$("input[name=events]")).length, LISTED);
  assert.match(await textOf(page, ".more-types"), /first 200 .* Any other can be typed/);
  await look(page, "endpoint-new-many-types");
  await page.type("#f-url", "https://example.com/zebras");
  await page.click("input[value='order.kind_007']");
  await page.type("#f-events_more", "zebra.seen");
  await submit(page, "form.wide button.primary");
  const made = (await api("GET", "/v1/endpoints?limit=1")).data[0];
  assert.deepEqual(made.events, ["order.kind_007", "zebra.seen"]);
  await page.goto(`${base}/endpoints/${made.id}/edit`);
  assert.equal(await valueOf(page, "#f-events_more"), "zebra.seen");
  await submit(page, "form.wide button.primary");
  assert.deepEqual((await api("GET", `/v1/endpoints/${made.id}`)).events, made.events);

  await page.goto(`${base}/endpoints/${made.id}/test`);
  await page.$eval("#f-type", (it) => { it.value = "zebra.seen"; });
  await submit(page, "form.filters button");
  assert.match(await valueOf(page, "#f-data"), /"stripes": 31/);
  assert.equal(await valueOf(page, "#test-type"), "zebra.seen");
  await look(page, "endpoint-test-many-types");
  await page.done();
});

test("a test event begins with the example of any type", async () => {
  const page = await open(`${base}/events/new`);
  await page.type("#example", "zebra.seen");
  await submit(page, ".inline-form button");
  assert.match(await valueOf(page, "#f-data"), /"stripes": 31/);
  await look(page, "event-new-many-types");
  await page.done();
});

test("a catalogue that is listed whole is one to choose from, and nothing is said", async () => {
  const page = await open(`${server.url}/ui/${small.project.id}/events/new`);
  assert.equal((await page.$$(".more-types")).length, 0);
  await page.select("#example", "order.paid");
  await submit(page, ".inline-form button");
  assert.match(await valueOf(page, "#f-data"), /"a": 1/);
  await page.done();
});
