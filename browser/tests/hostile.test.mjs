// Texts of others are shown as text, on every page of both faces: nothing of them runs, nothing of them
// becomes a part of the page, nothing makes the page wider than the window.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage, signIn, textOf } from "../support/browser.mjs";
import { crawl } from "../support/crawl.mjs";
import { ATTACKS, NAME, makeHostileWorld } from "../support/hostile.mjs";
import { enterPortal } from "../support/portal.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, world;
stage(async (on) => {
  server = await on.server();
  world = on.keep(await makeHostileWorld(server));
  browser = await on.browser();
});

// A page of a visitor whose browser calls itself something hostile, and where a dialog is a fault.
async function openVisit() {
  const page = await openPage(browser);
  await page.setUserAgent({ userAgent: `Evil/1.0 ${ATTACKS.image}` });
  page.on("dialog", async (dialog) => {
    page.faults.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  await page.evaluateOnNewDocument(() => {
    document.addEventListener("securitypolicyviolation", (it) => console.error(`policy: ${it.violatedDirective} ${it.blockedURI}`));
  });
  return page;
}

// What a text has done to the page, in words.
const harm = (page) => page.evaluate(() => {
  const faults = [];
  if (window.ran) faults.push("a text ran");
  for (const bad of document.querySelectorAll("main script, img[src=x], [onerror], [onload], [onmouseover], [onfocus], body > svg, marquee, iframe, object, embed")) {
    faults.push(`a text became a part of the page: ${bad.outerHTML.slice(0, 100)}`);
  }
  for (const link of document.querySelectorAll("a[href], form[action]")) {
    const to = new URL(link.getAttribute("href") ?? link.getAttribute("action"), location.href);
    if (to.origin !== location.origin) faults.push(`a link elsewhere: ${to.href.slice(0, 100)}`);
  }
  const hidden = document.body.innerText.match(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
  if (hidden) faults.push(`U+${hidden[0].codePointAt(0).toString(16)} is not made visible`);
  if ((document.title + document.body.innerText).includes("1787569")) faults.push("a template was calculated");
  const wider = document.documentElement.scrollWidth - innerWidth;
  if (wider > 0) faults.push(`${wider} pixels wider than ${innerWidth}`);
  return faults;
});

// Visits all pages, as they are, on a phone, and with hostile values in the address.
async function attack(page, starts) {
  const faults = [];
  const shown = [];
  const tell = async (where) => { for (const fault of await harm(page)) faults.push(`${where}: ${fault}`); };
  const { kinds } = await crawl(page, starts, async (address, kind, answer) => {
    if (answer.status() !== 200) faults.push(`${kind}: answered ${answer.status()}`);
    await tell(kind);
    if ((await textOf(page, "body")).includes(ATTACKS.script)) shown.push(kind);
    const viewport = page.viewport();
    await page.setViewport({ width: 390, height: 844 });
    await tell(`${kind} on a phone`);
    await page.setViewport(viewport);
    const url = new URL(address);
    for (const name of new Set([...url.searchParams.keys(), "q", "state", "cursor", "said", "range", "type", "endpoint_id", "since"])) {
      url.searchParams.set(name, ATTACKS.image + ATTACKS.turned);
    }
    const refused = await page.goto(url.href);
    if (refused.status() >= 500) faults.push(`${kind}: answered ${refused.status()} to a hostile query`);
    await tell(`${kind} with a hostile query`);
  }, { of: 2 });
  return { kinds, faults, shown };
}

test("on the operator's pages", async () => {
  const page = await openVisit();
  await signIn(page, server);
  const base = `${server.url}/ui/${world.project.id}`;
  const { kinds, faults, shown } = await attack(page, [base, `${server.url}/ui`, `${base}/search?q=${encodeURIComponent(NAME)}`]);
  assert.deepEqual(faults, []);
  assert.ok(shown.length >= 3, `the attacks are to be seen on ${shown} of ${kinds}`);
  await page.done();
});

test("on the customer's pages", async () => {
  const page = await openVisit();
  await enterPortal(page, world.project.api, "mallory");
  const { kinds, faults, shown } = await attack(page, [`${server.url}/portal`]);
  assert.deepEqual(faults, []);
  assert.ok(shown.length >= 3, `the attacks are to be seen on ${shown} of ${kinds}`);
  await page.done();
});

test("addresses that do not exist, and words of others in them", async () => {
  const page = await openVisit();
  await signIn(page, server);
  const base = `${server.url}/ui/${world.project.id}`;
  for (const attack of Object.values(ATTACKS)) {
    for (const place of [`${base}/`, `${base}/endpoints/`, `${base}/deliveries/`, `${base}/events/`, `${server.url}/ui/`]) {
      const answer = await page.goto(`${place}${encodeURIComponent(attack)}`);
      assert.ok([200, 400, 404].includes(answer.status()), `${answer.status()} for ${attack}`);
      assert.deepEqual(await harm(page), [], attack);
    }
  }
  await page.done();
});
