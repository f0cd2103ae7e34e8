// A project as one finds it in production, made through the public API, with receivers on this machine:
// endpoints in every state, events and deliveries in every state, replays, keys.
//
//   const world = await makeWorld(server);
//   world.project   {id, key, api}                  world.vendors      {id, key, api, endpoints: {PROFILE: id}}
//   world.accounts  {acme: {id, key}, globex, ...}  world.endpoints    {healthy: ID, failing, slow, ...}
//   world.events    {paid: ID, ...}                 world.deliveries   {delivered: ID, retrying, failed, ...}
//   world.replays   {finished: ID, running: ID}     world.receiver     what startReceiver gives
//   world.weather   {delayMs, trouble}: how receivers do
//   await world.stop()

import { eventTypes, orderEvent } from "./shop.mjs";
import { startReceiver } from "./receiver.mjs";
import { apiOf, until } from "./server.mjs";

const ACCOUNTS = { acme: "Acme Corporation", globex: "Globex GmbH", initech: "Initech", umbrella: "Umbrella Health" };
const ONCE = { max_attempts: 1, backoff_multiplier: 1, initial_delay: 1000 };
const HOURLY = { max_attempts: 12, backoff_multiplier: 2, initial_delay: 3_600_000 };

// What acme has: name -> what the API is told. `/PATH` tells the receiver how to answer.
const ENDPOINTS = {
  healthy: { url: "/ok/orders", name: "Order sync", events: ["order.*"], description: "Writes orders into the warehouse." },
  failing: { url: "/500/crm", name: "CRM", retry_policy: HOURLY },
  dead: { url: "/500/old-crm", name: "Old CRM", retry_policy: ONCE },
  slow: { url: "/slow/billing", name: "Billing", events: ["invoice.*", "order.paid"], timeout_ms: 150, retry_policy: HOURLY },
  gone: { url: "/410/legacy", name: "Legacy importer", events: ["order.created"] },
  disabled: { url: "/ok/staging", name: "Staging", events: ["user.*"] },
  paused: { url: "/ok/analytics", name: "Analytics" },
  breaker: { url: "/503/search", name: "Search index", retry_policy: HOURLY,
    circuit_breaker: { min_attempts: 5, open_seconds: 3600, window_seconds: 3600 } },
  limited: { url: "/ok/mailer", name: "Mailer", rate_limit: 1, events: ["order.paid", "user.created"] },
  filtered: { url: "/ok/large-orders", name: "Large orders", events: ["order.*"], filter: { amount: { $gte: 5000 }, "customer.tier": "premium" } },
  migrating: { url: "/ok/migration", name: "Migration to v2", events: ["order.shipped"], second_profile: "stripe" },
  ed25519: { url: "/ok/audit-trail", name: "Audit trail", events: ["user.*"], secret_type: "ed25519" },
  headers: { url: "/flaky/erp?tenant=acme", name: "ERP", events: ["order.paid", "order.refunded"],
    headers: { "x-tenant": "acme", "x-environment": "production" }, metadata: { team: "finance", "cost-centre": "4711" },
    retry_policy: { max_attempts: 5, backoff_multiplier: 1, initial_delay: 50 } },
  ordered: { url: "/ok/ledger", name: "Ledger", events: ["order.*"], ordered: true, channels: ["eu", "us"] },
};
const VENDORS = ["authento", "authepy", "authpi", "envoyou", "reachscore"];

// How the receiver answers: by the first part of the path.
function answers(weather) {
  const seen = new Map();
  const json = { "content-type": "application/json", "x-request-id": "req_7f3a91" };
  const how = {
    ok: (request) => {
      const delayMs = weather.delayMs();
      if (weather.trouble.has(request.url.split("/")[2])) return how[503]();
      return { headers: json, body: '{"received":true}', delayMs };
    },
    500: () => ({ status: 500, headers: { "content-type": "text/html" }, body: "<h1>Internal Server Error</h1>\n<p>database connection refused</p>\n" }),
    503: () => ({ status: 503, headers: { ...json, "retry-after": "120" }, body: '{"error":"overloaded"}' }),
    410: () => ({ status: 410, body: "This integration was removed." }),
    slow: () => ({ delayMs: 600 }),
    // The first attempt of each event fails, the second does not.
    flaky: (request) => {
      const id = request.headers["webhook-id"];
      seen.set(id, (seen.get(id) ?? 0) + 1);
      return seen.get(id) === 1 ? { status: 502, body: "Bad Gateway" } : { headers: json, body: '{"ok":true}' };
    },
  };
  return (request) => (how[request.url.split("/")[1]] ?? how.ok)(request);
}

