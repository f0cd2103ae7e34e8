// Every page that a visitor can come to by links, each kind of page a few times at most.

// Lists whose next part of the path is the id of something, unless it is one of these words.
const LISTS = ["ui", "endpoints", "deliveries", "events", "replays", "catalogue", "accounts", "keys", "sessions", "root-keys", "portal-links", "purges"];
const WORDS = ["new", "export", "import", "edit", "resend", "preview", "assets", "sign-in", "sign-out", "search", "root-keys", "sessions", "audit", "receipt"];

// What kind of page an address is: ids are stars, and the query does not count.
export function kindOf(address) {
  const parts = new URL(address).pathname.split("/");
  const isId = (part, place) => LISTS.includes(parts[place - 1]) && part && !WORDS.includes(part);
  return parts.map((part, place) => (isId(part, place) ? "*" : part)).join("/");
}

// Not pages: files to keep, the API's description, the way out.
const isPage = (url) => !/\/(export|sign-out)$|^\/docs|^\/v1\/|\/assets\/|\.(json|ndjson|css|js|svg)$/.test(url.pathname);

// The answer to an address, or nothing where it is a file that the browser would keep.
async function open(page, address) {
  try {
    return await page.goto(address, { waitUntil: "load" });
  } catch (error) {
    if (/ERR_ABORTED/.test(error.message)) return undefined;
    throw error;
  }
}

// Visits the pages that links lead to from `starts` (addresses; the first says how all begin):
// `visit(address, kind, answer, isFirst)` is called on each once it is loaded. Gives
// {kinds: [...], forms: [{method, action, kind, fields, at}]}.
export async function crawl(page, starts, visit = async () => {}, { of = 1, most = 150 } = {}) {
  const { origin, pathname } = new URL(starts[0]);
  const below = `/${pathname.split("/")[1]}`;
  const seen = new Map();
  const forms = new Map();
  const waiting = [...starts];
  const asked = new Set(waiting);
  let count = 0;
  while (waiting.length && count < most) {
    const address = waiting.shift();
    const kind = kindOf(address);
    const before = seen.get(kind) ?? 0;
    if (before >= of) continue;
    const answer = await open(page, address);
    if (!answer) continue;
    seen.set(kind, before + 1);
    count += 1;
    const found = await page.evaluate(() => ({
      links: [...document.querySelectorAll("a[href]")].map((link) => link.href),
      forms: [...document.querySelectorAll("form")].map((form) => ({
        method: form.getAttribute("method") ?? "get",
        action: form.getAttribute("action") ?? location.pathname,
        fields: [...form.elements].filter((it) => it.name).map((it) => [it.name, it.value]),
      })),
    }));
    for (const form of found.forms) {
      const action = new URL(form.action, address);
      const id = `${form.method} ${kindOf(action.href)}`;
      if (!forms.has(id)) forms.set(id, { ...form, action: action.href, kind: id, at: address });
    }
    for (const href of found.links) {
      const url = new URL(href);
      url.hash = "";
      const isBelow = url.pathname === below || url.pathname.startsWith(`${below}/`);
      if (url.origin !== origin || !isBelow || !isPage(url) || asked.has(url.href)) continue;
      asked.add(url.href);
      waiting.push(url.href);
    }
    await visit(address, kind, answer, before === 0);
  }
  return { kinds: [...seen.keys()], forms: [...forms.values()] };
}
