// Stripe, GitHub, Shopify and Slack: the raw schemes of senders that receivers know already.

import {
  mac, parseJson, requireContentType, requireFresh, requireHeader, requireSame, sameText,
} from '../checks.mjs';
import { Refused } from '../refused.mjs';
import { object, text, unixSeconds } from '../shape.mjs';

export function stripe({ secret }) {
  return (request, now_s) => {
    requireContentType(request, 'application/json');
    const items = requireHeader(request, 'stripe-signature').split(',').map((item) => {
      const at = item.indexOf('=');
      return [item.slice(0, at), item.slice(at + 1)];
    });
    const timestamps = items.filter(([name]) => name === 't').map(([, value]) => value);
    if (timestamps.length !== 1) throw new Refused('there is not one timestamp');
    requireFresh(timestamps[0], now_s);
    const expected = mac(secret, [`${timestamps[0]}.`, request.body]);
    if (!items.some(([name, value]) => name === 'v1' && sameText(value, expected))) {
      throw new Refused('no v1 signature matches');
    }
    const event = parseJson(request.body);
    requireEach(event, {
      id: text,
      object: (value) => value === 'event',
      type: text,
      created: unixSeconds,
      data: (data) => object(data) && object(data.object),
    });
    return { event_id: event.id, event_type: event.type };
  };
}
stripe.needsSecret = true;

export function github({ secret }) {
  return (request) => {
    requireContentType(request, 'application/json');
    const signature = requireHeader(request, 'x-hub-signature-256');
    requireSame(signature, `sha256=${mac(secret, [request.body])}`);
    const event_type = requireHeader(request, 'x-github-event', 400);
    const event_id = requireHeader(request, 'x-github-delivery', 400);
    requireEach(parseJson(request.body), {});
    return { event_id, event_type };
  };
}
github.needsSecret = true;

export function shopify({ secret }) {
  return (request) => {
    requireContentType(request, 'application/json');
    const signature = requireHeader(request, 'x-shopify-hmac-sha256');
    requireSame(signature, mac(secret, [request.body], 'base64'));
    const event_type = requireHeader(request, 'x-shopify-topic', 400);
    const { headers } = request;
    const event_id = headers['x-shopify-event-id'] ?? headers['x-shopify-webhook-id'];
    if (!text(event_id)) throw new Refused('there is no id in the headers', 400);
    requireEach(parseJson(request.body), {});
    return { event_id, event_type };
  };
}
shopify.needsSecret = true;

export function slack({ secret }) {
  return (request, now_s) => {
    requireContentType(request, 'application/json');
    const signature = requireHeader(request, 'x-slack-signature');
    const timestamp = requireHeader(request, 'x-slack-request-timestamp');
    requireFresh(timestamp, now_s);
    requireSame(signature, `v0=${mac(secret, [`v0:${timestamp}:`, request.body])}`);
    const callback = parseJson(request.body);
    requireEach(callback, {
      type: (value) => value === 'event_callback',
      event_id: text,
      event_time: unixSeconds,
      event: (event) => object(event) && text(event.type),
    });
    return { event_id: callback.event_id, event_type: callback.event.type };
  };
}
slack.needsSecret = true;

/** These senders add fields over time, so that only the known ones are looked at. */
function requireEach(document, fields) {
  if (!object(document)) throw new Refused('body is not an object', 400);
  for (const [name, check] of Object.entries(fields)) {
    if (!check(document[name])) throw new Refused(`body has a wrong "${name}"`, 400);
  }
}
