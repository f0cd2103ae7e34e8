// An endpoint made and changed by its form, and its filter tried out before it is saved.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, signedIn, submit, textOf } from "../support/browser.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, api, base, event;
stage(async (on) => {
  server = await on.server();
  browser = await on.browser();
  const made = await on.project(server, "shop");
  api = made.api;
  base = `${server.url}/ui/${made.project.id}`;
  for (const [group, name, description] of [
    ["Orders", "order.paid", "An order was paid."],
    ["Orders", "order.refunded", "An order was refunded."],
    ["People", "user.created", "Somebody signed up."],
  ]) await api("POST", "/v1/event-types", { name, group, description, versions: [{ version: 1, example: {} }] });
  event = await api("POST", "/v1/events", { type: "order.paid", data: { amount: 50, customer: { tier: "free" } } });
});

async function open(path) {
  const page = await signedIn(browser, server);
  assert.equal((await page.goto(`${base}${path}`)).status(), 200, path);
  return page;
}
// Unfolds all that is folded, as somebody does who looks for a rare setting.
const unfold = (page) => page.$$eval("details.fold", (all) => all.forEach((it) => { it.open = true; }));
const fill = (page, id, text) => page.$eval(id, (it, text) => { it.value = text; }, text);
const valueOf = (page, id) => page.$eval(id, (it) => it.value);
const SAVE = "form.wide button.primary";
const last = async () => (await api("GET", "/v1/endpoints?limit=1")).data[0];

test("an endpoint is made with little, and shown", async () => {
  const page = await open("/endpoints/new");
  await look(page, "endpoint-new");
  await page.type("#f-url", "https://example.com/hook");
  await page.click("input[value='order.paid']");
  await submit(page, SAVE);
  assert.match(await textOf(page), /The endpoint is made/);
  const made = await last();
  assert.deepEqual([made.url, made.events], ["https://example.com/hook", ["order.paid"]]);
  await page.done();
});

test("every setting is made, shown again and taken back", async () => {
  const page = await open("/endpoints/new");
  await unfold(page);
  const typed = {
    "url": "https://example.com/all", "name": "All of it", "description": "with everything", "account_id": "acme",
    "events_more": "user.*", "channels": "eu, us", "filter": '{"amount": {"$gte": 100}}',
    "retry_policy-max_attempts": "4", "retry_policy-initial_delay": "500", "retry_policy-backoff_multiplier": "1.5",
    "timeout_ms": "5000", "rate_limit": "20", "concurrency": "4",
    "circuit_breaker-min_attempts": "7", "circuit_breaker-failure_rate": "0.25",
    "auth-username": "me", "auth-password": "hush",
  };
  for (const [id, text] of Object.entries(typed)) await fill(page, `#f-${id}`, text);
  for (const [id, value] of [["profile", "standard-webhooks"], ["second_profile", "stripe"], ["canonical_json", "jcs"],
    ["breaker", "own"], ["auth-type", "basic"]]) await page.select(`#f-${id}`, value);
  await page.click("input[name=ordered]");
  await page.click("input[value='order.paid']");
  await fill(page, "input[name=header_name]", "x-tenant");
  await fill(page, "input[name=header_value]", "acme");
  await fill(page, "input[name=metadata_name]", "team");
  await fill(page, "input[name=metadata_value]", "billing");
  await look(page, "endpoint-new-all");
  await submit(page, SAVE);
  const made = await api("GET", `/v1/endpoints/${(await last()).id}`);
  const expected = {
    account_id: "acme", name: "All of it", description: "with everything", events: ["order.paid", "user.*"],
    channels: ["eu", "us"], filter: { amount: { $gte: 100 } }, timeout_ms: 5000, rate_limit: 20, concurrency: 4,
    retry_policy: { max_attempts: 4, backoff_multiplier: 1.5, initial_delay: 500 }, profile: "standard-webhooks",
    second_profile: "stripe", canonical_json: "jcs", ordered: true, headers: { "x-tenant": "acme" },
    metadata: { team: "billing" },
    circuit_breaker: { failure_rate: 0.25, min_attempts: 7, window_seconds: 60, open_seconds: 30, half_open_attempts: 3 },
  };
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(made[name], value, name);
  assert.deepEqual([made.auth.type, made.auth.username], ["basic", "me"]);

  await page.goto(`${base}/endpoints/${made.id}/edit`);
  assert.equal(await valueOf(page, "#f-auth-password"), "", "what is secret is not shown again");
  await look(page, "endpoint-edit");
  await submit(page, SAVE);
  const same = await api("GET", `/v1/endpoints/${made.id}`);
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(same[name], value, `${name} after saving it as it was`);
  assert.equal(same.auth.username, "me");

  await page.goto(`${base}/endpoints/${made.id}/edit`);
  await unfold(page);
  for (const id of ["name", "description", "events_more", "channels", "filter", "retry_policy-max_attempts",
    "retry_policy-initial_delay", "retry_policy-backoff_multiplier", "timeout_ms", "rate_limit", "concurrency"]) {
    await fill(page, `#f-${id}`, "");
  }
  for (const [id, value] of [["profile", ""], ["second_profile", ""], ["canonical_json", ""], ["breaker", "never"],
    ["auth-type", "none"]]) await page.select(`#f-${id}`, value);
  for (const name of ["header_name", "header_value", "metadata_name", "metadata_value"]) await fill(page, `input[name=${name}]`, "");
  await page.click("input[name=ordered]");
  await page.click("input[value='order.paid']");
  await submit(page, SAVE);
  const emptied = await api("GET", `/v1/endpoints/${made.id}`);
  const nothing = {
    name: null, description: null, events: ["*"], channels: [], filter: null, retry_policy: null, timeout_ms: null,
    rate_limit: null, concurrency: null, profile: null, second_profile: null, canonical_json: null, ordered: false,
    headers: {}, metadata: {}, circuit_breaker: false, auth: null,
  };
  for (const [name, value] of Object.entries(nothing)) assert.deepEqual(emptied[name], value, name);
  await page.done();
});

