// Deliveries are sent again and cancelled, one, some or all, and an event is published by hand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, openPage, signIn, submit, textOf } from "../support/browser.mjs";
import { enterPortal } from "../support/portal.mjs";
import { until } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, world;
stage(async (on) => {
  server = await on.server();
  world = await on.world(server);
  browser = await on.browser();
});

const at = (path) => `${server.url}/ui/${world.project.id}${path}`;
const api = (method, path, body) => world.project.api(method, path, body);
const delivery = (id) => api("GET", `/v1/deliveries/${id}`);
const count = async (query) => {
  let [number, cursor] = [0, ""];
  do {
    const list = await api("GET", `/v1/deliveries?limit=250&${query}${cursor && `&cursor=${cursor}`}`);
    number += list.data.length;
    cursor = list.next_cursor;
  } while (cursor);
  return number;
};

async function operator() {
  const page = await openPage(browser);
  page.on("dialog", (dialog) => dialog.accept());
  await signIn(page, server, world.project.key);
  return page;
}

test("a delivery is resent and cancelled on its page", async () => {
  const page = await operator();
  const id = world.deliveries.retrying;
  await page.goto(at(`/deliveries/${id}`));
  const before = (await delivery(id)).attempts;
  await submit(page, `form[action$='${id}/resend'] button`);
  assert.match(await textOf(page), /One attempt is made now/);
  await until(() => delivery(id), (it) => it.attempts === before + 1);
  // The page shows it by itself.
  await page.waitForFunction((number) => document.querySelector(`.timeline a[href*='attempt=${number}#']`), {}, before + 1);
  assert.match(await textOf(page, ".timeline"), /asked for/);
  await submit(page, `form[action$='${id}/cancel'] button`);
  assert.match(await textOf(page), /Cancelled at/);
  assert.equal((await delivery(id)).state, "cancelled");
  assert.equal(await page.$(`form[action$='${id}/cancel']`), null);
  // What is finished cannot be cancelled: a page that was open before says so.
  await page.evaluate(() => {
    const form = document.querySelector("form[action$='/resend']");
    form.action = form.action.replace(/resend$/, "cancel");
  });
  const answer = await submit(page, "form[action$='/cancel'] button");
  assert.equal(answer.status(), 409);
  assert.match(await textOf(page), /nothing was cancelled/);
  await page.done();
});

test("chosen deliveries are counted first, and then resent", async () => {
  const page = await operator();
  await page.goto(at(`/deliveries?state=delivered&endpoint_id=${world.endpoints.healthy}`));
  const ids = await page.$$eval("tbody [name=id]", (all) => all.slice(0, 3).map((box) => box.value));
  for (const id of ids) await page.click(`tbody [value='${id}']`);
  await submit(page, "main form[action$='/deliveries/resend'] button[type=submit]");
  assert.match(await textOf(page), /3 deliveries that you chose/);
  await look(page, "resend-chosen");
  const before = await Promise.all(ids.map(delivery));
  await submit(page, "form[method=post][action$='/deliveries/resend'] button");
  assert.match(await textOf(page), /3 deliveries get one attempt now/);
  await look(page, "resend-done");
  for (const it of before) await until(() => delivery(it.id), (now) => now.attempts === it.attempts + 1);
  await page.goto(at("/deliveries?state=delivered"));
  await page.click("[data-check-all]");
  assert.equal(await page.$$eval("tbody [name=id]:checked", (all) => all.length), 50);
  await page.goto(at("/deliveries/resend"));
  assert.match(await textOf(page), /Nothing is chosen/);
  assert.equal(await page.$("form[method=post][action$='/deliveries/resend']"), null);
  await page.done();
});

