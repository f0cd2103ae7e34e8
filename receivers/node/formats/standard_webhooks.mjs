// Standard Webhooks: the published package verifies; v1a, which it does not know, is done here.

import { createPublicKey, verify as verifySignature } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { parseJson, requireContentType, requireFresh, requireHeader } from '../checks.mjs';
import { Refused } from '../refused.mjs';
import { object, requireShape, rfc3339, text } from '../shape.mjs';

const FIELDS = { type: text, timestamp: rfc3339, data: object };
const PUBLIC_KEY_PREFIX = 'whpk_';
// What stands before the 32 bytes of an ed25519 key in its SubjectPublicKeyInfo (RFC 8410).
const SPKI_START = Buffer.from('302a300506032b6570032100', 'hex');

export function standardWebhooks({ secret }) {
  const requireSigned = signedBy(secret);
  return (request, now_s) => {
    requireContentType(request, 'application/json');
    requireSigned(request, now_s);
    const event = parseJson(request.body);
    requireShape(event, FIELDS);
    return { event_id: request.headers['webhook-id'], event_type: event.type };
  };
}
standardWebhooks.needsSecret = true;

/** A check of the three headers, by the kind of key: `whsec_` is shared, `whpk_` is public. */
export function signedBy(secret) {
  if (secret.startsWith(PUBLIC_KEY_PREFIX)) return publicKeyCheck(secret);
  const webhook = new Webhook(secret);
  return (request) => {
    try {
      webhook.verify(request.body.toString('utf8'), request.headers);
    } catch (error) {
      throw new Refused(`the package says: ${error.message}`);
    }
  };
}

function publicKeyCheck(secret) {
  const raw = Buffer.from(secret.slice(PUBLIC_KEY_PREFIX.length), 'base64');
  const key = createPublicKey({
    key: Buffer.concat([SPKI_START, raw]), format: 'der', type: 'spki',
  });
  return (request, now_s) => {
    const id = requireHeader(request, 'webhook-id');
    const timestamp = requireHeader(request, 'webhook-timestamp');
    const signatures = requireHeader(request, 'webhook-signature');
    requireFresh(timestamp, now_s);
    const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), request.body]);
    const matches = signatures
      .split(' ')
      .filter((item) => item.startsWith('v1a,'))
      .some((item) => verifySignature(null, signed, key, Buffer.from(item.slice(4), 'base64')));
    if (!matches) throw new Refused('no v1a signature matches');
  };
}
