// A project in which every text that somebody else can choose is an attack on those who look at it.

import { startReceiver } from "./receiver.mjs";
import { apiOf, until } from "./server.mjs";

// What would run, were it not shown as text. `did` is what it would do.
const did = "window.ran=1;alert(1)";
export const ATTACKS = {
  script: `<script>${did}</script>`,
  image: `"><img src=x onerror="${did}">`,
  quote: `' onmouseover='${did}' autofocus onfocus='${did}' x='`,
  close: `</title></textarea></code></pre></script><svg onload=${did}>`,
  address: `javascript:${did}//`,
  data: `data:text/html,<script>${did}</script>`,
  template: "{{1337*1337}}${1337*1337}<%= 1337*1337 %>#{1337*1337}",
  entity: "&lt;script&gt;&#60;img src=x onerror=alert(1)&#62;",
  turned: "abc\u202Egpj.exe\u2066\u200F",
  terminal: "\u001b[31mred\u001b]0;title\u0007\u009b2J",
  comment: "--><!--<![CDATA[",
};
// All in one line, as a name that people gave.
export const NAME = `hostile ${ATTACKS.script}${ATTACKS.image}${ATTACKS.close}${ATTACKS.quote}${ATTACKS.entity}${ATTACKS.template}${ATTACKS.turned}`.slice(0, 1000);
const LONG = "W".repeat(16 * 1024);

// What receivers answer: by the first part of the path.
const answers = {
  script: { status: 500, headers: { "content-type": "text/html", "x-evil": ATTACKS.image, "set-cookie": ATTACKS.script }, body: Object.values(ATTACKS).join("\n") },
  binary: { status: 500, body: Buffer.concat([Buffer.from([0, 0xff, 0xfe, 0xc3, 0x28, 0x80, 0x1b]), Buffer.from(`${ATTACKS.script}\0end`)]) },
  long: { status: 500, headers: { "x-long": "h".repeat(4000) }, body: LONG },
  ok: { status: 200, headers: { "x-evil": ATTACKS.script }, body: ATTACKS.close },
};

export async function makeHostileWorld(server) {
  const receiver = await startReceiver((request) => answers[request.url.split("/")[1]] ?? answers.ok);
  const made = await server.api("POST", "/v1/projects", { name: NAME, profile: "standard-webhooks" });
  const api = apiOf(server.url, made.api_key);
  const logo = `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20" onload="${did}">${ATTACKS.script}<rect width="20" height="20"/></svg>`;
  const portal = { name: `${ATTACKS.script}"><img src=x onerror=x>`.slice(0, 80), logo: `data:image/svg+xml;base64,${Buffer.from(logo).toString("base64")}` };
  await api("PATCH", `/v1/projects/${made.id}`, { settings: { portal } });
  await api("POST", "/v1/accounts", { id: "mallory", name: NAME });
  await api("POST", "/v1/accounts/mallory/keys", { name: NAME });
  await api("POST", "/v1/keys", { name: NAME });
  const schema = { type: "object", title: NAME, description: NAME, properties: { [ATTACKS.image]: { type: "string", description: NAME, enum: [ATTACKS.script] } } };
  const described = { description: NAME, group: ATTACKS.image, versions: [{ version: 1, schema, example: { [ATTACKS.image]: ATTACKS.script } }] };
  await api("POST", "/v1/event-types", { name: "evil.made", ...described });
  await api("POST", "/v1/event-types/import", {
    openapi: "3.1.0", info: { title: NAME, version: ATTACKS.script },
    webhooks: { "evil.imported": { post: { summary: NAME, description: NAME, tags: [ATTACKS.image], requestBody: { content: { "application/json": { schema } } } } } },
  });
  const endpoints = {};
  for (const path of Object.keys(answers)) {
    const url = `${receiver.url}/${path}/%3Cscript%3E/"><marquee>/${encodeURIComponent(ATTACKS.turned)}?next=javascript:${did}&x=${LONG.slice(0, 1200)}<img>`;
    const made = await api("POST", "/v1/endpoints", {
      account_id: "mallory", url, name: NAME, description: NAME,
      headers: { "x-evil": ATTACKS.image }, metadata: { link: ATTACKS.address, page: ATTACKS.data, turned: ATTACKS.turned },
      channels: [ATTACKS.image.slice(0, 100)], filter: { $or: [{ a: { $exists: true } }, { b: { $contains: ATTACKS.script } }] },
      retry_policy: { max_attempts: 4, backoff_multiplier: 1, initial_delay: 3_600_000 },
    });
    endpoints[path] = made.id;
  }
  await api("POST", "/v1/endpoints", { account_id: "mallory", url: `${receiver.url}/ok/other`, name: ATTACKS.address, filter: { b: ATTACKS.script } });
  await api("POST", `/v1/endpoints/${endpoints.ok}/pause`, { reason: `${ATTACKS.image}${ATTACKS.turned}` });
  const payload = { a: Object.values(ATTACKS), [ATTACKS.script]: ATTACKS.image, long: LONG, deep: { [ATTACKS.close]: [ATTACKS.turned, ATTACKS.terminal] } };
  for (const type of ["evil.made", "evil.other"]) {
    await api("POST", "/v1/events", {
      account_id: "mallory", type, data: payload, subject: ATTACKS.image, trace: ATTACKS.script.slice(0, 100),
      channels: [ATTACKS.image.slice(0, 100)], metadata: { note: ATTACKS.image, link: ATTACKS.address, turned: ATTACKS.turned },
    });
  }
  for (const path of ["script", "binary", "long"]) {
    await until(() => api("GET", `/v1/deliveries?endpoint_id=${endpoints[path]}&state=retrying`), (it) => it.data.length >= 2);
  }
  await api("POST", "/v1/replays", { endpoint_id: endpoints.script, since: new Date(Date.now() - 3_600_000).toISOString(), what: "all", rate_per_second: 1 });
  return { project: { id: made.id, key: made.api_key, api }, endpoints, receiver, stop: receiver.stop };
}
