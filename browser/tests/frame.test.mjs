// What is around every page: the search by id, the menu, the keyboard's ways.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, openPage, signIn, signedIn, submit, textOf } from "../support/browser.mjs";
import { stage } from "../support/stage.mjs";

let server, browser, world, base;
stage(async (on) => {
  server = await on.server();
  world = await on.world(server, { events: 120 });
  browser = await on.browser();
  base = `${server.url}/ui/${world.project.id}`;
});

test("an id that was copied leads to its page, whatever it is the id of", async () => {
  const page = await signedIn(browser, server, world.project.key);
  const places = {
    [world.deliveries.failed]: "/deliveries",
    [world.events.newest]: "/events",
    [world.endpoints.healthy]: "/endpoints",
    [world.replays.finished]: "/replays",
    "order.paid": "/catalogue",
  };
  for (const [id, place] of Object.entries(places)) {
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.name), "q", "the slash goes to the search");
    await page.keyboard.type(id);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    assert.equal(page.url(), `${base}${place}/${id}`);
    await page.goto(base);
  }
  await page.done();
});

test("an id that nothing has is said so, with ways out", async () => {
  const page = await signedIn(browser, server, world.project.key);
  for (const id of ["dlv_nothing", "export", "..", "%2e%2e/keys", "<b>x</b>", "x".repeat(128)]) {
    const answer = await page.goto(`${base}/search?q=${encodeURIComponent(id)}`);
    assert.equal(answer.status(), 200, id);
    assert.match(await textOf(page), /Nothing has this id/, id);
  }
  await look(page, "search-nothing");
  await page.done();
});

test("on a phone the menu opens by a tap, and closes by Escape and by a tap beside it", async () => {
  const page = await openPage(browser, { width: 390, height: 844 });
  await signIn(page, server, world.project.key);
  const isOpen = () => page.$eval("details.menu", (menu) => menu.open);
  await page.click("details.menu summary");
  assert.equal(await isOpen(), true);
  await page.keyboard.press("Escape");
  assert.equal(await isOpen(), false);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "SUMMARY");
  await page.click("details.menu summary");
  await page.mouse.click(20, 800);
  assert.equal(await isOpen(), false);
  await page.click("details.menu summary");
  await submit(page, "details.menu a[href$='/replays']");
  assert.equal(page.url(), `${base}/replays`);
  await page.done();
});

test("the first tab stop skips to the content", async () => {
  const page = await signedIn(browser, server, world.project.key);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.done();
});
