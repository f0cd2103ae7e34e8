// Every form that changes something, on every page of both faces: it does nothing if it was sent from
// another site, without its token or with another visitor's. Cookies and headers that see to it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage, signIn } from "../support/browser.mjs";
import { crawl } from "../support/crawl.mjs";
import { enterPortal } from "../support/portal.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, world;
stage(async (on) => {
  server = await on.server();
  world = await on.world(server, { events: 120 });
  browser = await on.browser();
});

const cookiesOf = async (page) => (await page.browserContext().cookies()).map((it) => `${it.name}=${it.value}`).join("; ");
const tokenOf = (page) => page.$eval("[name=_csrf]", (field) => field.value);

async function send(form, cookie, token, headers) {
  const fields = new URLSearchParams(form.fields.filter(([name]) => name !== "_csrf"));
  if (token) fields.set("_csrf", token);
  const answer = await fetch(form.action, { method: "POST", body: fields, redirect: "manual", headers: { cookie, ...headers } });
  return { status: answer.status, text: await answer.text() };
}

// Tries every form of these pages in every wrong way.
async function tryForms(page, starts, token, stranger) {
  const { forms } = await crawl(page, starts);
  const posts = forms.filter((form) => form.method.toLowerCase() === "post");
  const cookie = await cookiesOf(page);
  const own = { origin: server.url };
  for (const form of posts) {
    const wrong = {
      "without a token": [undefined, own],
      "with another visitor's token": [stranger, own],
      "with a made-up token": ["0".repeat(64), own],
      "from another site": [token, { origin: "https://evil.example" }],
      "from a page that hides where it is": [token, { origin: "null" }],
      "from another site, as the browser says": [token, { ...own, "sec-fetch-site": "cross-site" }],
      "from nowhere": [token, {}],
    };
    for (const [how, [given, headers]] of Object.entries(wrong)) {
      const { status, text } = await send(form, cookie, given, headers);
      assert.equal(status, 403, `${form.kind} ${how}`);
      assert.match(text, /Nothing was done/, `${form.kind} ${how}`);
    }
  }
  return posts.map((form) => form.kind);
}

test("no form of the operator's pages can be sent by another site or for another visitor", async () => {
  const [page, other] = [await openPage(browser), await openPage(browser)];
  await signIn(other, server, world.vendors.key);
  const stranger = await tokenOf(other);
  await signIn(page, server);
  const before = await world.project.api("GET", "/v1/audit?limit=1");
  const base = `${server.url}/ui/${world.project.id}`;
  await page.goto(base);
  const token = await tokenOf(page);
  const tried = await tryForms(page, [base, `${server.url}/ui`], token, stranger);
  assert.ok(tried.length >= 2, `only ${tried}`);
  assert.deepEqual((await world.project.api("GET", "/v1/audit?limit=1")).data, before.data, "something was changed");
  await other.done();
  await page.done();
});

test("no form of the customer's pages can, either", async () => {
  const [page, other] = [await openPage(browser), await openPage(browser)];
  await signIn(other, server, world.project.key);
  const stranger = await tokenOf(other);
  await enterPortal(page, world.project.api, "acme");
  const before = await world.project.api("GET", "/v1/audit?limit=1");
  await page.goto(`${server.url}/portal/replays/new`);
  const token = await tokenOf(page);
  const tried = await tryForms(page, [`${server.url}/portal`], token, stranger);
  assert.ok(tried.length >= 1, `only ${tried}`);
  assert.deepEqual((await world.project.api("GET", "/v1/audit?limit=1")).data, before.data, "something was changed");
  await other.done();
  await page.done();
});

test("the session's cookie is this host's alone, and no script can read it", async () => {
  const answer = await fetch(`${server.url}/ui/sign-in`, {
    method: "POST", redirect: "manual", headers: { origin: server.url },
    body: new URLSearchParams({ key: world.project.key }),
  });
  assert.equal(answer.status, 303);
  const cookies = answer.headers.getSetCookie();
  assert.ok(cookies.length > 0);
  for (const cookie of cookies) {
    assert.match(cookie, /^__Host-/);
    for (const word of ["Secure", "HttpOnly", "Path=/", "SameSite="]) assert.ok(cookie.includes(word), `${word} in ${cookie}`);
    assert.doesNotMatch(cookie, /Domain=/i);
  }
});
