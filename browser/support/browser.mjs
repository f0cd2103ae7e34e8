// Headless Chromium, as a visitor uses it: pages, forms, both themes, and whether all can use them.

import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import puppeteer from "puppeteer-core";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SHOTS = process.env.SCREENSHOTS ?? "target/screenshots";

export function startBrowser() {
  return puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"],
  });
}

// A page of a visitor of their own: other cookies than all others. It fails the test (at `done`) if
// the page logs an error, asks another host, or breaks its own content policy.
export async function openPage(browser, { width = 1280, height = 900 } = {}) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width, height });
  const faults = [];
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("console", (message) => {
    // A refused form is a page of its own, which the browser logs as a failed resource.
    const refused = /Failed to load resource: the server responded with a status of 4\d\d/;
    if (message.type() === "error" && !refused.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const host = new URL(request.url()).hostname;
    if (host && host !== "127.0.0.1" && host !== "localhost") faults.push(`asked ${request.url()}`);
  });
  page.faults = faults;
  page.done = async () => {
    assert.deepEqual(faults, []);
    await context.close();
  };
  return page;
}

// Signs an operator in with a key, and waits for the first page.
export async function signIn(page, server, key = server.rootKey) {
  await page.goto(`${server.url}/ui/sign-in`);
  await page.type("#key", key);
  await submit(page, "button[type=submit]");
}

// A page of an operator who is signed in.
export async function signedIn(browser, server, key) {
  const page = await openPage(browser);
  await signIn(page, server, key);
  return page;
}

// Clicks what sends a form or follows a link, and waits for the page that answers.
export async function submit(page, selector) {
  const [answer] = await Promise.all([page.waitForNavigation(), page.click(selector)]);
  return answer;
}

// The text that a visitor sees.
export const textOf = (page, selector = "main") => page.$eval(selector, (part) => part.innerText);

// Looks at the page in both themes and on a phone: keeps screenshots as NAME-light, NAME-dark and
// NAME-phone, and fails on a serious accessibility fault or on a page wider than a phone.
export async function look(page, name) {
  await mkdir(SHOTS, { recursive: true });
  const before = page.viewport();
  for (const theme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
    await page.screenshot({ path: `${SHOTS}/${name}-${theme}.png`, fullPage: true });
    await accessible(page, `${name} (${theme})`);
  }
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
  await page.setViewport({ width: 390, height: 844, isMobile: false });
  await page.screenshot({ path: `${SHOTS}/${name}-phone.png`, fullPage: true });
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wider <= 0, `${name} is ${wider} pixels wider than a phone`);
  await page.setViewport(before);
}

async function accessible(page, name) {
  const found = await page.evaluate(async (axe) => {
    // The page's policy forbids scripts of others: this one comes in through the debugger.
    if (!window.axe) (0, eval)(axe);
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, impact, help, nodes }) => ({ id, impact, help, nodes: nodes.map((it) => it.html.slice(0, 200)) }));
  }, AXE);
  const serious = found.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(serious, [], `accessibility of ${name}`);
}
