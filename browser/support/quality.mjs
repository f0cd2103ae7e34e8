// What every page must be: light, still while it loads, told to browsers as safe, usable by keyboard.

import assert from "node:assert/strict";

export const FIRST_LOAD_BYTES_MAX = 100 * 1024;

// Counts what each page loads and how far it jumps. Live parts take their turns at once.
export async function watch(page) {
  await page.evaluateOnNewDocument(() => {
    window.jumps = [];
    new PerformanceObserver((list) => {
      for (const it of list.getEntries()) {
        const at = it.sources.map(({ node }) => node?.nodeName + "." + (node?.className ?? node?.parentNode?.className ?? ""));
        window.jumps.push({ by: it.value, at });
      }
    }).observe({ type: "layout-shift", buffered: true });
    const later = window.setTimeout;
    window.setTimeout = (todo, ms, ...rest) => later(todo, ms >= 1000 ? 150 : ms, ...rest);
  });
  const loaded = [];
  page.on("response", (answer) => loaded.push(answer));
  return {
    forget: () => { loaded.length = 0; },
    bytes: async () => {
      const kinds = ["document", "stylesheet", "script", "image", "font"];
      const parts = loaded.filter((it) => kinds.includes(it.request().resourceType()) && it.status() < 300);
      const bodies = await Promise.all(parts.map((it) => it.buffer().catch(() => "")));
      return bodies.reduce((sum, body) => sum + body.length, 0);
    },
  };
}

// Waits until each live part of the page was fetched anew and drawn.
export async function liveTurn(page) {
  if (!(await page.$("[data-live]"))) return;
  const address = page.url().split("#")[0];
  await page.waitForResponse((it) => it.request().resourceType() === "fetch" && it.url().split("#")[0] === address);
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

export function safeHeaders(headers, kind) {
  const policy = headers["content-security-policy"] ?? "";
  assert.match(policy, /default-src 'none'/, kind);
  assert.match(policy, /script-src 'nonce-[0-9a-f]{32}'/, kind);
  assert.match(policy, /frame-ancestors /, kind);
  assert.match(policy, /base-uri 'none'/, kind);
  assert.doesNotMatch(policy, /unsafe|\*/, kind);
  assert.equal(headers["x-content-type-options"], "nosniff", kind);
  assert.equal(headers["referrer-policy"], "same-origin", kind);
  assert.equal(headers["cache-control"], "no-store", kind);
}

// What is wrong with how the page is told to those who hear it: in words.
export const structureFaults = (page) => page.evaluate(() => {
  const faults = [];
  const headings = [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].filter((it) => it.checkVisibility());
  const levels = headings.map((it) => Number(it.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) faults.push(`h1: ${levels.filter((it) => it === 1).length}`);
  levels.forEach((level, place) => {
    if (place > 0 && level > levels[place - 1] + 1) faults.push(`heading "${headings[place].textContent}" skips a level`);
  });
  for (const th of document.querySelectorAll("th:not([scope])")) faults.push(`th without scope: ${th.textContent}`);
  for (const form of document.querySelectorAll("form[method=post]")) {
    if (!form.querySelector("[name=_csrf]")) faults.push(`form without a token: ${form.action}`);
  }
  if (document.querySelector("[style], script:not([src]), style")) faults.push("style or script within the page");
  if (!document.title.trim()) faults.push("no title");
  return faults;
});

// Goes through the page by the Tab key, and says which controls it does not come to, and which do not
// show that they have the focus.
export async function tabFaults(page) {
  const count = await page.evaluate(() => {
    document.activeElement?.blur();
    getSelection().removeAllRanges();
    for (const part of document.querySelectorAll("[data-live]")) part.dataset.paused = "true";
    const all = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
    const usable = (it) => !it.disabled && it.tabIndex >= 0 && it.checkVisibility({ visibilityProperty: true });
    window.controls = new Set([...document.querySelectorAll(all)].filter(usable));
    // Of a group of radio buttons the keyboard comes to one.
    const groups = new Set();
    for (const it of window.controls) {
      if (it.type !== "radio") continue;
      if (groups.has(it.name) || (!it.checked && document.querySelector(`input[name="${CSS.escape(it.name)}"]:checked`))) window.controls.delete(it);
      groups.add(it.name);
    }
    window.unseen = [];
    return window.controls.size;
  });
  for (let step = 0; step < count + 60; step += 1) {
    await page.keyboard.press("Tab");
    const left = await page.evaluate(() => {
      const now = document.activeElement;
      if (window.controls.delete(now)) {
        const style = getComputedStyle(now);
        if (style.outlineStyle === "none" || style.outlineWidth === "0px") window.unseen.push(now.outerHTML.slice(0, 120));
      }
      return window.controls.size;
    });
    if (left === 0) break;
  }
  return page.evaluate(() => {
    document.activeElement.blur();
    scrollTo(0, 0);
    return [
      ...[...window.controls].map((it) => `no way by Tab to ${it.outerHTML.slice(0, 160)}`),
      ...window.unseen.map((it) => `focus cannot be seen on ${it}`),
    ];
  });
}
