// Single sign-on: the whole way in a browser, and everything that must not let anybody in.

import assert from "node:assert/strict";
import { createHmac, createSign, generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
import { look, openPage, submit, textOf } from "../support/browser.mjs";
import { startIssuer } from "../support/issuer.mjs";
import { apiOf, startServer } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";

const clientSecret = "secret & more:1";
let server, browser, issuer, project;
// Where the visitors of a test come from, as a proxy says: each test has its own, so that the failures of
// all do not add up to more than one address may have in a minute.
let comesFrom;
let tests = 0;

// The server must know its own address before it listens.
async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

stage(async (on) => {
  issuer = on.keep(await startIssuer({ clientId: "hookwright", clientSecret }));
  const port = await freePort();
  server = await on.server({
    listen: `127.0.0.1:${port}`,
    args: [
      "--public-url", `http://127.0.0.1:${port}`,
      "--oidc-issuer", issuer.url, "--oidc-client-id", "hookwright",
      "--oidc-allow", "ada@example.com:admin,@example.org:viewer,groups=ops:viewer",
      "--trusted-proxy", "127.0.0.1",
    ],
    env: { HOOKWRIGHT_OIDC_CLIENT_SECRET: clientSecret },
  });
  project = await server.api("POST", "/v1/projects", { name: "Shop", profile: "standard-webhooks" });
  browser = await on.browser();
});
beforeEach(() => {
  tests += 1;
  comesFrom = `192.0.2.${tests}`;
  issuer.person = { sub: "1", email: "ada@example.com", email_verified: true };
  issuer.algorithm = "RS256";
  if (issuer.rsaBits !== 2048) issuer.rotate();
  issuer.rsaBits = 2048;
  issuer.spoil = (claims) => claims;
  issuer.forge = (token) => token;
  issuer.answer = null;
});

async function opened() {
  const page = await openPage(browser);
  await page.setExtraHTTPHeaders({ "x-forwarded-for": comesFrom });
  return page;
}

async function begin(at = server) {
  const page = await opened();
  await page.goto(`${at.url}/ui/sign-in`);
  const answer = await submit(page, "a[href='/ui/sso/start']");
  return { page, answer };
}

// The API as the page's own session has it.
const apiOfPage = (page) => async (...asked) => {
  const cookies = await page.browserContext().cookies();
  return apiOf(server.url, cookies.find(({ name }) => name === "__Host-hookwright").value)(...asked);
};

const isIn = (page) => new URL(page.url()).pathname === "/ui";

test("an admin signs in, changes something, and the audit log says who", async () => {
  const first = await openPage(browser);
  await first.goto(`${server.url}/ui/sign-in`);
  await look(first, "sign-in-single-sign-on");
  await first.done();
  const { page } = await begin();
  assert.ok(isIn(page), page.url());
  assert.match(await textOf(page), /Shop/);
  const redeemed = issuer.redeemed.at(-1);
  assert.equal(redeemed.redirect_uri, `${server.url}/ui/sso/callback`);
  assert.ok(redeemed.code_verifier.length >= 43);
  assert.equal(redeemed.client_secret, undefined);
  await page.goto(`${server.url}/ui/${project.id}/accounts`);
  await page.click("details.unfold summary");
  await page.type("#f-id", "made-by-ada");
  await submit(page, "details.unfold button[type=submit]");
  const audit = await server.api("GET", `/v1/audit?project_id=${project.id}`);
  const made = audit.data.find((it) => it.operation === "createAccount");
  assert.equal(made.actor.session_name ?? made.session_name, "ada@example.com");
  await page.goto(`${server.url}/ui/${project.id}/audit`);
  assert.match(await textOf(page, "tbody"), /ada@example\.com/);
  await page.goto(`${server.url}/ui/sessions`);
  assert.match(await textOf(page, "tbody"), /ada@example\.com[\s\S]*single sign-on/);
  const { id } = await apiOfPage(page)("GET", "/v1/keys/self");
  const [signIn] = (await server.api("GET", `/v1/audit?actor=${id}`)).data.filter((it) => it.project_id === null);
  assert.deepEqual([signIn.summary, signIn.status, signIn.reason], ["Signs in by single sign-on.", 201, null]);
  assert.deepEqual([signIn.actor.session_id, signIn.actor.session_name], [id, "ada@example.com"]);
  assert.equal(signIn.remote_address, comesFrom);
  const cookies = await page.browserContext().cookies();
  assert.deepEqual(cookies.map((it) => [it.name, it.httpOnly, it.secure]), [["__Host-hookwright", true, true]]);
  await page.done();
});

test("a viewer looks and changes nothing", async () => {
  issuer.person = { sub: "2", email: "Bob@Example.ORG", email_verified: true };
  const { page } = await begin();
  assert.ok(isIn(page), page.url());
  assert.equal((await page.$$("a[href='/ui/new']")).length, 0);
  await page.goto(`${server.url}/ui/${project.id}/accounts`);
  assert.equal((await page.$$("main form[method=post]")).length, 0);
  const keys = await page.goto(`${server.url}/ui/root-keys`);
  assert.equal(keys.status(), 403);
  await page.done();
});

test("who has no verified address comes in by a claim, and is called by its subject", async () => {
  issuer.person = { sub: "subject-3", groups: ["dev", "ops"] };
  const { page } = await begin();
  assert.ok(isIn(page), page.url());
  const sessions = await server.api("GET", "/v1/sessions");
  assert.ok(sessions.data.some((it) => it.name === "subject-3"));
  await page.done();
});

test("keys of each kind are known, and a new one as soon as it signs", async () => {
  for (const algorithm of ["ES256", "EdDSA", "RS256"]) {
    issuer.algorithm = algorithm;
    issuer.rotate();
    const looks = issuer.looks;
    const { page } = await begin();
    assert.ok(isIn(page), `${algorithm}: ${page.url()}`);
    assert.equal(issuer.looks, looks + 1);
    await page.done();
  }
  const looks = issuer.looks;
  const { page } = await begin();
  assert.equal(issuer.looks, looks, "a known key is not asked for again");
  await page.done();
});

const later = (seconds) => (claims) => ({ ...claims, exp: claims.exp - 300 - seconds, iat: claims.iat - 400 });
const tampered = (token) => {
  const [head, claims, signature] = token.split(".");
  const changed = { ...JSON.parse(Buffer.from(claims, "base64url")), email: "ada@example.com" };
  return [head, Buffer.from(JSON.stringify(changed)).toString("base64url"), signature].join(".");
};
const inBase64 = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const unsigned = (token) => `${inBase64({ alg: "none" })}.${token.split(".")[1]}.`;
const headOf = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url"));
// The same claims under another head, signed by `sign`.
const resigned = (token, head, sign) => {
  const text = `${inBase64({ ...headOf(token), ...head })}.${token.split(".")[1]}`;
  return `${text}.${sign(text)}`;
};
// What is published, taken for a secret: whoever takes the token's word for its algorithm lets it in.
const signedWithThePublic = (token, publicKey) => {
  const pem = publicKey.export({ type: "spki", format: "pem" });
  return resigned(token, { alg: "HS256" }, (text) => createHmac("sha256", pem).update(text).digest("base64url"));
};
const foreign = generateKeyPairSync("rsa", { modulusLength: 2048 });
const signedByForeign = (text) => createSign("RSA-SHA256").update(text).sign(foreign.privateKey).toString("base64url");
const bringsItsKey = (token) => resigned(token, { jwk: foreign.publicKey.export({ format: "jwk" }) }, signedByForeign);
const sameWithAnother = (alg) => (token) => resigned(token, { alg }, () => token.split(".")[2]);
const refused = [
  ["a nonce of another sign-in", { spoil: (it) => ({ ...it, nonce: "0".repeat(32) }) }, /made for another sign-in/],
  ["no nonce", { spoil: ({ nonce, ...it }) => it }, /made for another sign-in/],
  ["another audience", { spoil: (it) => ({ ...it, aud: "other" }) }, /made for another application/],
  ["another party of many", { spoil: (it) => ({ ...it, aud: ["hookwright", "other"], azp: "other" }) }, /made for another application/],
  ["another issuer", { spoil: (it) => ({ ...it, iss: "https://evil.test" }) }, /from another issuer/],
  ["an expired token", { spoil: later(120) }, /has expired/],
  ["a token of a time to come", { spoil: (it) => ({ ...it, iat: it.iat + 3600 }) }, /of a time to come/],
  ["a wrong signature", { forge: tampered, person: { sub: "9", email: "eve@evil.test", email_verified: true } }, /signature .* is wrong/],
  ["no signature", { forge: unsigned }, /does not publish/],
  ["a secret that is the published key", { forge: signedWithThePublic }, /does not publish/],
  ["another algorithm than the key's", { forge: sameWithAnother("ES256") }, /does not publish/],
  ["an algorithm that is not known here", { forge: sameWithAnother("RS512") }, /does not publish/],
  ["a key that the token brings", { forge: bringsItsKey }, /signature .* is wrong/],
  ["a head that must be understood", { forge: (token) => resigned(token, { crit: ["b64"], b64: false }, signedByForeign) }, /cannot be read/],
  ["a key that is too short", { rsaBits: 1024 }, /signature .* is wrong/],
  ["no token", { forge: () => "nonsense" }, /cannot be read/],
  ["an address that is not verified", { person: { sub: "4", email: "ada@example.com", email_verified: false } }, /not verified your e-mail/, "4"],
  ["an address that is not allowed", { person: { sub: "5", email: "eve@evil.test", email_verified: true } }, /eve@evil\.test may not sign in here/, "eve@evil.test"],
  ["another's state", { answer: (asked, code) => ({ code, state: "f".repeat(32) }) }, /another window/],
  ["another issuer's answer", { answer: (asked, code) => ({ code, state: asked.state, iss: "https://evil.test" }) }, /another identity provider/],
  ["a code that is none", { answer: (asked) => ({ code: "stolen", state: asked.state }) }, /could not be asked/],
  ["a refusal", { answer: (asked) => ({ error: "access_denied", error_description: "<b>Not you</b>", state: asked.state }) }, /refused: <b>Not you<\/b>/],
];
for (const [what, change, said, named] of refused) {
  test(`${what} lets nobody in`, async () => {
    Object.assign(issuer, change);
    if (change.rsaBits) issuer.rotate();
    const { page, answer } = await begin();
    assert.ok(answer.status() >= 400, `${answer.status()}`);
    assert.match(await textOf(page), said);
    const cookies = await page.browserContext().cookies();
    assert.deepEqual(cookies.map((it) => it.name), []);
    const kept = (await server.api("GET", "/v1/audit?limit=1")).data[0];
    assert.deepEqual([kept.summary, kept.status], ["Signs in by single sign-on.", answer.status()]);
    assert.ok(kept.reason && kept.remote_address === comesFrom, JSON.stringify(kept));
    assert.deepEqual([kept.actor.kind, kept.actor.session_id], [null, null]);
    // Only who the provider vouches for has a name.
    assert.equal(kept.actor.session_name, named ?? null);
    // The browser logs a failed page.
    page.faults.splice(0, Infinity, ...page.faults.filter((it) => !/status of 502/.test(it)));
    await page.done();
  });
}

test("the way back is good once, and in no other browser", async () => {
  let back;
  issuer.answer = (asked, code) => { back = { code, state: asked.state }; return back; };
  const { page } = await begin();
  assert.ok(isIn(page));
  const address = `${server.url}/ui/sso/callback?${new URLSearchParams(back)}`;
  const other = await opened();
  for (const visitor of [other, page]) {
    const answer = await visitor.goto(address);
    assert.equal(answer.status(), 400);
    assert.match(await textOf(visitor), /another window/);
  }
  await look(other, "single-sign-on-refused");
  await page.done();
  await other.done();
});

test("a key that no provider publishes is looked for, but not again and again", async () => {
  issuer.forge = (token) => {
    const [, claims, signature] = token.split(".");
    return [inBase64({ alg: "RS256", kid: "unknown" }), claims, signature].join(".");
  };
  const looks = issuer.looks;
  for (let n = 0; n < 3; n += 1) {
    const { page } = await begin();
    assert.match(await textOf(page), /does not publish/);
    await page.done();
  }
  assert.ok(issuer.looks - looks <= 3);
});

test("the audit page of the server shows who came in, who did not and why", async () => {
  const { page } = await begin();
  issuer.person = { sub: "6", email: "eve@evil.test", email_verified: true };
  const { page: refused } = await begin();
  await page.goto(`${server.url}/ui`);
  await submit(page, "aside a[href='/ui/audit']");
  const [first, second] = await page.$$eval("tbody tr", (rows) => rows.map((row) => row.innerText));
  assert.match(first, /nobody was signed in[\s\S]*eve@evil\.test[\s\S]*Signs in by single sign-on[\s\S]*refused[\s\S]*not named by --oidc-allow[\s\S]*192\.0\.2\.\d+/);
  assert.match(second, /single sign-on[\s\S]*ada@example\.com[\s\S]*Signs in by single sign-on[\s\S]*done/);
  await look(page, "audit-of-all");
  await page.done();
  await refused.done();
});

test("who is on the list no longer is out with the start that says so, and who was moved signs in anew", async () => {
  const kept = await mkdtemp(join(tmpdir(), "hookwright-browser-"));
  const port = await freePort();
  const oidc = (allow) => ["--public-url", `http://127.0.0.1:${port}`, "--oidc-issuer", issuer.url, "--oidc-client-id", "hookwright", "--oidc-allow", allow];
  const env = { HOOKWRIGHT_ROOT_KEY: "a-root-key-for-tests-and-nothing-else-0123" };
  let own;
  const restart = async (args) => {
    await own?.stop();
    const secret = args.length > 0 && { HOOKWRIGHT_OIDC_CLIENT_SECRET: clientSecret };
    own = await startServer({ listen: `127.0.0.1:${port}`, kept, args, env: { ...env, ...secret } });
  };
  const pages = {};
  const enter = async (name, person) => {
    issuer.person = { sub: name, email_verified: true, ...person };
    pages[name] = (await begin(own)).page;
  };
  const stillIn = async () => {
    const found = [];
    for (const [name, page] of Object.entries(pages)) {
      await page.goto(`${own.url}/ui`);
      if (isIn(page)) found.push(name);
    }
    const { data } = await own.api("GET", "/v1/sessions");
    const works = data.filter((it) => it.works).map((it) => it.name.split("@")[0]);
    assert.deepEqual(works.sort(), found.sort(), "the list of sessions says the same");
    return found;
  };
  try {
    await restart(oidc("ada@example.com:admin,@example.org:viewer,groups=ops:viewer"));
    await enter("ada", { email: "ada@example.com" });
    await enter("bob", { email: "bob@example.org" });
    await enter("cem", { groups: ["ops"] });
    assert.deepEqual(await stillIn(), ["ada", "bob", "cem"]);
    // The same rules, however they are written: everybody stays.
    await restart(oidc("groups=ops:viewer,ADA@example.com:admin,@Example.org:viewer"));
    assert.deepEqual(await stillIn(), ["ada", "bob", "cem"]);
    await restart(oidc("@example.org:viewer,groups=ops:admin"));
    assert.deepEqual(await stillIn(), ["bob"]);
    issuer.person = { sub: "ada", email: "ada@example.com", email_verified: true };
    await pages.ada.goto(`${own.url}/ui/sso/start`);
    assert.match(await textOf(pages.ada), /Not signed in/);
    await enter("cem", { groups: ["ops"] });
    assert.deepEqual(await stillIn(), ["bob", "cem"]);
    await restart([]);
    assert.deepEqual(await stillIn(), []);
  } finally {
    await own?.stop();
    await rm(kept, { recursive: true, force: true });
  }
  for (const page of Object.values(pages)) await page.done();
});
