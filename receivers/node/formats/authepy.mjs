// Authepy: an HMAC of the raw body in hex, and nothing else.

import { mac, parseJson, requireContentType, requireHeader, requireSame } from '../checks.mjs';
import { object, requireShape, text, unixSeconds } from '../shape.mjs';

const FIELDS = { event_id: text, type: text, created_at: unixSeconds, data: object };

export function authepy({ secret }) {
  return (request) => {
    requireContentType(request, 'application/json');
    const signature = requireHeader(request, 'authepy-signature');
    requireSame(signature, mac(secret, [request.body]));
    const event = parseJson(request.body);
    requireShape(event, FIELDS);
    return { event_id: event.event_id, event_type: event.type };
  };
}
authepy.needsSecret = true;
