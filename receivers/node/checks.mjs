// What do the vendors' verifications have in common?

import { createHmac, timingSafeEqual } from 'node:crypto';
import { Refused } from './refused.mjs';

export const DRIFT_MAX_S = 300;

/** The MAC of the parts, one after the other, under the secret's own bytes. */
export function mac(secret, parts, encoding = 'hex', algorithm = 'sha256') {
  const hmac = createHmac(algorithm, Buffer.from(secret, 'utf8'));
  for (const part of parts) hmac.update(part);
  return hmac.digest(encoding);
}

export function sameText(left, right) {
  const a = Buffer.from(left, 'utf8');
  const b = Buffer.from(right, 'utf8');
  return a.length === b.length && timingSafeEqual(a, b);
}

export function requireSame(received, expected, status = 401) {
  if (!sameText(received, expected)) throw new Refused('the signature does not match', status);
}

export function requireHeader(request, name, status = 401) {
  const value = request.headers[name];
  if (typeof value !== 'string' || value === '') {
    throw new Refused(`the header "${name}" is missing`, status);
  }
  return value;
}

export function requireFresh(timestamp, now_s, status = 401) {
  if (!/^[0-9]{1,12}$/.test(timestamp)) throw new Refused('the timestamp is no number', status);
  if (Math.abs(now_s - Number(timestamp)) > DRIFT_MAX_S) {
    throw new Refused('the timestamp is too far from now', status);
  }
}

export function requireContentType(request, wanted) {
  const given = (request.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  if (given !== wanted) throw new Refused(`the content type is "${given}"`, 415);
}

export function parseJson(body) {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new Refused('the body is not JSON', 400);
  }
}
