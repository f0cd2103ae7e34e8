// The portal of one account reaches nothing of another: every address and every form that the pages
// have is collected by walking them, as the operator and as the other account, and tried by a customer
// for what is not theirs. A new page is covered by being linked to.

import assert from "node:assert/strict";
import { test } from "node:test";
import { apiOf, until } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";
import { formsOf, linksOf, visitor } from "../support/walk.mjs";

const MARK = "globexsecret";
const PAGES_MAX = 400;
// What the server notes at a time of its own.
const NOTED_LATER = ["last_used_at", "health"];

let server, receiver, project, api, ids;
stage(async (on) => {
  server = await on.server();
  receiver = await on.receiver((request) => (request.url.includes("broken") ? { status: 500, body: `no ${request.url}` } : {}));
  ({ project, api } = await on.project(server, "Northwind"));
  await api("POST", "/v1/event-types", { name: "order.paid", description: "An order was paid." });
  ids = {};
  for (const id of ["acme", "globex"]) ids[id] = await fill(id, id === "globex" ? MARK : "acmesown");
});

// One of everything that an account can have, each with the mark in it.
async function fill(account, mark) {
  await api("POST", "/v1/accounts", { id: account, name: mark });
  await api("POST", `/v1/accounts/${account}/keys`, { name: mark });
  const once = { max_attempts: 1, backoff_multiplier: 1, initial_delay: 1000 };
  const make = (path, more) => api("POST", "/v1/endpoints", { account_id: account, url: `${receiver.url}/${path}/${mark}`, name: mark, description: mark, ...more });
  const endpoint = await make("ok");
  const broken = await make("broken", { retry_policy: once });
  const event = await api("POST", "/v1/events", { account_id: account, type: "order.paid", data: { of: mark } });
  const of = (state) => until(() => api("GET", `/v1/deliveries?account_id=${account}&state=${state}`), ({ data }) => data.length > 0);
  const [delivered, failed] = [(await of("delivered")).data[0], (await of("failed")).data[0]];
  const replay = await api("POST", "/v1/replays", { account_id: account, endpoint_id: endpoint.id, since: new Date(Date.now() - 3_600_000).toISOString() });
  await until(() => api("GET", `/v1/replays/${replay.id}`), ({ state }) => state === "finished");
  const session = await api("POST", "/v1/portal-sessions", { account_id: account });
  return { session: session.id, endpoint: endpoint.id, broken: broken.id, event: event.id, delivery: delivered.id, failed: failed.id, replay: replay.id };
}

// All that the other account has, as the product sees it.
async function state() {
  const all = [];
  for (const path of ["endpoints", "events", "deliveries", "replays"]) {
    all.push(...(await api("GET", `/v1/${path}?account_id=globex&limit=250`)).data);
  }
  for (const path of ["", "/keys", "/portal-tokens"]) all.push(await api("GET", `/v1/accounts/globex${path}`));
  all.push(await api("GET", `/v1/projects/${project.id}`));
  return JSON.stringify(all, (name, value) => (NOTED_LATER.includes(name) ? undefined : value));
}

async function portal(account, more = {}) {
  const { url } = await api("POST", "/v1/portal-sessions", { account_id: account, ...more });
  const answer = await fetch(url, { redirect: "manual" });
  return visitor(server.url, answer.headers.getSetCookie()[0].split(";")[0]);
}

async function operator() {
  const { token } = await apiOf(server.url, project.api_key)("POST", "/v1/sessions", {});
  return visitor(server.url, `__Host-hookwright=${token}`);
}

// Ids are what differs between pages of one kind.
const kind = (address) => address.replace(/\b(prj|ep|evt|msg|dlv|rpl|key|ptk|ses|pur|aud|brc)_[\w-]+/g, "$1_").replace(/cursor=[^&]+/, "cursor=");

// Follows every link from `start`, some of each kind; gives the addresses and forms found, each as it
// is beneath `base`.
async function walk(who, base, start) {
  const seen = new Map();
  const forms = new Map();
  const waiting = [start];
  const visited = new Set();
  while (waiting.length && visited.size < PAGES_MAX) {
    const address = waiting.shift();
    if (visited.has(address)) continue;
    visited.add(address);
    const { status, text, type } = await who.get(address);
    if (status !== 200 || !type.includes("html")) continue;
    for (const link of linksOf(text, address)) {
      if (link !== base && !link.startsWith(`${base}/`) && !link.startsWith(`${base}?`)) continue;
      const of = seen.get(kind(link)) ?? new Set();
      seen.set(kind(link), of);
      // The other account's own things are always followed: they are what is tried.
      const isTheirs = Object.values(ids.globex).some((id) => link.includes(id)) || link.includes("globex");
      if (of.size < 2 || isTheirs) {
        of.add(link);
        if (!visited.has(link)) waiting.push(link);
      }
    }
    for (const form of formsOf(text, address)) {
      if (form.action.startsWith(base)) forms.set(JSON.stringify([form.method, form.action, form.fields.map(([name]) => name)]), form);
    }
  }
  const addresses = [...seen.values()].flatMap((of) => [...of]);
  return { addresses, forms: [...forms.values()], visited: visited.size };
}

