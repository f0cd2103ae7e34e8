// Every page of both faces, found by following the links: is it light, still, safe and usable? A
// screenshot of each, in both themes and on a phone, is kept as `all-FACE-PAGE`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, openPage, signedIn } from "../support/browser.mjs";
import { crawl } from "../support/crawl.mjs";
import { enterPortal } from "../support/portal.mjs";
import { FIRST_LOAD_BYTES_MAX, liveTurn, safeHeaders, structureFaults, tabFaults, watch } from "../support/quality.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, world;
stage(async (on) => {
  server = await on.server();
  world = await on.world(server);
  browser = await on.browser();
});

function fileName(face, kind) {
  const below = kind === "/ui" ? "projects" : kind.replace(/^\/(ui\/\*|ui|portal)\/?/, "").replaceAll("*", "one");
  return `all-${face}-${below.replace(/[^a-z0-9]+/gi, "-") || "overview"}`;
}

// Looks at each page that the visitor comes to. All that is wrong is told at the end, together.
async function judge(page, face, starts) {
  const faults = [];
  const watched = await watch(page);
  const visit = async (address, kind, answer, isFirst) => {
    const check = async (what, todo) => {
      try { await todo(); } catch (error) { faults.push(`${kind}: ${what}: ${error.message}`); }
    };
    if (answer.status() !== 200) faults.push(`${kind}: answered ${answer.status()} at ${address}`);
    const bytes = await watched.bytes();
    if (bytes > FIRST_LOAD_BYTES_MAX) faults.push(`${kind}: loads ${bytes} bytes`);
    await check("headers", () => safeHeaders(answer.headers(), kind));
    await liveTurn(page);
    for (const jump of await page.evaluate(() => window.jumps)) faults.push(`${kind}: jumps by ${jump.by} at ${jump.at}`);
    for (const fault of await structureFaults(page)) faults.push(`${kind}: ${fault}`);
    for (const fault of await tabFaults(page)) faults.push(`${kind}: ${fault}`);
    if (isFirst && answer.status() === 200) await check("look", () => look(page, fileName(face, kind)));
    watched.forget();
  };
  const found = await crawl(page, starts, visit, { of: 2 });
  return { ...found, faults };
}

// The same pages where the browser runs no script.
async function withoutScript(page, kinds) {
  await page.setJavaScriptEnabled(false);
  const faults = [];
  for (const [kind, address] of kinds) {
    const answer = await page.goto(address);
    const shown = await page.evaluate(() => ({ title: document.querySelector("h1")?.innerText ?? "", text: document.querySelector("main")?.innerText ?? "" }));
    if (answer.status() !== 200 || !shown.title || shown.text.length < shown.title.length + 10) faults.push(`${kind}: without a script shows "${shown.text.slice(0, 80)}"`);
  }
  return faults;
}

test("each of the operator's pages is light, still, safe and usable, without a script as well", async () => {
  const page = await signedIn(browser, server);
  const base = `${server.url}/ui/${world.project.id}`;
  const addresses = [base, `${base}/endpoints`, `${base}/deliveries`, `${base}/events`, `${base}/logs`, `${server.url}/ui`];
  const { kinds, faults } = await judge(page, "operator", addresses);
  assert.deepEqual(faults, []);
  console.log(`${kinds.length} kinds of pages: ${kinds.join(" ")}`);
  await page.done();
});

test("each of the customer's pages is, too", async () => {
  const page = await openPage(browser);
  await enterPortal(page, world.project.api, "acme");
  const base = `${server.url}/portal`;
  const { kinds, faults } = await judge(page, "portal", [base, `${base}/endpoints`, `${base}/deliveries`, `${base}/events`, `${base}/logs`]);
  assert.deepEqual(faults, []);
  console.log(`${kinds.length} kinds of pages: ${kinds.join(" ")}`);
  await page.done();
});
