// Pages as a visitor without a browser reads them: their links and their forms. Our pages are written by
// templates, so that their elements can be found without a parser of all of HTML.

const UNESCAPED = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };
const unescape = (text) => text.replace(/&(amp|lt|gt|quot|#39);/g, (it) => UNESCAPED[it]);

function attributesOf(tag) {
  const found = {};
  for (const [, name, value] of tag.matchAll(/\s([\w-]+)(?:="([^"]*)")?/g)) found[name] = unescape(value ?? "");
  return found;
}

const resolved = (href, from) => {
  const url = new URL(href, `http://h${from}`);
  return url.host === "h" ? url.pathname + url.search : "";
};

// The addresses on this server that a page links to, and those its forms ask for.
export function linksOf(text, from) {
  const links = [...text.matchAll(/<a\s[^>]*>/g)].map(([tag]) => attributesOf(tag).href);
  return links.filter((href) => href && !href.startsWith("#")).map((href) => resolved(href, from)).filter(Boolean);
}

// The forms of a page, as [{method, action, fields: [[name, value]]}]: one for each button that says
// something of its own.
export function formsOf(text, from) {
  const forms = [];
  for (const [, head, inner] of text.matchAll(/(<form\s[^>]*>)([\s\S]*?)<\/form>/g)) {
    const { method = "get", action = from } = attributesOf(head);
    const fields = [];
    for (const [tag, name, rest] of inner.matchAll(/<(input|select|textarea)\b[^>]*>([^<]*)/g)) {
      const given = attributesOf(tag.slice(0, tag.indexOf(">")));
      if (given.name) fields.push([given.name, given.value ?? (name === "textarea" ? unescape(rest.trim()) : "")]);
    }
    const buttons = [...inner.matchAll(/<button\b[^>]*>/g)].map(([tag]) => attributesOf(tag));
    const ways = buttons.length ? buttons : [{}];
    for (const { name, value = "", formaction } of ways) {
      forms.push({
        method: method.toUpperCase(),
        action: resolved(formaction ?? action, from),
        fields: name ? [...fields, [name, value]] : fields,
      });
    }
  }
  return forms;
}

// Somebody with a cookie.
export function visitor(url, cookie) {
  const ask = async (path, options) => {
    const headers = { cookie, "sec-fetch-site": "same-origin", ...options.headers };
    const answer = await fetch(url + path, { ...options, headers, redirect: "manual", signal: AbortSignal.timeout(60_000) });
    return { status: answer.status, type: answer.headers.get("content-type") ?? "", location: answer.headers.get("location"), text: await answer.text() };
  };
  const send = (method, path, fields) => {
    const body = new URLSearchParams(fields);
    if (method !== "POST") return ask(`${path.split("?")[0]}?${body}`, {});
    return ask(path, { method, body: String(body), headers: { "content-type": "application/x-www-form-urlencoded" } });
  };
  return { get: (path) => ask(path, {}), send };
}