test("all that match and have ended are resent as a replay, and what waits one by one", async () => {
  const page = await operator();
  const query = `endpoint_id=${world.endpoints.dead}&event_type=order.paid`;
  await page.goto(at(`/deliveries?state=failed,cancelled&${query}`));
  const expected = await count(`state=failed,cancelled&${query}`);
  assert.ok(expected > 0);
  await submit(page, "a[href*='/deliveries/resend?']");
  assert.match(await textOf(page), new RegExp(`${expected} deliveries fit the filters`));
  assert.match(await textOf(page), /sent by a replay/);
  assert.match(await textOf(page, "dl.facts"), /Failed or cancelled.*Old CRM.*order\.paid/s);
  await look(page, "resend-all");
  await submit(page, "form[method=post][action$='/deliveries/resend'] button");
  const replay = new URL(page.url()).pathname.match(/\/replays\/(rpl_\w+)$/)?.[1];
  assert.ok(replay, page.url());
  const made = await api("GET", `/v1/replays/${replay}`);
  assert.deepEqual([made.what, made.endpoint_id, made.event_types, made.total], ["failed", world.endpoints.dead, ["order.paid"], expected]);

  // Why they failed is taken over as well.
  const why = `endpoint_id=${world.endpoints.dead}&event_type=user.*&error=server_error`;
  const failed = await count(`state=failed&status_class=5xx&${why}`);
  assert.ok(failed > 0);
  await page.goto(at(`/deliveries?state=failed&status=5xx&${why}`));
  await submit(page, "a[href*='/deliveries/resend?']");
  assert.match(await textOf(page), new RegExp(`${failed} deliver(y fits|ies fit) the filters`));
  assert.match(await textOf(page), /sent by a replay/);
  await submit(page, "form[method=post][action$='/deliveries/resend'] button");
  const narrowed = await api("GET", `/v1/replays/${new URL(page.url()).pathname.split("/").at(-1)}`);
  assert.deepEqual([narrowed.what, narrowed.states, narrowed.status_class, narrowed.error_class, narrowed.total], ["failed", ["failed"], "5xx", "server_error", failed]);
  assert.match(await textOf(page, "dl.facts"), /Last answered\s+5xx\s+Last failed by\s+server error/);
  await page.goto(at(`/deliveries/resend?all=1&state=failed&error=dns&endpoint_id=${world.endpoints.dead}`));
  assert.match(await textOf(page), /0 deliveries fit the filters/);
  assert.equal(await page.$("form[method=post][action$='/deliveries/resend']"), null);

  const timed = `error=timeout&endpoint_id=${world.endpoints.slow}`;
  const slow = await api("GET", `/v1/deliveries?limit=250&state=retrying&${timed}`);
  await page.goto(at(`/deliveries?state=retrying&${timed}`));
  await submit(page, "a[href*='/deliveries/resend?']");
  assert.match(await textOf(page), new RegExp(`${slow.data.length} deliver(y fits|ies fit) the filters`));
  await submit(page, "form[method=post][action$='/deliveries/resend'] button");
  assert.match(await textOf(page), new RegExp(`${slow.data.length} deliver(y gets|ies get) one attempt now`));
  await until(() => delivery(slow.data[0].id), (now) => now.attempts === slow.data[0].attempts + 1);
  await page.done();
});

test("the log of what failed resends one, and counts before it resends all", async () => {
  const page = await operator();
  await page.goto(at(`/logs?endpoint_id=${world.endpoints.gone}`));
  assert.match(await textOf(page), /410|disabled/);
  // Its endpoint is disabled: that is said, and nothing is sent.
  const answer = await submit(page, "tbody form button");
  assert.equal(answer.status(), 409);
  assert.match(await textOf(page), /nothing was resent/);
  await page.goto(at(`/logs?endpoint_id=${world.endpoints.dead}&event_type=user.*`));
  const id = await page.$eval("tbody tr", (row) => row.dataset.key);
  const before = (await delivery(id)).attempts;
  await submit(page, "tbody form button");
  assert.ok(page.url().includes(`/deliveries/${id}`));
  await until(() => delivery(id), (it) => it.attempts === before + 1);
  await page.goto(at("/logs"));
  await submit(page, "a[href*='/deliveries/resend?']");
  const expected = await count("state=failed,cancelled");
  assert.match(await textOf(page), /deliveries fit the filters/);
  assert.match(await textOf(page), /Passed over: .*disabled/);
  assert.ok(expected > 0);
  await page.done();
});