const names = (text) => [...Object.values(ids.globex), "globex"].some((id) => text.includes(id));

// What both walks found, as addresses of the portal.
async function found() {
  const ours = await operator();
  const base = `/ui/${project.id}`;
  const walks = [await walk(ours, base, base), await walk(await portal("globex"), "/portal", "/portal")];
  const moved = (address) => address.replace(base, "/portal");
  const addresses = new Set(walks.flatMap((it) => it.addresses).map(moved));
  const forms = walks.flatMap((it) => it.forms).map((form) => ({ ...form, action: moved(form.action) }));
  return { addresses: [...addresses], forms };
}

// The other account's ids in the place of one's own.
function theirs(text) {
  let changed = text;
  for (const [name, id] of Object.entries(ids.acme)) changed = changed.replaceAll(id, ids.globex[name]);
  return changed.replaceAll("acme", "globex");
}

test("a customer reaches nothing of another account by any address", async () => {
  const { addresses } = await found();
  const acme = await portal("acme", { reveal_secrets: true });
  const tried = new Set();
  for (const address of new Set(addresses.map(theirs))) {
    const { status, text } = await acme.get(address);
    assert.ok(!text.includes(MARK), `${address} shows what is another's`);
    const path = address.split("?")[0];
    if (names(path)) {
      assert.ok([403, 404].includes(status), `${address} answers ${status}`);
      tried.add(kind(path));
    }
    assert.ok(status < 500, `${address} answers ${status}`);
  }
  const own = await acme.get(`/portal/endpoints/${ids.acme.endpoint}`);
  assert.equal(own.status, 200, "their own are there");
  for (const of of ["endpoints/ep_", "deliveries/dlv_", "events/msg_", "replays/rpl_", "accounts/globex/portal-links"]) {
    assert.ok(tried.has(`/portal/${of}`), `no page of ${of} was tried, only ${[...tried]}`);
  }
  assert.ok(addresses.length >= 40 && tried.size >= 8, `${addresses.length} addresses, ${tried.size} kinds of theirs`);
});

test("a customer changes nothing of another account by any form", async () => {
  const { forms } = await found();
  for (const action of ["/portal-links", `/portal-links/${ids.globex.session}/end`]) {
    assert.ok(forms.some((form) => form.action === `/portal/accounts/globex${action}`), `no form for ${action}`);
  }
  assert.ok(forms.some((form) => form.action === "/portal/settings/portal"), "no form of the portal's look");
  const acme = await portal("acme", { reveal_secrets: true });
  const csrf = formsOf((await acme.get(`/portal/endpoints/${ids.acme.endpoint}`)).text, "/").flatMap(({ fields }) => fields).find(([name]) => name === "_csrf")[1];
  const before = await state();
  let posts = 0;
  let refused = 0;
  for (const form of forms) {
    const action = theirs(form.action);
    const fields = form.fields.map(([name, value]) => [name, name === "_csrf" ? csrf : theirs(value)]);
    for (const more of [[], [["account_id", "globex"]], [["endpoint_id", ids.globex.endpoint]]]) {
      const { status, text } = await acme.send(form.method, action, [...fields, ...more]);
      assert.ok(!text.includes(MARK) || fields.some(([, value]) => value.includes(MARK)), `${form.method} ${action} shows what is another's`);
      if (form.method === "POST" && names(action)) {
        // A form may be shown again with the refusal in it.
        assert.ok(status >= 400, `${action} answers ${status}`);
        refused += 1;
      }
      assert.ok(status < 500, `${form.method} ${action} answers ${status}`);
      posts += form.method === "POST" ? 1 : 0;
    }
  }
  assert.ok((await state()) === before, "something of theirs was changed");
  assert.ok(posts >= 60 && refused >= 30, `only ${posts} forms were sent, ${refused} of them to what is theirs`);
});

test("a reader changes nothing of their own either", async () => {
  const { forms } = await walk(await portal("acme"), "/portal", "/portal");
  const reader = await portal("acme", { read_only: true });
  const { text } = await reader.get("/portal/endpoints");
  const held = formsOf(text, "/portal/endpoints").filter(({ method }) => method === "POST");
  assert.deepEqual(held, [], "nothing to press");
  const own = async () => JSON.stringify((await api("GET", "/v1/endpoints?account_id=acme")).data);
  const before = await own();
  let refused = 0;
  for (const form of forms.filter(({ method }) => method === "POST")) {
    const { status } = await reader.send("POST", form.action, form.fields);
    assert.ok(status >= 400 && status < 500, `${form.action} answers ${status}`);
    refused += 1;
  }
  assert.equal(await own(), before);
  assert.ok(refused >= 5, `only ${refused} forms`);
});
