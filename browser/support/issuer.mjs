// An identity provider that speaks OpenID Connect, as a test tells it to: it signs people in without
// asking, and can be made to do each thing wrong.
//
//   const issuer = await startIssuer({ clientId, clientSecret });
//   issuer.person = { sub, email, email_verified, ... }   who signs in
//   issuer.spoil = (claims, asked) => claims              what the token says instead
//   issuer.forge = (token, publicKey) => token            the token, signed, changed
//   issuer.rotate()                                       from now on another key signs
//   issuer.algorithm = "ES256"                            RS256, ES256 or EdDSA, with a key of its own
//   issuer.rsaBits = 1024                                 of RSA keys made from now on

import { createHash, createSign, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer } from "node:http";

const KINDS = {
  RS256: (modulusLength) => generateKeyPairSync("rsa", { modulusLength }),
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  EdDSA: () => generateKeyPairSync("ed25519"),
};

// As a form has it: RFC 6749, 2.3.1.
const inForm = (text) => new URLSearchParams([["", text]]).toString().slice(1);
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

function signed(algorithm, key, text) {
  if (algorithm === "RS256") return createSign("RSA-SHA256").update(text).sign(key);
  if (algorithm === "ES256") return sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return sign(null, Buffer.from(text), key);
}

export async function startIssuer({ clientId, clientSecret }) {
  const codes = new Map();
  let keys = {};
  const issuer = {
    person: { sub: "1", email: "ada@example.com", email_verified: true },
    algorithm: "RS256",
    rsaBits: 2048,
    spoil: (claims) => claims,
    forge: (token) => token,
    answer: null,
    // What was asked of the token endpoint and for the keys, to be looked at.
    redeemed: [],
    looks: 0,
    rotate: () => { keys = {}; },
  };
  const key = () => {
    keys[issuer.algorithm] ??= { kid: randomUUID(), ...KINDS[issuer.algorithm](issuer.rsaBits) };
    return keys[issuer.algorithm];
  };

  function token(asked) {
    const now = Math.floor(Date.now() / 1000);
    const claims = issuer.spoil({ iss: issuer.url, aud: clientId, iat: now, exp: now + 300, nonce: asked.nonce, ...issuer.person }, asked);
    const { kid, privateKey, publicKey } = key();
    const text = `${encoded({ alg: issuer.algorithm, typ: "JWT", kid })}.${encoded(claims)}`;
    return issuer.forge(`${text}.${signed(issuer.algorithm, privateKey, text).toString("base64url")}`, publicKey);
  }

  function redeem(form, authorization) {
    issuer.redeemed.push(Object.fromEntries(form));
    const asked = codes.get(form.get("code"));
    codes.delete(form.get("code"));
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    const basic = `Basic ${Buffer.from(`${inForm(clientId)}:${inForm(clientSecret)}`).toString("base64")}`;
    const right = asked && asked.code_challenge === challenge && asked.redirect_uri === form.get("redirect_uri") && authorization === basic;
    if (!right) return [400, { error: "invalid_grant" }];
    return [200, { access_token: "unused", token_type: "Bearer", id_token: token(asked) }];
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, issuer.url);
    const json = (status, body) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (url.pathname === "/.well-known/openid-configuration") {
      return json(200, { issuer: issuer.url, authorization_endpoint: `${issuer.url}/authorize?tenant=1`, token_endpoint: `${issuer.url}/token`, jwks_uri: `${issuer.url}/keys` });
    }
    if (url.pathname === "/keys") {
      issuer.looks += 1;
      const known = Object.entries(keys).map(([alg, it]) => ({ ...it.publicKey.export({ format: "jwk" }), kid: it.kid, alg, use: "sig" }));
      return json(200, { keys: known });
    }
    if (url.pathname === "/token") {
      const parts = [];
      for await (const part of request) parts.push(part);
      return json(...redeem(new URLSearchParams(Buffer.concat(parts).toString()), request.headers.authorization));
    }
    const asked = Object.fromEntries(url.searchParams);
    const code = randomUUID();
    codes.set(code, asked);
    key();
    const back = new URL(asked.redirect_uri);
    const answer = issuer.answer?.(asked, code) ?? { code, state: asked.state };
    for (const [name, value] of Object.entries(answer)) back.searchParams.set(name, value);
    return response.writeHead(302, { location: back.href }).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer.url = `http://127.0.0.1:${server.address().port}`;
  issuer.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return issuer;
}
