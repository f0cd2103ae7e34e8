// The customer's portal: entered by a link, in the product's colours, within another site's page, and
// what is shown at its end.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { look, openPage, textOf } from "../support/browser.mjs";
import { until } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";

const LOGO = `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 28" width="120" height="28"><rect width="120" height="28" rx="6" fill="#7a2bd9"/><text x="14" y="20" font-family="sans-serif" font-size="15" font-weight="700" fill="#fff">Northwind</text></svg>').toString("base64")}`;

let server, browser, receiver, project, api;
stage(async (on) => {
  server = await on.server();
  browser = await on.browser();
  receiver = await on.receiver();
  ({ project, api } = await on.project(server, "Northwind"));
  for (const id of ["acme", "globex"]) {
    await api("POST", "/v1/accounts", { id, name: `${id} Ltd` });
    await api("POST", "/v1/endpoints", { account_id: id, url: `${receiver.url}/${id}`, name: `${id}'s orders` });
    await api("POST", "/v1/events", { account_id: id, type: "order.paid", data: { of: id } });
  }
  await until(() => api("GET", "/v1/deliveries?state=delivered"), ({ data }) => data.length === 2);
});

const link = (asked = {}) => api("POST", "/v1/portal-sessions", { account_id: "acme", ...asked });
const theme = (portal) => api("PATCH", `/v1/projects/${project.id}`, { settings: { portal } });

test("a link opens one account's portal, once", async () => {
  const page = await openPage(browser);
  const { url } = await link();
  assert.ok(url.startsWith(`${server.url}/portal/enter/`));
  await page.goto(url);
  assert.equal(page.url(), `${server.url}/portal`);
  assert.match(await textOf(page, "header"), /acme Ltd/);
  const names = await page.$$eval("aside nav a", (links) => links.map((it) => it.textContent.trim()));
  assert.ok(names.includes("Deliveries"));
  for (const hidden of ["Accounts", "Keys", "Audit", "Settings", "Projects"]) assert.ok(!names.includes(hidden), hidden);
  await look(page, "portal-overview");
  await page.goto(url);
  assert.equal(page.url(), `${server.url}/portal`, "who is in stays in");
  const other = await openPage(browser);
  const answer = await other.goto(url);
  assert.equal(answer.status(), 404);
  assert.match(await textOf(other), /no longer valid/);
  await look(other, "portal-link-used");
  await other.done();
  await page.done();
});

test("a portal is in the product's name and colours, which can be read in both themes", async () => {
  await theme({ name: "Northwind webhooks", logo: LOGO, accent: "#ffcc00", accent_dark: null });
  const page = await openPage(browser);
  await page.goto((await link({ return_url: "https://northwind.example/settings" })).url);
  assert.match(await page.title(), /Northwind webhooks/);
  await page.waitForFunction(() => document.querySelector("header img")?.naturalWidth > 0);
  const back = await page.$eval("aside ul.second a", (it) => [it.textContent, it.href, it.target]);
  assert.deepEqual(back, ["Back to northwind.example", "https://northwind.example/settings", "_top"]);
  const accent = () => page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--accent"));
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  assert.equal(await accent(), "#ffcc00");
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
  assert.notEqual(await accent(), "#ffcc00", "yellow on white cannot be read");
  await look(page, "portal-themed");
  await page.goto(`${server.url}/portal/deliveries`);
  await look(page, "portal-themed-deliveries");
  await page.done();
  await theme({ name: null, logo: null, accent: null });
});

test("a reader is told that nothing can be changed", async () => {
  const page = await openPage(browser);
  await page.goto((await link({ read_only: true })).url);
  assert.match(await textOf(page, "aside"), /change nothing/);
  await page.done();
});

test("a session that ended says so, and shows the way back", async () => {
  const page = await openPage(browser);
  const made = await link({ return_url: "https://northwind.example/settings" });
  await page.goto(made.url);
  await api("DELETE", `/v1/accounts/acme/portal-tokens/${made.id}`);
  const answer = await page.goto(`${server.url}/portal/deliveries`);
  assert.equal(answer.status(), 401);
  assert.match(await textOf(page), /session has ended/);
  assert.equal(await page.$eval("main a", (it) => it.href), "https://northwind.example/settings");
  assert.doesNotMatch(await textOf(page, "body"), /API key|Hookwright/);
  await look(page, "portal-ended");
  const stranger = await openPage(browser);
  await stranger.goto(`${server.url}/portal`);
  assert.match(await textOf(stranger), /Go back to the product/);
  await stranger.done();
  await page.done();
});

test("a fetch ahead does not use a link up", async () => {
  const { url } = await link();
  for (const options of [{ method: "HEAD" }, { headers: { "sec-purpose": "prefetch" } }]) {
    const answer = await fetch(url, { redirect: "manual", ...options });
    assert.equal(answer.headers.get("set-cookie"), null);
  }
  const answer = await fetch(url, { redirect: "manual" });
  assert.equal(answer.status, 303);
  const cookies = answer.headers.getSetCookie();
  assert.match(cookies[0], /^__Host-hookwright-portal=hwk_port_\w+; Path=\/; Secure; HttpOnly; SameSite=None; Partitioned$/);
});

// A product's own page, on another site than the server (localhost is another one than 127.0.0.1).
async function product(portal) {
  const site = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end(`<!doctype html><title>Product</title><h1>Settings</h1><iframe title="Webhooks" width="1100" height="700" src="${portal}"></iframe>`);
  });
  await new Promise((resolve) => site.listen(0, resolve));
  return { origin: `http://localhost:${site.address().port}`, stop: () => new Promise((resolve) => { site.closeAllConnections(); site.close(resolve); }) };
}

test("a product shows the portal within its own page, and forms work there", async (t) => {
  const site = await product((await link()).url);
  t.after(site.stop);
  await theme({ frame_origins: [site.origin] });
  const page = await openPage(browser);
  await page.goto(`${site.origin}/`);
  const frame = await page.waitForFrame((it) => it.url() === `${server.url}/portal`);
  await frame.waitForSelector("header.bar");
  assert.match(await frame.$eval("header", (it) => it.innerText), /acme Ltd/);
  await Promise.all([frame.waitForNavigation(), frame.click("aside a[href='/portal/deliveries']")]);
  assert.match(await frame.$eval("main", (it) => it.innerText), /order\.paid/);
  await page.screenshot({ path: `${process.env.SCREENSHOTS ?? "target/screenshots"}/portal-embedded.png` });
  await frame.goto(`${server.url}/portal/endpoints/new`);
  await frame.type("[name=url]", `${receiver.url}/embedded`);
  await Promise.all([frame.waitForNavigation(), frame.click("main form[method=post] button.primary")]);
  const { data } = await api("GET", "/v1/endpoints?account_id=acme");
  assert.ok(data.some(({ url }) => url.endsWith("/embedded")));
  await page.done();
});

test("a site that is not listed does not show it", async (t) => {
  const site = await product((await link()).url);
  t.after(site.stop);
  await theme({ frame_origins: ["https://northwind.example"] });
  const page = await openPage(browser);
  const refused = new Promise((resolve) => page.on("console", (message) => /frame-ancestors/.test(message.text()) && resolve()));
  await page.goto(`${site.origin}/`);
  await refused;
  await page.browserContext().close();
  const operator = await fetch(`${server.url}/ui/sign-in`);
  assert.match(operator.headers.get("content-security-policy"), /frame-ancestors 'none'/);
  await theme({ frame_origins: [] });
});
