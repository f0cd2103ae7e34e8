// The signature debugger: what was sent is good, and what was changed fails at its step.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, signedIn, submit, textOf } from "../support/browser.mjs";
import { until } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, receiver, project, endpoint, sent;

stage(async (on) => {
  server = await on.server();
  browser = await on.browser();
  receiver = await on.receiver();
  project = await server.api("POST", "/v1/projects", { name: "Shop", profile: "stripe" });
  const query = `?project_id=${project.id}`;
  endpoint = await server.api("POST", `/v1/endpoints${query}`, { name: "Orders", url: `${receiver.url}/hooks`, events: ["*"] });
  await server.api("POST", `/v1/events${query}`, { type: "order.paid", data: { amount: 10, note: "ž <b>€</b>" } });
  await until(async () => receiver.received, (all) => all.length === 1);
  [sent] = receiver.received;
});

const at = (path) => `${server.url}/ui/${project.id}${path}`;
const curl = () => `> POST /hooks HTTP/1.1\n${Object.entries(sent.headers).map(([name, value]) => `> ${name}: ${value}`).join("\n")}`;

// Fills in the form and sends it. Pasted, not typed: that is what people do.
async function check(page, fields) {
  await page.goto(at("/debugger"));
  await page.evaluate((fields) => {
    for (const [name, value] of Object.entries(fields)) {
      const field = document.querySelector(`[name="${name}"]`);
      if (field.type === "checkbox") field.checked = value;
      else field.value = value;
    }
  }, fields);
  return submit(page, "main button.primary");
}

const failing = (page) => page.$$eval("#result .steps li:not([data-tone=good])", (all) => all.map((step) => step.dataset.step));

test("what was sent is good, with the endpoint's own secret, which is not shown", async () => {
  const page = await signedIn(browser, server);
  await page.goto(at("/debugger"));
  await look(page, "debugger");
  await check(page, { headers: curl(), body: sent.body, endpoint_id: endpoint.id });
  assert.match(await textOf(page, "#result"), /The signature is good/);
  assert.deepEqual(await failing(page), []);
  const signed = await textOf(page, "#signed");
  assert.ok(signed.endsWith(sent.body), signed);
  assert.ok(!(await page.content()).includes(endpoint.secret));
  await look(page, "debugger-good");
  await page.done();
});

test("a body with a line end after it fails, and the hint says so", async () => {
  const page = await signedIn(browser, server);
  await check(page, { headers: curl(), body: `${sent.body}\n`, secrets: endpoint.secret });
  assert.deepEqual(await failing(page), ["signature"]);
  assert.match(await textOf(page, "#result [role=alert]"), /line end was added/);
  assert.match(await textOf(page, "#signed"), /␊/);
  await look(page, "debugger-line-end");
  await page.done();
});

test("whose secret it is that signed is said, and whose was given", async () => {
  const other = await server.api("POST", `/v1/endpoints?project_id=${project.id}`, { name: "Invoices", url: `${receiver.url}/other`, events: ["none"] });
  const page = await signedIn(browser, server);
  await check(page, { headers: curl(), body: sent.body, secrets: other.secret });
  assert.deepEqual(await failing(page), ["signature"]);
  const told = await textOf(page, "#result [role=alert]");
  assert.match(told, /right with the secret of the endpoint “Orders”[\s\S]*was given is that of the endpoint “Invoices”/);
  await look(page, "debugger-other-secret");
  await page.done();
});

test("another format's request is recognised, and an old one can be looked at", async () => {
  const page = await signedIn(browser, server);
  await check(page, { headers: curl(), body: sent.body, secrets: endpoint.secret, profile: "github" });
  assert.match(await textOf(page, "#result [role=alert]"), /signature header of Stripe/);
  const old = { "Stripe-Signature": "t=1614265330,v1=00" };
  await check(page, { headers: JSON.stringify(old), body: "{}", secrets: endpoint.secret });
  assert.ok((await failing(page)).includes("timestamp"));
  await check(page, { headers: JSON.stringify(old), body: "{}", secrets: endpoint.secret, ignore_age: true });
  assert.ok(!(await failing(page)).includes("timestamp"));
  await page.done();
});

test("what is missing is said beside its field, with what was typed", async () => {
  const page = await signedIn(browser, server);
  const answer = await check(page, { headers: "nothing of use", body: "<script>", secrets: "x" });
  assert.equal(answer.status(), 422);
  assert.match(await textOf(page, "#f-headers-error"), /no header/);
  assert.equal(await page.$eval("#f-body", (field) => field.value), "<script>");
  await page.done();
});

test("a delivery's headers and endpoint are filled in", async () => {
  const list = await server.api("GET", `/v1/deliveries?project_id=${project.id}`);
  const page = await signedIn(browser, server);
  await page.goto(at(`/debugger?delivery=${list.data[0].id}`));
  assert.equal(await page.$eval("#f-endpoint_id", (field) => field.value), endpoint.id);
  const headers = await page.$eval("#f-headers", (field) => field.value);
  assert.ok(headers.toLowerCase().includes(sent.headers["stripe-signature"]), headers);
  await page.done();
});
