// The client against the real server: what it sends, repeats and throws.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { ApiError, ConnectionFailed, Hookwright } from "../dist/index.js";

const baseUrl = process.env.HOOKWRIGHT_URL;
const root = new Hookwright({ baseUrl, apiKey: process.env.HOOKWRIGHT_ROOT_KEY });

async function project() {
  const made = await root.createProject({ name: "typescript", profile: "standard-webhooks" });
  return { apiKey: made.api_key, client: new Hookwright({ baseUrl, apiKey: made.api_key }) };
}

/** A server between, which loses answers or answers by itself, as `script` says of each call. */
async function between(t, apiKey, script) {
  const calls = [];
  const pauses = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    calls.push({ url: request.url, headers: request.headers });
    const answer = script(calls.length);
    if (typeof answer === "object") {
      response.writeHead(answer.status, answer.headers).end(answer.body);
      return;
    }
    const headers = {};
    for (const name of ["authorization", "content-type", "idempotency-key"]) {
      if (request.headers[name]) headers[name] = request.headers[name];
    }
    const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
    const passed = await fetch(baseUrl + request.url, { method: request.method, headers, body });
    const text = await passed.text();
    if (answer === "lose") response.destroy();
    else response.writeHead(passed.status, { "content-type": "application/json" }).end(text);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const sleep = async (ms) => void pauses.push(ms);
  const base = `http://127.0.0.1:${server.address().port}`;
  return { base, calls, pauses, client: new Hookwright({ baseUrl: base, apiKey, sleep }) };
}

async function all(items) {
  const found = [];
  for await (const item of items) found.push(item.id);
  return found;
}

test("what is published is read back", async () => {
  const { client } = await project();
  const endpoint = await client.createEndpoint({ url: "http://127.0.0.1:9/hook", events: ["user.*"] });
  const published = await client.publishEvent({ type: "user.created", data: { name: "Ada" } });
  assert.equal(published.deliveries, 1);
  assert.deepEqual((await client.getEvent(published.id)).data, { name: "Ada" });
  const { data } = await client.listDeliveries({ event_id: published.id });
  assert.equal(data[0].endpoint_id, endpoint.id);
  await client.deleteEndpoint(endpoint.id);
});

test("a list goes on from page to page", async () => {
  const { client } = await project();
  const made = [];
  for (let n = 0; n < 5; n++) made.unshift((await client.publishEvent({ type: "a.b", data: n })).id);
  assert.deepEqual(await all(client.listEventsAll({ limit: 2 })), made);
});

test("a refusal is thrown with its code", async () => {
  const { client } = await project();
  await assert.rejects(client.getEvent("evt_nobody"), (error) => error instanceof ApiError && error.code === "not_found");
  await assert.rejects(client.createEndpoint({ url: "ftp://a.example" }), (error) => error.errors[0].pointer === "/url");
});

test("an answer that is lost makes no second event", async (t) => {
  const { apiKey, client } = await project();
  const lossy = await between(t, apiKey, (call) => (call === 1 ? "lose" : "pass"));
  const published = await lossy.client.publishEvent({ type: "a.b", data: 1 });
  assert.equal(new Set(lossy.calls.map((call) => call.headers["idempotency-key"])).size, 1);
  assert.equal(lossy.calls.length, 2);
  assert.deepEqual(await all(client.listEventsAll()), [published.id]);
});

test("what cannot be repeated is not", async (t) => {
  const { apiKey, client } = await project();
  const lossy = await between(t, apiKey, () => "lose");
  await assert.rejects(lossy.client.createEndpoint({ url: "http://127.0.0.1:9/once" }), ConnectionFailed);
  assert.deepEqual([lossy.calls.length, lossy.pauses], [1, []]);
  assert.equal((await all(client.listEndpointsAll())).length, 1);
});

test("a limited call waits for as long as it was told", async (t) => {
  const { apiKey } = await project();
  const limited = { status: 429, headers: { "retry-after": "3" }, body: "{}" };
  const { calls, pauses, client } = await between(t, apiKey, (call) => (call < 3 ? limited : "pass"));
  await client.createAccount({ id: "slow" });
  assert.deepEqual([calls.length, pauses], [3, [3000, 3000]]);
});

test("trouble that stays is thrown after five tries", async (t) => {
  const { apiKey } = await project();
  const busy = { status: 503, headers: {}, body: '{"code":"unavailable"}' };
  const { calls, client } = await between(t, apiKey, () => busy);
  await assert.rejects(client.listEvents(), (error) => error.code === "unavailable");
  assert.equal(calls.length, 5);
});

test("a key is not sent on to where an answer points", async (t) => {
  const { apiKey } = await project();
  const elsewhere = await between(t, apiKey, () => ({ status: 200, headers: {}, body: "{}" }));
  const location = `${elsewhere.base}/x`;
  const { client } = await between(t, apiKey, () => ({ status: 302, headers: { location }, body: "" }));
  await assert.rejects(client.listEvents(), (error) => error instanceof ApiError && error.status === 302);
  assert.equal(elsewhere.calls.length, 0);
});

test("an id is one segment of a path", async (t) => {
  const { apiKey } = await project();
  const { calls, client } = await between(t, apiKey, () => ({ status: 404, headers: {}, body: "{}" }));
  await assert.rejects(client.getEvent("a/../b?c#d"), ApiError);
  assert.equal(calls[0].url, "/v1/events/a%2F..%2Fb%3Fc%23d");
});
