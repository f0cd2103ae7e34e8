// Does a document have exactly the fields that a vendor's documentation shows?

import { Refused } from './refused.mjs';

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

export const text = (value) => typeof value === 'string' && value !== '';
export const flag = (value) => typeof value === 'boolean';
export const object = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const unixSeconds = (value) => Number.isInteger(value) && value > 1e9 && value < 1e11;
export const unixSecondsWithFraction = (value) =>
  typeof value === 'number' && value > 1e9 && value < 1e11;
export const rfc3339 = (value) =>
  text(value) && RFC3339.test(value) && !Number.isNaN(Date.parse(value));
export const exactly = (wanted) => (value) => value === wanted;
export const matching = (pattern) => (value) => text(value) && pattern.test(value);
export const optional = (check) => Object.assign((value) => check(value), { optional: true });

/** Refuses a document that lacks a field, has one too many, or has one of the wrong type. */
export function requireShape(document, fields, where = 'body') {
  if (!object(document)) throw new Refused(`${where} is not an object`, 400);
  for (const name of Object.keys(document)) {
    if (!Object.hasOwn(fields, name)) throw new Refused(`${where} has the field "${name}"`, 400);
  }
  for (const [name, check] of Object.entries(fields)) {
    if (!Object.hasOwn(document, name)) {
      if (check.optional) continue;
      throw new Refused(`${where} lacks the field "${name}"`, 400);
    }
    if (!check(document[name])) throw new Refused(`${where} has a wrong "${name}"`, 400);
  }
}