test("what is wrong is said beside its field, and what was typed stays, but for secrets", async () => {
  const page = await open("/endpoints/new");
  await unfold(page);
  await fill(page, "#f-url", "ftp://example.com/");
  await fill(page, "#f-name", "Kept");
  await fill(page, "#f-rate_limit", "99999");
  await fill(page, "#f-secret", "short");
  const refused = await submit(page, SAVE);
  assert.equal(refused.status(), 422);
  assert.ok(await page.$("#f-url-error"));
  assert.equal(await valueOf(page, "#f-name"), "Kept");
  assert.equal(await valueOf(page, "#f-secret"), "");
  assert.match(await textOf(page), /type them once more/);
  await look(page, "endpoint-new-refused");
  await fill(page, "#f-url", "https://example.com/");
  await submit(page, SAVE);
  assert.match(await textOf(page, "#f-rate_limit-error"), /1 to 10000/);
  await fill(page, "#f-rate_limit", "many");
  await submit(page, SAVE);
  assert.match(await textOf(page, "#f-rate_limit-error"), /whole number/);
  await page.done();
});

test("who saves over somebody else's change is told first", async () => {
  const made = await api("POST", "/v1/endpoints", { url: "https://example.com/a", name: "Before" });
  const page = await open(`/endpoints/${made.id}/edit`);
  await api("PATCH", `/v1/endpoints/${made.id}`, { name: "Theirs" });
  await fill(page, "#f-name", "Ours");
  const refused = await submit(page, SAVE);
  assert.equal(refused.status(), 409);
  assert.match(await textOf(page), /Somebody else changed this endpoint/);
  assert.equal(await valueOf(page, "#f-name"), "Ours");
  assert.equal((await api("GET", `/v1/endpoints/${made.id}`)).name, "Theirs");
  await submit(page, SAVE);
  assert.equal((await api("GET", `/v1/endpoints/${made.id}`)).name, "Ours");
  await page.done();
});

test("a filter is tried on a past event and on a payload, says why not, and is saved", async () => {
  const made = await api("POST", "/v1/endpoints", { url: "https://example.com/f", name: "Filtered" });
  const page = await open(`/endpoints/${made.id}/filter`);
  const draft = '{"amount": {"$gte": 100}}';
  await fill(page, "#f-filter", draft);
  await page.select("#f-filter_event", event.id);
  await submit(page, "button[value=test]");
  assert.match(await textOf(page, ".outcome"), /It does not match/);
  assert.match(await textOf(page, ".outcome mark"), /"\$gte": 100/);
  assert.match(await textOf(page, ".outcome"), /"tier": "free"/);
  assert.equal(await valueOf(page, "#f-filter"), draft, "the draft stays");
  await page.click("details.help summary");
  await look(page, "endpoint-filter");
  await page.select("#f-filter_event", "");
  await fill(page, "#f-filter_data", '{"amount": 120}');
  await submit(page, "button[value=test]");
  assert.match(await textOf(page, ".outcome"), /It matches/);
  assert.equal((await api("GET", `/v1/endpoints/${made.id}`)).filter, null, "nothing is saved yet");
  await submit(page, "button[value=save]");
  assert.deepEqual((await api("GET", `/v1/endpoints/${made.id}`)).filter, { amount: { $gte: 100 } });
  await fill(page, "#f-filter", '{"amount": {"$atLeast": 1}}');
  const refused = await submit(page, "button[value=save]");
  assert.equal(refused.status(), 422);
  assert.ok(await page.$("#f-filter-error"));
  await fill(page, "#f-filter", "");
  await submit(page, "button[value=save]");
  assert.equal((await api("GET", `/v1/endpoints/${made.id}`)).filter, null);
  await page.done();
});

test("within the form as well, and the rest of the form survives it", async () => {
  const page = await open("/endpoints/new");
  await unfold(page);
  await fill(page, "#f-url", "https://example.com/draft");
  await fill(page, "#f-filter", '{"customer.tier": "free"}');
  await fill(page, "#f-filter_event_id", event.id);
  await submit(page, "button[value=test]");
  assert.match(await textOf(page, ".outcome"), /It matches/);
  assert.equal(await valueOf(page, "#f-url"), "https://example.com/draft");
  await fill(page, "#f-filter_event_id", "evt_of_nobody");
  await submit(page, "button[value=test]");
  assert.match(await textOf(page, "#f-filter_event_id-error"), /There is no event with this id/);
  await submit(page, SAVE);
  assert.deepEqual((await last()).filter, { "customer.tier": "free" });
  await page.done();
});
