// How an endpoint's requests authenticate, set in its form: what the receiver is sent, what is shown
// afterwards, and what is kept by those who do not touch it.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { look, signedIn, submit, textOf } from "../support/browser.mjs";
import { makeCertificate } from "../support/certificate.mjs";
import { until } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";

// A receiver by https that notes which certificate it was shown.
async function startTlsReceiver({ certificate, key }) {
  const shown = [];
  const options = { cert: certificate, key, requestCert: true, rejectUnauthorized: false };
  const server = createServer(options, (request, response) => {
    shown.push(request.socket.getPeerCertificate().fingerprint256?.replaceAll(":", "").toLowerCase() ?? null);
    request.resume();
    // Each request makes a connection of its own, so that each shows what is set now.
    response.setHeader("connection", "close");
    response.end("ok");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `https://127.0.0.1:${server.address().port}`, shown, stop };
}

let server, browser, receiver, secure, api, base, tokens;
stage(async (on) => {
  const folder = await mkdtemp(join(tmpdir(), "hookwright-ca-"));
  on.keep({ stop: () => rm(folder, { recursive: true }) });
  const own = makeCertificate("receiver");
  await writeFile(join(folder, "ca.pem"), own.certificate);
  server = await on.server({ args: ["--extra-ca-file", join(folder, "ca.pem")] });
  browser = await on.browser();
  tokens = 0;
  const granted = () => {
    tokens += 1;
    return { headers: { "content-type": "application/json" }, body: JSON.stringify({ access_token: `granted-${tokens}`, token_type: "Bearer", expires_in: 3600 }) };
  };
  receiver = await on.receiver((request) => (request.url === "/token" ? granted() : {}));
  secure = on.keep(await startTlsReceiver(own));
  const made = await on.project(server);
  api = made.api;
  base = `${server.url}/ui/${made.project.id}`;
});

const SAVE = "form.wide button.primary";
const valueOf = (page, id) => page.$eval(id, (it) => it.value);
const fill = (page, id, text) => page.$eval(id, (it, text) => { it.value = text; }, text);
const unfold = (page) => page.$$eval("details.fold", (all) => all.forEach((it) => { it.open = true; }));

async function open(path) {
  const page = await signedIn(browser, server);
  assert.equal((await page.goto(base + path)).status(), 200, path);
  await unfold(page);
  return page;
}

async function edit(page, id) {
  await page.goto(`${base}/endpoints/${id}/edit`);
  await unfold(page);
}

// An endpoint of a type that is its own, so that a test hears its own events alone.
async function make(page, type, url) {
  await fill(page, "#f-url", url);
  await fill(page, "#f-events_more", type);
  await submit(page, SAVE);
  assert.match(await textOf(page), /The endpoint is made/);
  return new URL(page.url()).pathname.split("/").at(-1);
}

// The authorization that the receiver gets with the next event of the type.
async function next(type) {
  const { id } = await api("POST", "/v1/events", { type, data: {} });
  const got = await until(() => receiver.received.find((it) => it.headers["webhook-id"] === id), Boolean);
  return got.headers.authorization;
}

// No page shows it: not the endpoint's, nor its form.
async function hidden(page, id, ...secrets) {
  for (const path of ["", "/edit"]) {
    await page.goto(`${base}/endpoints/${id}${path}`);
    const content = await page.content();
    for (const secret of secrets) assert.ok(!content.includes(secret), `${path} shows ${secret}`);
  }
}

test("a bearer token is what the receiver gets, until another is typed or it is taken away", async () => {
  const page = await open("/endpoints/new");
  await page.select("#f-auth-type", "bearer");
  await fill(page, "#f-url", `${receiver.url}/bearer`);
  await submit(page, SAVE);
  assert.equal(await valueOf(page, "#f-auth-type"), "bearer");
  assert.match(await textOf(page, "#f-auth-token-error"), /must not be empty/);
  await look(page, "endpoint-access-refused");
  await fill(page, "#f-auth-token", "first-token");
  const id = await make(page, "of.bearer", `${receiver.url}/bearer`);
  assert.match(await textOf(page), /a bearer token/);
  assert.equal(await next("of.bearer"), "Bearer first-token");
  await hidden(page, id, "first-token");
  assert.equal(await valueOf(page, "#f-auth-type"), "keep");
  await unfold(page);
  await fill(page, "#f-name", "Renamed");
  await submit(page, SAVE);
  assert.equal((await api("GET", `/v1/endpoints/${id}`)).name, "Renamed");
  assert.equal(await next("of.bearer"), "Bearer first-token", "what was not touched is kept");
  await edit(page, id);
  await page.select("#f-auth-type", "bearer");
  await fill(page, "#f-auth-token", "second-token");
  await submit(page, SAVE);
  assert.equal(await next("of.bearer"), "Bearer second-token");
  await edit(page, id);
  await page.select("#f-auth-type", "none");
  await submit(page, SAVE);
  assert.equal(await next("of.bearer"), undefined);
  await page.done();
});

test("a user name and a password are sent, and the name alone is shown", async () => {
  const page = await open("/endpoints/new");
  await page.select("#f-auth-type", "basic");
  await fill(page, "#f-url", `${receiver.url}/basic`);
  await fill(page, "#f-auth-username", "me:you");
  await fill(page, "#f-auth-password", "hush-hush");
  const answer = await submit(page, SAVE);
  assert.equal(answer.status(), 422);
  assert.match(await textOf(page, "#f-auth-username-error"), /without a colon/);
  assert.match(await textOf(page), /type them once more/);
  assert.deepEqual([await valueOf(page, "#f-auth-username"), await valueOf(page, "#f-auth-password")], ["me:you", ""]);
  await fill(page, "#f-auth-username", "me");
  await fill(page, "#f-auth-password", "hush-hush");
  const id = await make(page, "of.basic", `${receiver.url}/basic`);
  assert.match(await textOf(page), /Basic, user me/);
  const expected = `Basic ${Buffer.from("me:hush-hush").toString("base64")}`;
  assert.equal(await next("of.basic"), expected);
  await hidden(page, id, "hush-hush", expected);
  await unfold(page);
  await look(page, "endpoint-access-kept");
  assert.match(await textOf(page, "#f-auth-type"), /As it is: Basic, user me/);
  await submit(page, SAVE);
  assert.equal(await next("of.basic"), expected, "what was not touched is kept");
  await page.done();
});

test("a token of an authorization server is asked for as the form says", async () => {
  const page = await open("/endpoints/new");
  await page.select("#f-auth-type", "oauth2");
  await fill(page, "#f-url", `${receiver.url}/oauth2`);
  for (const [name, text] of [["token_url", "ftp://auth.example/token"], ["client_id", "shop"], ["client_secret", "client-hush"]]) await fill(page, `#f-auth-${name}`, text);
  await submit(page, SAVE);
  assert.match(await textOf(page, "#f-auth-token_url-error"), /./);
  assert.equal(await valueOf(page, "#f-auth-client_id"), "shop", "what is no secret stays");
  await fill(page, "#f-auth-token_url", `${receiver.url}/token`);
  await submit(page, SAVE);
  assert.match(await textOf(page, "#f-auth-client_secret-error"), /must not be empty/);
  await fill(page, "#f-auth-client_secret", "client-hush");
  await fill(page, "#f-auth-scope", "hooks:send");
  await fill(page, "#f-auth-audience", "https://receiver.example");
  await look(page, "endpoint-access-oauth2");
  const id = await make(page, "of.oauth2", `${receiver.url}/oauth2`);
  assert.match(await textOf(page), /client credentials of shop at http.*\/token, scope hooks:send, audience https:\/\/receiver\.example/);
  assert.equal(await next("of.oauth2"), "Bearer granted-1");
  const asked = receiver.received.find((it) => it.path === "/token");
  const form = Object.fromEntries(new URLSearchParams(asked.body));
  assert.deepEqual(form, { grant_type: "client_credentials", scope: "hooks:send", audience: "https://receiver.example" });
  assert.equal(asked.headers.authorization, `Basic ${Buffer.from("shop:client-hush").toString("base64")}`);
  await hidden(page, id, "client-hush", "granted-1");
  await unfold(page);
  await submit(page, SAVE);
  const { auth } = await api("GET", `/v1/endpoints/${id}`);
  const kept = { type: "oauth2", token_url: `${receiver.url}/token`, client_id: "shop", scope: "hooks:send", audience: "https://receiver.example" };
  for (const [name, value] of Object.entries(kept)) assert.equal(auth[name], value, name);
  assert.match(await next("of.oauth2"), /^Bearer granted-\d$/, "what was not touched is kept");
  await page.done();
});

test("a client certificate is presented, named by its fingerprint, kept and taken away", async () => {
  const [own, other] = [makeCertificate("endpoint"), makeCertificate("other")];
  const page = await open("/endpoints/new");
  await page.select("#f-certificate", "new");
  await fill(page, "#f-url", `${secure.url}/mutual`);
  const type = async (certificate, key) => {
    await fill(page, "#f-client_certificate-certificate_pem", certificate);
    await fill(page, "#f-client_certificate-private_key_pem", key);
  };
  await type("no certificate", own.key);
  assert.equal((await submit(page, SAVE)).status(), 422);
  assert.match(await textOf(page, "#f-client_certificate-certificate_pem-error"), /not PEM/);
  assert.equal(await valueOf(page, "#f-client_certificate-certificate_pem"), "no certificate");
  assert.equal(await valueOf(page, "#f-client_certificate-private_key_pem"), "", "a key is never shown");
  await type(own.certificate, other.key);
  await submit(page, SAVE);
  assert.match(await textOf(page, "fieldset:has(#f-certificate) > .error"), /the key of another certificate/);
  await type(own.certificate, "no key");
  await submit(page, SAVE);
  assert.match(await textOf(page, "#f-client_certificate-private_key_pem-error"), /not PEM without a passphrase/);
  await look(page, "endpoint-access-certificate");
  await type(own.certificate, own.key);
  const id = await make(page, "of.certificate", `${secure.url}/mutual`);
  assert.match(await textOf(page), new RegExp(own.sha256));
  const presented = async () => {
    const before = secure.shown.length;
    await api("POST", "/v1/events", { type: "of.certificate", data: {} });
    await until(() => secure.shown.length, (now) => now > before);
    return secure.shown[before];
  };
  assert.equal(await presented(), own.sha256);
  await hidden(page, id, own.key.split("\n")[1]);
  await unfold(page);
  await submit(page, SAVE);
  assert.equal(await presented(), own.sha256, "what was not touched is kept");
  await edit(page, id);
  await page.select("#f-certificate", "none");
  await submit(page, SAVE);
  assert.equal(await presented(), null);
  await page.done();
});
