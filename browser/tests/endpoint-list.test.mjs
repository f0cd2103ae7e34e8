// The list of endpoints: how each is doing, and the filters in the address.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, signedIn, submit, textOf } from "../support/browser.mjs";
import { until } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, world;
stage(async (on) => {
  server = await on.server();
  world = await on.world(server);
  browser = await on.browser();
  // Statistics are written down every few seconds.
  await until(
    () => world.project.api("GET", "/v1/endpoints?traffic=true"),
    ({ data }) => ["healthy", "dead"].every((name) => {
      const { traffic } = data.find(({ id }) => id === world.endpoints[name]);
      return traffic.delivered + traffic.failed > 50;
    }),
  );
});

const address = (query = "") => `${server.url}/ui/${world.project.id}/endpoints${query}`;
const row = (page, name) => textOf(page, `tr[data-key="${world.endpoints[name]}"]`);
const names = (page) => page.$$eval("tr[data-key] td:first-child a", (links) => links.map((link) => link.textContent));

const nameOf = async (endpoint) => (await world.project.api("GET", `/v1/endpoints/${world.endpoints[endpoint]}`)).name;

test("each endpoint is listed with its state, the reason, and its last day", async () => {
  const page = await signedIn(browser, server, world.project.key);
  await page.goto(address());
  assert.match(await row(page, "healthy"), /Order sync[\s\S]*acme[\s\S]*active[\s\S]*100\s%[\s\S]*this hour[\s\S]*not in 24 h/);
  assert.match(await row(page, "dead"), /0\s%[\s\S]*not in 24 h[\s\S]*this hour/);
  assert.match(await row(page, "disabled"), /disabled\s[\s\S]*rebuilt until Monday[\s\S]*since \d{4}-/);
  assert.match(await row(page, "gone"), /disabled[\s\S]*410/);
  assert.match(await row(page, "paused"), /paused[\s\S]*ticket 5121/);
  assert.match(await row(page, "breaker"), /breaker open[\s\S]*until \d{4}-[\s\S]*attempts failed/);
  assert.match(await row(page, "limited"), /at most 1 a second/);
  await page.waitForSelector(`tr[data-key="${world.endpoints.dead}"] .sparkline .bars[data-colour="2"]`);
  const words = await page.$eval(`tr[data-key="${world.endpoints.healthy}"] .sparkline`, (picture) => picture.getAttribute("aria-label"));
  assert.match(words, /^\d+ delivered, 0 retried, 0 failed$/);
  assert.ok((await page.content()).length < 100_000);
  await look(page, "endpoints");
  await page.done();
});

test("filters live in the address", async () => {
  const page = await signedIn(browser, server, world.project.key);
  await page.goto(address());
  await page.select("#q-state", "unwell");
  await submit(page, ".filters button");
  assert.equal(new URL(page.url()).searchParams.get("state"), "unwell");
  const unwell = await names(page);
  assert.ok(["Staging", "Legacy importer", "Search index"].every((name) => unwell.includes(name)), unwell.join());
  assert.ok(!unwell.includes("Order sync"));
  for (const [query, expected] of [
    ["?state=paused", ["Analytics"]],
    ["?url=old-crm", ["Old CRM"]],
    ["?metadata=team%3Dfinance", ["ERP"]],
    ["?account_id=globex", [await nameOf("globex")]],
    ["?state=disabled&event_type=user.created", ["Staging"]],
    ["?url=nowhere", []],
  ]) {
    await page.goto(address(query));
    assert.deepEqual(await names(page), expected, query);
  }
  assert.match(await textOf(page), /No endpoint fits/);
  await look(page, "endpoints-none");
  await submit(page, ".filters a.button");
  assert.ok((await names(page)).length > 10);
  await page.goto(address("?event_type=%20a%20b"));
  assert.match(await textOf(page, "[role=alert]"), /Nothing was looked for/);
  await page.goto(address("?account_id=nobody"));
  assert.match(await textOf(page, "[role=alert]"), /Nothing was looked for/);
  await page.done();
});

test("an account's key sees its own endpoints, and a key for reading makes none", async () => {
  const page = await signedIn(browser, server, world.accounts.globex.key);
  await page.goto(address());
  assert.deepEqual(await names(page), [await nameOf("globex")]);
  await page.done();
  const key = await world.project.api("POST", "/v1/keys", { scopes: ["endpoints:read"] });
  const poor = await signedIn(browser, server, key.api_key);
  await poor.goto(address());
  assert.ok((await names(poor)).includes("Order sync"));
  assert.equal(await poor.$("a[href$='/endpoints/new']"), null);
  assert.doesNotMatch(await textOf(poor), /Last success/);
  await poor.done();
});

test("a project without an endpoint shows the way to the first", async () => {
  const made = await server.api("POST", "/v1/projects", { name: "New", profile: "standard-webhooks" });
  const page = await signedIn(browser, server);
  await page.goto(`${server.url}/ui/${made.id}/endpoints`);
  assert.match(await textOf(page), /No endpoint yet/);
  await page.waitForSelector("a[href$='/endpoints/new']");
  await look(page, "endpoints-empty");
  await page.done();
});
