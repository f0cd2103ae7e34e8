// CloudEvents 1.0 over HTTP, structured and binary, and AuthPI's events within it.

import { HTTP } from 'cloudevents';
import { parseJson, requireContentType } from '../checks.mjs';
import { Refused } from '../refused.mjs';
import { exactly, matching, object, requireShape, rfc3339, text } from '../shape.mjs';
import { signedBy } from './standard_webhooks.mjs';

const STRUCTURED = 'application/cloudevents+json';
const REQUIRED = ['specversion', 'id', 'source', 'type'];

const AUTHPI_OUTER = {
  id: text,
  specversion: exactly('1.0'),
  source: matching(/^com\.authpi\.webhooks\/v1\/[^/]+$/),
  type: exactly('event'),
  datacontenttype: exactly('application/json'),
  time: rfc3339,
  data: object,
};
const AUTHPI_INNER = {
  id: text,
  type: text,
  trace: text,
  source: exactly('com.authpi/v1'),
  subject: object,
  data: object,
};

export function authpi({ secret }) {
  const requireSigned = signedBy(secret);
  return (request, now_s) => {
    requireContentType(request, STRUCTURED);
    requireSigned(request, now_s);
    parseEvent(request);
    const event = parseJson(request.body);
    requireShape(event, AUTHPI_OUTER);
    requireShape(event.data, AUTHPI_INNER, 'data');
    return { event_id: event.data.id, event_type: event.data.type };
  };
}
authpi.needsSecret = true;

export function cloudevents({ secret }) {
  const requireSigned = secret === undefined ? () => {} : signedBy(secret);
  return (request, now_s) => {
    requireContentType(request, STRUCTURED);
    requireSigned(request, now_s);
    const given = parseJson(request.body);
    requireAttributes((name) => object(given) && given[name]);
    return named(parseEvent(request));
  };
}

export function cloudeventsBinary({ secret }) {
  const requireSigned = secret === undefined ? () => {} : signedBy(secret);
  return (request, now_s) => {
    requireContentType(request, 'application/json');
    requireSigned(request, now_s);
    requireAttributes((name) => request.headers[`ce-${name}`]);
    parseJson(request.body);
    return named(parseEvent(request));
  };
}

// The package fills in an id, a version and a time that were not sent: these must be asked for first.
function requireAttributes(attribute) {
  for (const name of REQUIRED) {
    if (!text(attribute(name))) throw new Refused(`the attribute "${name}" is missing`, 400);
  }
  if (attribute('specversion') !== '1.0') throw new Refused('the version is not 1.0', 400);
}

function parseEvent(request) {
  try {
    const event = HTTP.toEvent({ headers: request.headers, body: request.body.toString('utf8') });
    event.validate();
    return event;
  } catch (error) {
    throw new Refused(`the package says: ${error.message}`, 400);
  }
}

const named = (event) => ({ event_id: event.id, event_type: event.type });
