// EnvoyOU: every recommended step of its document, over the body as JavaScript writes it again.

import {
  DRIFT_MAX_S, mac, parseJson, requireContentType, requireFresh, requireHeader, requireSame,
} from '../checks.mjs';
import { Refused } from '../refused.mjs';
import { matching, object, requireShape, text, unixSeconds } from '../shape.mjs';

const FIELDS = { id: text, type: text, created: unixSeconds, data: object, webhook_id: text };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
// Twice the drift, both ways: a nonce is remembered for as long as its timestamp could pass.
const NONCE_KEPT_S = 2 * DRIFT_MAX_S;

export function envoyou({ secret, canonical }) {
  const seenNonces = new Map();

  return (request, now_s) => {
    requireContentType(request, 'application/json');
    const signature = requireHeader(request, 'x-envoyou-signature');
    const timestamp = requireHeader(request, 'x-envoyou-timestamp');
    const webhookId = requireHeader(request, 'x-envoyou-webhook-id');
    const eventType = requireHeader(request, 'x-envoyou-event-type');
    const nonce = requireHeader(request, 'x-envoyou-nonce');
    requireFresh(timestamp, now_s);

    const event = parseJson(request.body);
    const again = JSON.stringify(event);
    const signed = canonical === 'raw' ? request.body : again;
    requireSame(signature, `v1,${mac(secret, [`${timestamp}.`, signed])}`);
    if (canonical !== 'raw' && !request.body.equals(Buffer.from(again, 'utf8'))) {
      throw new Refused('the body differs when written again');
    }

    rememberOnce(seenNonces, nonce, now_s);
    requireShape(event, FIELDS);
    requireShape(event.data, { object }, 'data');
    if (event.webhook_id !== webhookId) throw new Refused('the webhook ids differ');
    if (event.type !== eventType) throw new Refused('the event types differ');
    return { event_id: event.id, event_type: event.type };
  };
}
envoyou.needsSecret = true;

function rememberOnce(seen, nonce, now_s) {
  if (!matching(UUID)(nonce)) throw new Refused('the nonce is no UUID');
  for (const [old, at] of seen) if (now_s - at > NONCE_KEPT_S) seen.delete(old);
  if (seen.has(nonce)) throw new Refused('the nonce was seen before');
  seen.set(nonce, now_s);
}
