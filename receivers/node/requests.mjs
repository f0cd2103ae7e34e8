// What does a good request of each format look like? For the self-test only.

import { createHash, createHmac, createPrivateKey, sign } from 'node:crypto';

export const NOW_S = Math.floor(Date.now() / 1000);
export const SECRET = 'a secret of the customer';
export const WEBHOOK_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
// The key pair of the Standard Webhooks specification's example.
const PRIVATE_KEY =
  '6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==';
export const PUBLIC_KEY = `whpk_${Buffer.from(PRIVATE_KEY, 'base64').subarray(32).toString('base64')}`;

const hex = (key, text) => createHmac('sha256', key).update(text).digest('hex');
const JSON_TYPE = { 'content-type': 'application/json' };

function standardHeaders(body, timestamp = NOW_S) {
  const key = Buffer.from(WEBHOOK_SECRET.slice(6), 'base64');
  const mac = createHmac('sha256', key).update(`msg_1.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': 'msg_1',
    'webhook-timestamp': `${timestamp}`,
    'webhook-signature': `v1a,AAAA v1,${mac}`,
  };
}

function publicKeyHeaders(body, timestamp = NOW_S) {
  const seed = Buffer.from(PRIVATE_KEY, 'base64').subarray(0, 32);
  const start = Buffer.from('302e020100300506032b657004220420', 'hex');
  const key = createPrivateKey({ key: Buffer.concat([start, seed]), format: 'der', type: 'pkcs8' });
  const signature = sign(null, Buffer.from(`msg_1.${timestamp}.${body}`), key).toString('base64');
  return {
    'webhook-id': 'msg_1',
    'webhook-timestamp': `${timestamp}`,
    'webhook-signature': `v1,AAAA v1a,${signature}`,
  };
}

const AUTHENTO_BODY = JSON.stringify({
  event: 'REVIEWED',
  userId: 'u1',
  type: 'INDIVIDUAL',
  status: { basic: 'VERIFIED' },
  timeCreated: NOW_S + 0.611,
});
const AUTHPI_BODY = JSON.stringify({
  id: 'evt_1',
  specversion: '1.0',
  source: 'com.authpi.webhooks/v1/wh_1',
  type: 'event',
  datacontenttype: 'application/json',
  time: '2024-01-01T03:21:36Z',
  data: {
    id: 'evt_1',
    type: 'user.created',
    trace: 'abc',
    source: 'com.authpi/v1',
    subject: {},
    data: { n: 1 },
  },
});
const CLOUD_EVENT_BODY = JSON.stringify({
  specversion: '1.0',
  id: 'evt_1',
  source: '/projects/1',
  type: 'user.created',
  time: '2024-01-01T03:21:36Z',
  data: { n: 1 },
});
const STANDARD_BODY = JSON.stringify({
  type: 'user.created',
  timestamp: '2024-01-01T03:21:36Z',
  data: { n: 1 },
});
const NUMBERED = [['n', 1]];

/** Good requests by name: `{format, options, headers, body, event_type}`. */
export function goodRequests() {
  return {
    authepy: signed('authepy', { event_id: 'evt_1', type: 'delivery.spam', created_at: NOW_S },
      (body) => ({ 'authepy-signature': hex(SECRET, body) })),
    envoyou: signed('envoyou',
      { created: NOW_S, data: { object: { 1: 'a', email: 'ü@example.com' } }, id: 'evt_1',
        type: 'user.created', webhook_id: 'wh_1' },
      (body) => ({
        'x-envoyou-signature': `v1,${hex(SECRET, `${NOW_S}.${body}`)}`,
        'x-envoyou-timestamp': `${NOW_S}`,
        'x-envoyou-webhook-id': 'wh_1',
        'x-envoyou-event-type': 'user.created',
        'x-envoyou-nonce': '4f2c7a81-bc2a-4c2f-9a3d-91d7fa2d6c55',
      })),
    reachscore: signed('reachscore',
      { id: 'evt_1', object: 'event', type: 'test.completed',
        created_at: '2024-01-15T10:31:15Z', livemode: true },
      (body) => ({
        'x-reachscore-signature': `sha256=${hex(SECRET, `${NOW_S}.${body}`)}`,
        'x-reachscore-timestamp': `${NOW_S}`,
        'x-reachscore-event-id': 'evt_1',
      })),
    'authento with a secret': plain('authento', AUTHENTO_BODY,
      { 'x-payload-digest': hex(SECRET, AUTHENTO_BODY) }, { secret: SECRET }),
    'authento without a secret': plain('authento', AUTHENTO_BODY,
      { 'x-payload-digest': createHash('sha256').update(AUTHENTO_BODY).digest('hex') }, {}),
    authpi: plain('authpi', AUTHPI_BODY,
      { 'content-type': 'application/cloudevents+json', ...standardHeaders(AUTHPI_BODY) },
      { secret: WEBHOOK_SECRET }),
    'standard-webhooks': plain('standard-webhooks', STANDARD_BODY, standardHeaders(STANDARD_BODY),
      { secret: WEBHOOK_SECRET }),
    'standard-webhooks with a public key': plain('standard-webhooks', STANDARD_BODY,
      publicKeyHeaders(STANDARD_BODY), { secret: PUBLIC_KEY }),
    'cloudevents signed': plain('cloudevents', CLOUD_EVENT_BODY,
      { 'content-type': 'application/cloudevents+json', ...standardHeaders(CLOUD_EVENT_BODY) },
      { secret: WEBHOOK_SECRET }),
    'cloudevents-binary signed': plain('cloudevents-binary', '{"n":1}',
      {
        'ce-specversion': '1.0', 'ce-id': 'evt_1', 'ce-source': '/projects/1',
        'ce-type': 'user.created', 'ce-time': '2024-01-01T03:21:36Z',
        ...standardHeaders('{"n":1}'),
      },
      { secret: WEBHOOK_SECRET }),
    stripe: signed('stripe', { id: 'evt_1', object: 'event', type: 'charge.failed',
      created: NOW_S, data: { object: {} }, api_version: null },
      (body) => ({
        'stripe-signature': `t=${NOW_S},v1=00,v1=${hex(SECRET, `${NOW_S}.${body}`)}`,
      })),
    github: signed('github', { ref: 'main' }, (body) => ({
      'x-hub-signature-256': `sha256=${hex(SECRET, body)}`,
      'x-github-event': 'push', 'x-github-delivery': 'evt_1',
    })),
    shopify: signed('shopify', { id: 1 }, (body) => ({
      'x-shopify-hmac-sha256': createHmac('sha256', SECRET).update(body).digest('base64'),
      'x-shopify-topic': 'orders/create', 'x-shopify-event-id': 'evt_1',
    })),
    slack: signed('slack', { type: 'event_callback', event_id: 'evt_1', event_time: NOW_S,
      event: { type: 'team_join' } },
      (body) => ({
        'x-slack-signature': `v0=${hex(SECRET, `v0:${NOW_S}:${body}`)}`,
        'x-slack-request-timestamp': `${NOW_S}`,
      })),
  };
}

function plain(format, body, headers, options) {
  return { format, options, headers: { ...JSON_TYPE, ...headers }, body: Buffer.from(body) };
}

function signed(format, fields, headersFor) {
  const document = { ...fields };
  if (['authepy', 'reachscore'].includes(format)) document.data = Object.fromEntries(NUMBERED);
  const body = JSON.stringify(document);
  return plain(format, body, headersFor(body), { secret: SECRET });
}
