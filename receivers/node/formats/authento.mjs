// Authento: a digest of the raw body; under the secret where there is one.

import { createHash } from 'node:crypto';
import { mac, parseJson, requireContentType, requireHeader, requireSame } from '../checks.mjs';
import { object, optional, requireShape, text, unixSecondsWithFraction } from '../shape.mjs';

// The document promises no sensitive information: a field that it does not show is a leak.
const FIELDS = {
  event: text,
  userId: optional(text),
  userIdentifier: optional(text),
  type: optional(text),
  status: optional((status) => object(status) && Object.values(status).every(text)),
  timeCreated: unixSecondsWithFraction,
};

export function authento({ secret }) {
  return (request) => {
    requireContentType(request, 'application/json');
    const digest = requireHeader(request, 'x-payload-digest');
    const expected =
      secret === undefined
        ? createHash('sha256').update(request.body).digest('hex')
        : mac(secret, [request.body]);
    requireSame(digest, expected);
    const event = parseJson(request.body);
    requireShape(event, FIELDS);
    return { event_id: null, event_type: event.event };
  };
}
