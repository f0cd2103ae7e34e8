// Do the receivers accept what is right and refuse what is not?

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { verifierFor } from './formats.mjs';
import { NOW_S, SECRET, goodRequests } from './requests.mjs';

const PROGRAM = fileURLToPath(new URL('receiver.mjs', import.meta.url));
const DATED = ['x-envoyou-timestamp', 'x-reachscore-timestamp', 'x-slack-request-timestamp',
  'webhook-timestamp'];

const judge = ({ format, options, headers, body }, now_s = NOW_S) =>
  verifierFor(format, options)({ headers, body }, now_s);
const refused = (request, message) => assert.throws(() => judge(request), undefined, message);

for (const [name, good] of Object.entries(goodRequests())) {
  test(`${name}: a good request is accepted`, () => {
    const { event_id, event_type } = judge(good);
    assert.equal(typeof event_type, 'string');
    assert.equal(event_id === null, good.format === 'authento');
  });

  test(`${name}: a flipped bit anywhere in the body is refused`, () => {
    for (let bit = 0; bit < good.body.length * 8; bit += 7) {
      const body = Buffer.from(good.body);
      body[bit >> 3] ^= 1 << (bit & 7);
      refused({ ...good, body }, `bit ${bit}`);
    }
  });

  test(`${name}: a request without one of its headers is refused`, () => {
    for (const header of Object.keys(good.headers)) {
      if (header === 'ce-time') continue;
      const { [header]: _, ...headers } = good.headers;
      refused({ ...good, headers }, header);
    }
  });

  test(`${name}: a signature with another first or middle character is refused`, () => {
    for (const [header, value] of Object.entries(good.headers)) {
      if (!/signature|digest|hmac/.test(header)) continue;
      for (const at of [value.length - 40, value.length - 10]) {
        const other = value[at] === '0' ? '1' : '0';
        const changed = value.slice(0, at) + other + value.slice(at + 1);
        refused({ ...good, headers: { ...good.headers, [header]: changed } }, changed);
      }
    }
  });

  test(`${name}: another timestamp than the signed one is refused`, () => {
    for (const header of DATED.filter((header) => header in good.headers)) {
      for (const value of [`${NOW_S + 1}`, `${NOW_S - 301}`, `${NOW_S + 302}`, '', 'x', '-1']) {
        refused({ ...good, headers: { ...good.headers, [header]: value } }, value);
      }
    }
  });

  test(`${name}: another secret is refused`, () => {
    const secret = good.options.secret?.startsWith('whsec_') ? 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' : 'wrong';
    if (good.options.secret?.startsWith('whpk_')) return;
    refused({ ...good, options: { ...good.options, secret } });
  });
}

test('a signed timestamp that is too old or too new is refused', () => {
  for (const name of ['envoyou', 'reachscore', 'slack', 'stripe']) {
    const good = goodRequests()[name];
    judge(good, NOW_S + 300);
    judge(good, NOW_S - 300);
    assert.throws(() => judge(good, NOW_S + 301), /timestamp/, name);
    assert.throws(() => judge(good, NOW_S - 301), /timestamp/, name);
  }
});

test('envoyou: a nonce is accepted once', () => {
  const { format, options, headers, body } = goodRequests().envoyou;
  const verify = verifierFor(format, options);
  verify({ headers, body }, NOW_S);
  assert.throws(() => verify({ headers, body }, NOW_S), /seen before/);
});

test('envoyou and reachscore verify the body as written again, unless told to take it raw', async () => {
  const { createHmac } = await import('node:crypto');
  for (const [name, header, prefix] of [
    ['envoyou', 'x-envoyou-signature', 'v1,'],
    ['reachscore', 'x-reachscore-signature', 'sha256='],
  ]) {
    const good = goodRequests()[name];
    const body = Buffer.from(good.body.toString().replace('{', '{ '));
    const mac = createHmac('sha256', SECRET).update(`${NOW_S}.`).update(body).digest('hex');
    const spaced = { ...good, body, headers: { ...good.headers, [header]: prefix + mac } };
    refused(spaced);
    judge({ ...spaced, options: { ...good.options, canonical: 'raw' } });
  }
});

test('a field too many, too few or of another type is refused', async () => {
  const { createHmac } = await import('node:crypto');
  const good = goodRequests().authepy;
  const resigned = (change) => {
    const document = JSON.parse(good.body);
    change(document);
    const body = Buffer.from(JSON.stringify(document));
    const mac = createHmac('sha256', SECRET).update(body).digest('hex');
    return { ...good, body, headers: { ...good.headers, 'authepy-signature': mac } };
  };
  judge(resigned(() => {}));
  assert.throws(() => judge(resigned((d) => { d.extra = 1; })), /has the field "extra"/);
  assert.throws(() => judge(resigned((d) => { delete d.data; })), /lacks the field "data"/);
  assert.throws(() => judge(resigned((d) => { d.created_at = 'now'; })), /wrong "created_at"/);
});

test('cloudevents without a secret are parsed without a signature', () => {
  for (const name of ['cloudevents signed', 'cloudevents-binary signed']) {
    const good = goodRequests()[name];
    const kept = Object.entries(good.headers).filter(([header]) => !header.startsWith('webhook-'));
    const { event_id } = judge({ ...good, options: {}, headers: Object.fromEntries(kept) });
    assert.equal(event_id, 'evt_1');
  }
});

test('a format without its secret, or without a name, cannot be run', () => {
  for (const format of ['authepy', 'authpi', 'standard-webhooks', 'stripe']) {
    assert.throws(() => verifierFor(format, {}), /needs a secret/, format);
  }
  assert.throws(() => verifierFor('nonesuch', {}), /is no format/);
});

test('the program answers in order, prints a line for each request and ends with its input', async () => {
  const child = spawn(process.execPath, [
    PROGRAM, '--format', 'authepy', '--secret', SECRET, '--status-sequence', '500,200',
  ], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const port = /^listening (\d+)$/.exec((await lines.next()).value)[1];
  const { headers, body } = goodRequests().authepy;
  const post = async (sent) => {
    const { status } = await fetch(`http://127.0.0.1:${port}/hook?a=b`, { method: 'POST', headers, body: sent });
    return [status, JSON.parse((await lines.next()).value)];
  };

  const [badStatus, badLine] = await post('{}');
  assert.deepEqual([badStatus, badLine.verified, badLine.status], [401, false, 401]);
  for (const expected of [500, 200, 200]) {
    const [status, line] = await post(body);
    assert.equal(status, expected);
    assert.deepEqual([line.verified, line.reason, line.status], [true, null, expected]);
    assert.deepEqual([line.method, line.path, line.event_id], ['POST', '/hook?a=b', 'evt_1']);
    assert.equal(line.body_base64, body.toString('base64'));
    assert.equal(line.headers['authepy-signature'], headers['authepy-signature']);
  }
  child.stdin.end();
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});
