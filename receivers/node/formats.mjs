// Which receiver verifies which format?

import { authento } from './formats/authento.mjs';
import { authepy } from './formats/authepy.mjs';
import { authpi, cloudevents, cloudeventsBinary } from './formats/cloudevents.mjs';
import { envoyou } from './formats/envoyou.mjs';
import { github, shopify, slack, stripe } from './formats/others.mjs';
import { reachscore } from './formats/reachscore.mjs';
import { standardWebhooks } from './formats/standard_webhooks.mjs';

const FORMATS = new Map([
  ['authepy', authepy],
  ['authpi', authpi],
  ['authento', authento],
  ['envoyou', envoyou],
  ['reachscore', reachscore],
  ['standard-webhooks', standardWebhooks],
  ['cloudevents', cloudevents],
  ['cloudevents-binary', cloudeventsBinary],
  ['stripe', stripe],
  ['github', github],
  ['shopify', shopify],
  ['slack', slack],
]);

/**
 * Makes a verifier: `(request, now_s) => {event_id, event_type}`, which throws `Refused`.
 * A request is `{headers, body}` with lower-case header names and a Buffer.
 */
export function verifierFor(format, { secret, canonical = 'document' } = {}) {
  const make = FORMATS.get(format);
  if (make === undefined) {
    throw new Error(`"${format}" is no format; hint: use one of ${[...FORMATS.keys()].join(' ')}`);
  }
  if (make.needsSecret && !secret) throw new Error(`"${format}" needs a secret; hint: --secret`);
  if (!['document', 'raw'].includes(canonical)) {
    throw new Error(`"${canonical}" is no form; hint: use "document" or "raw"`);
  }
  return make({ secret, canonical });
}