test("an event that failed somewhere is resent there alone", async () => {
  const page = await operator();
  const failed = (await api("GET", `/v1/deliveries?state=failed&endpoint_id=${world.endpoints.dead}&limit=1`)).data[0];
  await page.goto(at(`/events/${failed.event_id}`));
  await submit(page, "a[href*='/deliveries/resend?all=1']");
  const all = (await api("GET", `/v1/deliveries?state=failed,cancelled&event_id=${failed.event_id}`)).data;
  const endpoints = await Promise.all(all.map((it) => api("GET", `/v1/endpoints/${it.endpoint_id}`)));
  const expected = endpoints.filter((it) => it.status !== "disabled").length;
  assert.ok(expected > 0 && expected < all.length, "some are to endpoints that are disabled");
  assert.match(await textOf(page), new RegExp(`${expected} deliver(y fits|ies fit) the filters`));
  assert.match(await textOf(page), new RegExp(`Passed over: ${all.length - expected} whose endpoint is disabled`));
  await page.done();
});

test("an event is tried first and then published by hand", async () => {
  const page = await operator();
  await page.goto(at("/events/new"));
  await look(page, "event-new");
  await page.select("#example", "order.paid");
  await submit(page, "form[method=get][action$='/events/new'] button");
  assert.equal(await page.$eval("#f-type", (it) => it.value), "order.paid");
  assert.ok(JSON.parse(await page.$eval("#f-data", (it) => it.value)));
  await page.type("#f-account_id", "acme");
  await page.type("#f-id", "new");
  const data = await page.$eval("#f-data", (it) => it.value);
  await page.$eval("#f-data", (it) => { it.value = "{broken"; });
  await submit(page, "button[value=try]");
  assert.match(await textOf(page, "#f-data-error"), /not valid JSON/);
  assert.equal(await page.$eval("#f-id", (it) => it.value), "new");
  await page.$eval("#f-data", (it, data) => { it.value = data; }, data);
  await submit(page, "button[value=try]");
  assert.match(await textOf(page, "#tried"), /nothing was stored or sent/);
  assert.match(await textOf(page, "#tried"), /\d+ of 14 endpoints would receive it/);
  assert.ok((await page.$$("#tried [data-would=deliver]")).length > 0);
  await look(page, "event-tried");
  assert.equal((await api("GET", "/v1/events?id=new")).data.length, 0);
  await submit(page, "#tried button[value=publish]");
  assert.match(await textOf(page), /The event is published/);
  // Its own id is a word that is a page too.
  assert.equal(new URL(page.url()).pathname, `/ui/${world.project.id}/events/%6Eew`);
  assert.equal((await api("GET", "/v1/events?id=new")).data.length, 1);
  await page.goto(at("/search?q=new"));
  assert.match(await textOf(page), /Payload/);
  await page.done();
});

test("a customer's portal has the same pages for its account alone, and none that change things where it may only read", async () => {
  const page = await openPage(browser);
  page.on("dialog", (dialog) => dialog.accept());
  await enterPortal(page, api, "acme");
  await page.goto(`${server.url}/portal/logs`);
  const id = await page.$eval("tbody tr", (row) => row.dataset.key);
  await look(page, "portal-logs");
  await page.goto(`${server.url}/portal/deliveries/${id}`);
  const before = (await delivery(id)).attempts;
  assert.doesNotMatch(await textOf(page), /Account/);
  const answer = await submit(page, "form[action$='/resend'] button");
  assert.ok([200, 409].includes(answer.status()));
  if (answer.status() === 200) await until(() => delivery(id), (it) => it.attempts === before + 1);
  const others = (await api("GET", "/v1/deliveries?account_id=globex&limit=1")).data[0];
  for (const path of [`deliveries/${others.id}`, `deliveries/${others.id}/body`, `events/${others.event_id}`, `events/${others.event_id}/payload`]) {
    assert.equal((await page.goto(`${server.url}/portal/${path}`)).status(), 404, path);
  }
  await page.goto(`${server.url}/portal/deliveries?account_id=globex`);
  assert.equal((await page.$$("tbody tr")).length, 0);
  await page.done();

  const reader = await openPage(browser);
  await enterPortal(reader, api, "acme", { capabilities: ["deliveries:read", "events:read"] });
  for (const path of ["logs", "deliveries", `deliveries/${id}`, `events/${world.events.newest}`]) {
    await reader.goto(`${server.url}/portal/${path}`);
    assert.equal((await reader.$$("main form[method=post], main [href*='/deliveries/resend']")).length, 0, path);
  }
  await reader.done();
});
