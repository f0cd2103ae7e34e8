// The portal's look, chosen in a form of the settings and seen by a customer.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { look, openPage, signedIn, submit, textOf } from "../support/browser.mjs";
import { enterPortal } from "../support/portal.mjs";
import { stage } from "../support/stage.mjs";

const LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 28" width="120" height="28"><rect width="120" height="28" rx="6" fill="#7a2bd9"/><text x="14" y="20" font-family="sans-serif" font-size="15" font-weight="700" fill="#fff">Northwind</text></svg>';
// A picture of one point.
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

let server, browser, project, api, folder;
stage(async (on) => {
  server = await on.server();
  browser = await on.browser();
  ({ project, api } = await on.project(server));
  await api("POST", "/v1/accounts", { id: "acme", name: "Acme" });
  await api("PATCH", `/v1/projects/${project.id}`, { settings: { public_catalogue: true, retention: { attempts: 3 } } });
  folder = await mkdtemp(join(tmpdir(), "hookwright-logos-"));
  on.keep({ stop: () => rm(folder, { recursive: true }) });
  await writeFile(join(folder, "logo.svg"), LOGO);
  await writeFile(join(folder, "logo.png"), Buffer.from(PNG, "base64"));
  await writeFile(join(folder, "notes.txt"), "not a picture");
  await writeFile(join(folder, "large.png"), Buffer.alloc(50_000, 1));
});

const id = (name) => `[id='f-settings-portal-${name}']`;
const fill = (page, name, text) => page.$eval(id(name), (field, text) => { field.value = text; }, text);
const choose = async (page, file) => (await page.$(id("logo"))).uploadFile(join(folder, file));
const kept = async () => (await api("GET", `/v1/projects/${project.id}`)).settings;
const SAVE = "main button.primary";
const PREVIEW = "button[value=preview]";

async function open() {
  const page = await signedIn(browser, server, project.api_key);
  await page.goto(`${server.url}/ui/${project.id}/settings`);
  await submit(page, "main a[href$='/settings/portal']");
  return page;
}

