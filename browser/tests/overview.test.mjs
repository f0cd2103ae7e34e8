// How delivery is going: the overview of both faces.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, signedIn, textOf } from "../support/browser.mjs";
import { until } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, world;
stage(async (on) => {
  server = await on.server();
  world = await on.world(server);
  browser = await on.browser();
  // Statistics are written down every few seconds.
  await until(
    () => world.project.api("GET", "/v1/stats"),
    (stats) => stats.totals.delivered > 500 && stats.totals.failed > 100,
  );
});

const base = () => `${server.url}/ui/${world.project.id}`;

test("the overview tells figures, charts, causes and what to look at now", async () => {
  const page = await signedIn(browser, server, world.project.key);
  await page.goto(base());
  const text = await textOf(page);
  for (const part of [/What to look at now/, /Disabled: Staging, since \d{4}-/, /The staging system is rebuilt until Monday/, /Left alone for a while: Search index/,
    /Events accepted/, /Publish to delivery/, /Not delivered yet/, /Where the time goes/, /TCP connect/, /Endpoints that fail most/]) {
    assert.match(text, part);
  }
  assert.match(text, /The endpoint failed \(5xx\)/);
  assert.match(text, /No answer within the time allowed/);
  const worst = await page.$$eval("[data-key] a", (links) => links.map((link) => link.textContent));
  assert.ok(worst.includes("Old CRM") && worst.includes("acme"), worst.join());
  for (const id of ["volume", "success", "latency"]) await page.waitForSelector(`#${id} svg path`);
  const stats = await world.project.api("GET", "/v1/stats?width=hour&since=" + new Date(Date.now() - 23 * 3_600_000).toISOString());
  const shown = Number((await textOf(page, ".tile .value")).replaceAll(/\D/g, ""));
  assert.equal(shown, stats.totals.accepted);
  assert.ok((await page.content()).length < 100_000);
  await look(page, "overview");
  await page.done();
});

test("each range shows its own points, and the values as a table", async () => {
  const page = await signedIn(browser, server, world.project.key);
  for (const [range, points] of [["1h", 60], ["24h", 24], ["7d", 56], ["30d", 30]]) {
    await page.goto(`${base()}?range=${range}`);
    assert.equal(await page.$$eval("#volume .point", (all) => all.length), points);
    assert.equal(await textOf(page, ".ranges [aria-current]"), range);
    await page.click("#values summary");
    const rows = await page.$$eval("#values tbody tr", (rows) => rows.map((row) => row.cells[2].textContent));
    assert.ok(rows.length >= 1 && rows.some((delivered) => /\d/.test(delivered) && delivered !== "0"), rows.join());
    assert.ok((await page.content()).length < 100_000);
  }
  await look(page, "overview-values");
  await page.goto(`${base()}?range=1h`);
  await look(page, "overview-hour");
  await page.done();
});

test("a chart tells its values under the pointer and by the arrow keys", async () => {
  const page = await signedIn(browser, server, world.project.key);
  await page.goto(`${base()}?range=24h`);
  const rest = await textOf(page, "#volume .readout");
  await page.hover("#volume .point:last-of-type");
  await page.waitForSelector("#volume .readout.told");
  assert.match(await textOf(page, "#volume .readout"), /\d\d:00 to \d\d:00: .*delivered, .*retried, .*failed/);
  assert.equal(await page.$eval("#live", (part) => part.dataset.paused), "true");
  await page.hover("h1");
  await page.waitForSelector("#volume .readout:not(.told)");
  assert.equal(await textOf(page, "#volume .readout"), rest);
  await page.$eval("#success svg", (picture) => picture.focus());
  await page.keyboard.press("End");
  const last = await textOf(page, "#success .readout");
  await page.keyboard.press("ArrowLeft");
  assert.notEqual(await textOf(page, "#success .readout"), last);
  await page.keyboard.press("Home");
  assert.match(await textOf(page, "#success .readout"), /nothing$/);
  await page.done();
});

test("what happens meanwhile is shown without a reload, and what is open stays open", async () => {
  const page = await signedIn(browser, server, world.project.key);
  await page.goto(`${base()}?range=1h`);
  await page.click("#values summary");
  await page.hover("h1");
  await page.evaluate(() => document.activeElement.blur());
  const before = await textOf(page, ".tile .value");
  await world.project.api("POST", "/v1/events", { account_id: "globex", type: "stock.counted", data: { n: 1 } });
  await page.waitForFunction((before) => document.querySelector(".tile .value").innerText !== before, {}, before);
  assert.equal(await page.$eval("#values", (values) => values.open), true);
  await page.done();
});

test("a project where nothing happened yet says so, and a key that may not read deliveries is told", async () => {
  const empty = await server.api("POST", "/v1/projects", { name: "New", profile: "standard-webhooks" });
  const page = await signedIn(browser, server);
  await page.goto(`${server.url}/ui/${empty.id}`);
  assert.match(await textOf(page), /Nothing was delivered in this time/);
  assert.doesNotMatch(await textOf(page), /What to look at now/);
  await look(page, "overview-empty");
  await page.done();
  const key = await world.project.api("POST", "/v1/keys", { scopes: ["events:write"] });
  const poor = await signedIn(browser, server, key.api_key);
  await poor.goto(base());
  assert.match(await textOf(poor), /Your key may not read deliveries/);
  await poor.done();
});
