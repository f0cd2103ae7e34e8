// Single sign-on: the whole way in a browser, and everything that must not let anybody in.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { look, openPage, startBrowser, submit, textOf } from "../support/browser.mjs";
import { startIssuer } from "../support/issuer.mjs";
import { startServer } from "../support/server.mjs";

const clientSecret = "secret & more:1";
let server, browser, issuer, project;

// The server must know its own address before it listens.
async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

before(async () => {
  issuer = await startIssuer({ clientId: "hookwright", clientSecret });
  const port = await freePort();
  server = await startServer({
    listen: `127.0.0.1:${port}`,
    args: [
      "--public-url", `http://127.0.0.1:${port}`,
      "--oidc-issuer", issuer.url, "--oidc-client-id", "hookwright",
      "--oidc-allow", "ada@example.com:admin,@example.org:viewer,groups=ops:viewer",
    ],
    env: { HOOKWRIGHT_OIDC_CLIENT_SECRET: clientSecret },
  });
  project = await server.api("POST", "/v1/projects", { name: "Shop", profile: "standard-webhooks" });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await issuer?.stop();
});
beforeEach(() => {
  issuer.person = { sub: "1", email: "ada@example.com", email_verified: true };
  issuer.algorithm = "RS256";
  issuer.spoil = (claims) => claims;
  issuer.forge = (token) => token;
  issuer.answer = null;
});

async function begin() {
  const page = await openPage(browser);
  await page.goto(`${server.url}/ui/sign-in`);
  const answer = await submit(page, "a[href='/ui/sso/start']");
  return { page, answer };
}

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
const unsigned = (token) => `${Buffer.from('{"alg":"none"}').toString("base64url")}.${token.split(".")[1]}.`;
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
  ["no token", { forge: () => "nonsense" }, /cannot be read/],
  ["an address that is not verified", { person: { sub: "4", email: "ada@example.com", email_verified: false } }, /not verified your e-mail/],
  ["an address that is not allowed", { person: { sub: "5", email: "eve@evil.test", email_verified: true } }, /eve@evil\.test may not sign in here/],
  ["another's state", { answer: (asked, code) => ({ code, state: "f".repeat(32) }) }, /another window/],
  ["another issuer's answer", { answer: (asked, code) => ({ code, state: asked.state, iss: "https://evil.test" }) }, /another identity provider/],
  ["a code that is none", { answer: (asked) => ({ code: "stolen", state: asked.state }) }, /could not be asked/],
  ["a refusal", { answer: (asked) => ({ error: "access_denied", error_description: "<b>Not you</b>", state: asked.state }) }, /refused: <b>Not you<\/b>/],
];
for (const [what, change, said] of refused) {
  test(`${what} lets nobody in`, async () => {
    Object.assign(issuer, change);
    const { page, answer } = await begin();
    assert.ok(answer.status() >= 400, `${answer.status()}`);
    assert.match(await textOf(page), said);
    const cookies = await page.browserContext().cookies();
    assert.deepEqual(cookies.map((it) => it.name), []);
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
  const other = await openPage(browser);
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
    return [Buffer.from('{"alg":"RS256","kid":"unknown"}').toString("base64url"), claims, signature].join(".");
  };
  const looks = issuer.looks;
  for (let n = 0; n < 3; n += 1) {
    const { page } = await begin();
    assert.match(await textOf(page), /does not publish/);
    await page.done();
  }
  assert.ok(issuer.looks - looks <= 3);
});