test("a look is previewed, saved and shown to the customer, and taken back", async () => {
  const page = await open();
  assert.match(await textOf(page, ".samples"), /Light: the standard colour[\s\S]*Dark: the standard colour/);
  await look(page, "portal-look-empty");
  await fill(page, "name", "Northwind & webhooks");
  await fill(page, "accent", "#FFCC00");
  await fill(page, "frame_origins", "https://app.example.com\nhttps://Admin.example.com/");
  await choose(page, "logo.svg");
  await submit(page, PREVIEW);
  assert.match(await textOf(page), /This is a preview/);
  assert.match(await textOf(page, ".samples"), /#FFCC00 could not be read there; #[0-9a-f]{6} is shown[\s\S]*Dark: #ffcc00, as chosen/);
  await page.waitForFunction(() => document.querySelector("#sample-logo")?.href.baseVal.startsWith("data:image/svg+xml;base64,"));
  assert.equal((await kept()).portal.name, null, "nothing is saved yet");
  await look(page, "portal-look-preview");
  await submit(page, SAVE);
  assert.match(await textOf(page), /Saved/);
  const settings = await kept();
  assert.deepEqual(settings.portal, {
    name: "Northwind & webhooks", logo: `data:image/svg+xml;base64,${Buffer.from(LOGO).toString("base64")}`,
    accent: "#ffcc00", accent_dark: null, frame_origins: ["https://app.example.com", "https://admin.example.com"],
  });
  assert.deepEqual([settings.public_catalogue, settings.retention.attempts], [true, 3], "other settings stay");

  const customer = await openPage(browser);
  await enterPortal(customer, api, "acme");
  assert.match(await customer.title(), /Northwind & webhooks/);
  await customer.waitForFunction(() => document.querySelector("header img")?.naturalWidth > 0);
  const shown = await customer.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--accent"));
  assert.equal(shown, await page.$eval(".sample", (it) => it.dataset.accent), "the sample is in the portal's colour");
  await customer.done();

  await submit(page, SAVE);
  assert.deepEqual((await kept()).portal, settings.portal, "what is saved as it is stays, the logo as well");
  await choose(page, "logo.png");
  await submit(page, SAVE);
  assert.equal((await kept()).portal.logo, `data:image/png;base64,${PNG}`);
  for (const name of ["name", "accent", "frame_origins"]) await fill(page, name, "");
  await page.click("input[name=no_logo]");
  await submit(page, SAVE);
  const nothing = { name: null, logo: null, accent: null, accent_dark: null, frame_origins: [] };
  assert.deepEqual((await kept()).portal, nothing);
  await page.done();
});

test("what does not fit is said beside its field, and a chosen logo is not lost", async () => {
  const page = await open();
  await fill(page, "name", "x".repeat(81));
  await choose(page, "logo.png");
  let answer = await submit(page, SAVE);
  assert.equal(answer.status(), 422);
  assert.match(await textOf(page, id("name-error")), /1 to 80 characters/);
  await fill(page, "name", "Shop webhooks");
  await fill(page, "accent", "red");
  answer = await submit(page, SAVE);
  assert.match(await textOf(page, id("accent-error")), /#rrggbb/);
  await fill(page, "accent", "");
  await fill(page, "accent_dark", "#12345");
  await submit(page, SAVE);
  assert.match(await textOf(page, id("accent_dark-error")), /#rrggbb/);
  await look(page, "portal-look-refused");
  await fill(page, "accent_dark", "");
  await fill(page, "frame_origins", "https://app.example.com\nhttp://evil.example/path");
  await submit(page, SAVE);
  assert.match(await textOf(page, id("frame_origins-error")), /http:\/\/evil\.example\/path must be an origin/);
  assert.equal((await kept()).portal.logo, null, "nothing of it was saved");
  await fill(page, "frame_origins", "");
  await submit(page, SAVE);
  assert.equal((await kept()).portal.logo, `data:image/png;base64,${PNG}`);
  for (const [file, said] of [["notes.txt", /must be a picture/], ["large.png", /at most 65536 characters/]]) {
    await choose(page, file);
    answer = await submit(page, SAVE);
    assert.equal(answer.status(), 422);
    assert.match(await textOf(page, id("logo-error")), said);
  }
  assert.equal((await kept()).portal.logo, `data:image/png;base64,${PNG}`);
  await page.done();
});

test("a colour can be picked as well as typed", async () => {
  const page = await open();
  const picker = "[data-picks='f-settings-portal-accent']";
  await page.waitForSelector(`${picker}:not([hidden])`);
  await page.$eval(picker, (it) => {
    it.value = "#0b7a5b";
    it.dispatchEvent(new Event("input", { bubbles: true }));
  });
  assert.equal(await page.$eval(id("accent"), (it) => it.value), "#0b7a5b");
  await page.type(id("accent_dark"), "#5fd3ae");
  assert.equal(await page.$eval("[data-picks='f-settings-portal-accent_dark']", (it) => it.value), "#5fd3ae");
  await submit(page, SAVE);
  const { accent, accent_dark } = (await kept()).portal;
  assert.deepEqual([accent, accent_dark], ["#0b7a5b", "#5fd3ae"]);
  await look(page, "portal-look");
  await page.done();
});

test("who may not change settings sees them, and nothing to press", async () => {
  const reader = await api("POST", "/v1/keys", { scopes: ["endpoints:read", "deliveries:read"] });
  const page = await signedIn(browser, server, reader.api_key);
  await page.goto(`${server.url}/ui/${project.id}/settings/portal`);
  assert.match(await textOf(page), /may not change it/);
  assert.equal((await page.$$(`${SAVE}, ${PREVIEW}, fieldset:not([disabled])`)).length, 0);
  await page.done();
});
