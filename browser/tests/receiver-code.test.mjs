// Code for a receiver: what the page shows, pasted, takes what the endpoint is really sent.

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
  project = await server.api("POST", "/v1/projects", { name: "Shop", profile: "standard-webhooks" });
  const query = `?project_id=${project.id}`;
  endpoint = await server.api("POST", `/v1/endpoints${query}`, { name: "Orders", url: `${receiver.url}/hooks`, events: ["*"] });
  const event = await server.api("POST", `/v1/events${query}`, { type: "order.paid", data: { amount: 10 } });
  await until(async () => receiver.received, (all) => all.length === 1);
  [sent] = receiver.received;
  sent.id = event.id;
});

test("the code that is shown takes what was sent, and not what was changed", async () => {
  const page = await signedIn(browser, server);
  await page.goto(`${server.url}/ui/${project.id}/endpoints/${endpoint.id}/code`);
  assert.equal(await textOf(page, ".tabs a[aria-current]"), "Node");
  const code = await page.$eval(".block code", (block) => block.textContent);
  const { verify, messageId, isNew } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  const secrets = [endpoint.secret];
  assert.equal(verify(sent.headers, Buffer.from(sent.body), { secrets }), true);
  assert.equal(verify(sent.headers, Buffer.from(`${sent.body} `), { secrets }), false);
  assert.equal(messageId(sent.headers, Buffer.from(sent.body)), sent.id);
  assert.deepEqual([isNew(sent.id), isNew(sent.id)], [true, false]);
  assert.ok(!(await page.content()).includes(endpoint.secret));
  await look(page, "receiver-code-node");
  await page.done();
});

test("there is code in eight languages", async () => {
  const page = await signedIn(browser, server);
  await page.goto(`${server.url}/ui/${project.id}/endpoints/${endpoint.id}/code`);
  const languages = await page.$$eval(".tabs a", (all) => all.map((link) => link.textContent));
  assert.deepEqual(languages, ["Node", "Python", "Rust", "Go", "PHP", "Ruby", "Java", "C#"]);
  for (const language of languages) {
    const links = await page.$$(".tabs a");
    await Promise.all([page.waitForNavigation(), links[languages.indexOf(language)].click()]);
    assert.equal(await textOf(page, ".tabs a[aria-current]"), language);
    assert.match(await textOf(page, ".block"), /webhook-signature/i);
  }
  await look(page, "receiver-code-csharp");
  await page.done();
});

test("the page leads to the debugger with the endpoint chosen", async () => {
  const page = await signedIn(browser, server);
  await page.goto(`${server.url}/ui/${project.id}/endpoints/${endpoint.id}/code?language=go`);
  await submit(page, "main a[href*='/debugger']");
  assert.equal(await page.$eval("#f-endpoint_id", (field) => field.value), endpoint.id);
  await page.done();
});
