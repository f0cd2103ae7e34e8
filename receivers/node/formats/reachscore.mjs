// ReachScore: an HMAC of the timestamp and of the body as JavaScript writes it again; 400 if wrong.

import {
  mac, parseJson, requireContentType, requireFresh, requireHeader, requireSame,
} from '../checks.mjs';
import { Refused } from '../refused.mjs';
import { exactly, flag, object, requireShape, rfc3339, text } from '../shape.mjs';

const REFUSED_STATUS = 400;
const FIELDS = {
  id: text,
  object: exactly('event'),
  type: text,
  created_at: rfc3339,
  livemode: flag,
  data: object,
};

export function reachscore({ secret, canonical }) {
  return (request, now_s) => {
    requireContentType(request, 'application/json');
    const signature = requireHeader(request, 'x-reachscore-signature', REFUSED_STATUS);
    const timestamp = requireHeader(request, 'x-reachscore-timestamp', REFUSED_STATUS);
    const eventId = requireHeader(request, 'x-reachscore-event-id', REFUSED_STATUS);
    requireFresh(timestamp, now_s, REFUSED_STATUS);

    const event = parseJson(request.body);
    const signed = canonical === 'raw' ? request.body : JSON.stringify(event);
    const expected = `sha256=${mac(secret, [`${timestamp}.`, signed])}`;
    requireSame(signature, expected, REFUSED_STATUS);

    requireShape(event, FIELDS);
    if (event.id !== eventId) throw new Refused('the event ids differ', REFUSED_STATUS);
    return { event_id: event.id, event_type: event.type };
  };
}
reachscore.needsSecret = true;