export async function makeWorld(server, { events = 240 } = {}) {
  // What may be changed later: how long good answers take, and whose receivers are in trouble.
  const weather = { delayMs: () => 0, trouble: new Set() };
  const receiver = await startReceiver(answers(weather));
  const at = (settings) => ({ ...settings, url: receiver.url + settings.url });
  const made = await server.api("POST", "/v1/projects", { name: "Northwind Shop", profile: "standard-webhooks" });
  const api = apiOf(server.url, made.api_key);
  const portal = { name: "Northwind", accent: "#0b7a5b", accent_dark: "#5fd3ae" };
  await api("PATCH", `/v1/projects/${made.id}`, { settings: { portal } });
  for (const type of eventTypes) await api("POST", "/v1/event-types", type);

  const accounts = {};
  for (const [id, name] of Object.entries(ACCOUNTS)) {
    await api("POST", "/v1/accounts", { id, name });
    const key = await api("POST", `/v1/accounts/${id}/keys`, { name: `${name}'s server` });
    accounts[id] = { id, key: key.api_key };
  }
  const endpoints = {};
  for (const [name, settings] of Object.entries(ENDPOINTS)) {
    endpoints[name] = (await api("POST", "/v1/endpoints", { account_id: "acme", ...at(settings) })).id;
  }
  for (const account of ["globex", "initech"]) {
    const settings = at({ url: `/ok/${account}`, name: account === "globex" ? "Warehouse" : "Storefront" });
    endpoints[account] = (await api("POST", "/v1/endpoints", { account_id: account, ...settings })).id;
  }
  await api("POST", `/v1/endpoints/${endpoints.disabled}/disable`, { reason: "The staging system is rebuilt until Monday." });
  await api("POST", `/v1/endpoints/${endpoints.paused}/pause`, { reason: "Database migration, asked for by Acme in ticket 5121." });

  const published = [];
  for (let first = 0; first < events; first += 60) {
    const batch = Array.from({ length: Math.min(60, events - first) }, (_, place) => orderEvent(first + place));
    published.push(...(await api("POST", "/v1/events/batch", batch)).data);
  }
  const refused = published.filter((result) => result.error);
  if (refused.length) throw new Error(`refused: ${JSON.stringify(refused[0])}`);
  const vendors = await makeVendors(server, receiver);
  const world = { project: { id: made.id, key: made.api_key, api }, vendors, accounts, endpoints, receiver, weather, stop: receiver.stop };
  await settle(world);
  world.deliveries = await oneOfEach(world);
  world.events = { newest: published.at(-1).id, first: published[0].id };
  world.replays = await makeReplays(world);
  world.keys = { readonly: await api("POST", "/v1/keys", { name: "Support, read only", scopes: ["endpoints:read", "deliveries:read", "events:read"] }) };
  return world;
}

// A second project, with an endpoint in each of the five vendors' formats.
async function makeVendors(server, receiver) {
  const made = await server.api("POST", "/v1/projects", { name: "Vendors' formats", profile: "standard-webhooks" });
  const api = apiOf(server.url, made.api_key);
  const endpoints = {};
  for (const profile of VENDORS) {
    const settings = { url: `${receiver.url}/ok/${profile}`, name: `In the format of ${profile}`, profile };
    endpoints[profile] = (await api("POST", "/v1/endpoints", settings)).id;
  }
  const data = { userId: "u_1", userIdentifier: "ada@example.com", type: "id-card", status: "REVIEWED" };
  for (const type of ["user.created", "verification.success", "REVIEWED"]) await api("POST", "/v1/events", { type, data });
  const took = (profile) => receiver.received.some((it) => it.path === `/ok/${profile}`);
  await until(() => VENDORS.filter((profile) => !took(profile)), (missing) => missing.length === 0);
  return { id: made.id, key: made.api_key, api, endpoints };
}

const listed = async (api, query) => (await api("GET", `/v1/deliveries?limit=50&${query}`)).data;

// Waits until each endpoint has shown what it is here for.
async function settle({ project: { api }, endpoints }) {
  const reach = (query, count = 1) => until(() => listed(api, query), (found) => found.length >= count);
  await reach(`endpoint_id=${endpoints.healthy}&state=delivered`, 50);
  await reach(`endpoint_id=${endpoints.dead}&state=failed`, 50);
  await reach(`endpoint_id=${endpoints.failing}&state=retrying`, 50);
  await reach(`endpoint_id=${endpoints.slow}&state=retrying`);
  await reach(`endpoint_id=${endpoints.paused}&state=held`, 50);
  await reach(`endpoint_id=${endpoints.headers}&state=delivered`, 10);
  await until(() => api("GET", `/v1/endpoints/${endpoints.gone}`), (it) => it.status === "disabled");
  await until(() => api("GET", `/v1/endpoints/${endpoints.breaker}`), (it) => it.health.breaker.state === "open");
  await api("POST", "/v1/deliveries/cancel", { endpoint_id: endpoints.paused, event_type: "user.*" });
  await reach(`endpoint_id=${endpoints.paused}&state=cancelled`);
}

// A delivery in each state, and one that was delivered at its second attempt.
async function oneOfEach({ project: { api }, endpoints }) {
  const of = { delivered: "healthy", failed: "dead", retrying: "failing", timeout: "slow", held: "paused", cancelled: "paused", pending: "limited", recovered: "headers" };
  const state = { timeout: "retrying", recovered: "delivered" };
  const found = {};
  for (const [name, endpoint] of Object.entries(of)) {
    const [first] = await listed(api, `endpoint_id=${endpoints[endpoint]}&state=${state[name] ?? name}`);
    if (!first) throw new Error(`no delivery is ${name}`);
    found[name] = first.id;
  }
  return found;
}

// One that is done, and one that takes its time.
async function makeReplays({ project: { api }, endpoints }) {
  const since = new Date(Date.now() - 3_600_000).toISOString();
  const done = await api("POST", "/v1/replays", { endpoint_id: endpoints.dead, since, what: "failed", event_types: ["user.*"] });
  await until(() => api("GET", `/v1/replays/${done.id}`), (it) => it.state === "finished");
  const running = await api("POST", "/v1/replays", { endpoint_id: endpoints.healthy, since, what: "all", rate_per_second: 1 });
  return { finished: done.id, running: running.id };
}
