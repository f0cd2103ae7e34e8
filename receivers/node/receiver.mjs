// A customer's webhook endpoint, as each vendor's document tells customers to write it.
//
// usage: node receiver.mjs --format NAME [--secret S] [--status-sequence 500,200]
//                          [--canonical document|raw]
//
// Prints "listening PORT", then one line of JSON for each request. Ends on SIGTERM or when stdin
// closes. Accepted requests are answered with the statuses in order, the last one for ever.

import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { verifierFor } from './formats.mjs';
import { Refused } from './refused.mjs';

const BODY_BYTES_MAX = 8 * 1024 * 1024;

const { values } = parseArgs({
  options: {
    format: { type: 'string' },
    secret: { type: 'string' },
    canonical: { type: 'string' },
    'status-sequence': { type: 'string', default: '200' },
  },
});

const { verify, statuses } = wiredOrExit();

function wiredOrExit() {
  try {
    return {
      verify: verifierFor(values.format, values),
      statuses: parseStatuses(values['status-sequence']),
    };
  } catch (error) {
    process.stderr.write(`error: ${error.message}\n`);
    process.exit(2);
  }
}

function parseStatuses(text) {
  const statuses = text.split(',').map(Number);
  if (statuses.every((status) => Number.isInteger(status) && status >= 200 && status <= 599)) {
    return statuses;
  }
  throw new Error(`"${text}" is no list of statuses; hint: write it as "500,200"`);
}

function judge(request) {
  try {
    const named = verify(request, Math.floor(Date.now() / 1000));
    const status = statuses.length > 1 ? statuses.shift() : statuses[0];
    return { verified: true, reason: null, status, ...named };
  } catch (error) {
    const status = error instanceof Refused ? error.status : 500;
    return { verified: false, reason: error.message, status, event_id: null, event_type: null };
  }
}

async function readBody(incoming) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function receive(incoming, answer) {
  const body = await readBody(incoming);
  const { method, url: path, headers } = incoming;
  const verdict = judge({ method, path, headers, body });
  const line = { ...verdict, method, path, headers, body_base64: body.toString('base64') };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  respond(answer, verdict);
}

function respond(answer, { status, verified }) {
  if (status === 204 || status === 304) return answer.writeHead(status).end();
  const text = JSON.stringify({ received: verified });
  const headers = { 'Content-Type': 'application/json', 'Content-Length': text.length };
  // A sender that follows redirects would show itself by a second line.
  if (status >= 300 && status <= 399) headers.Location = '/redirected';
  return answer.writeHead(status, headers).end(text);
}

const server = createServer((incoming, answer) => {
  receive(incoming, answer).catch(() => incoming.destroy());
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening ${server.address().port}\n`);
});

process.on('SIGTERM', () => process.exit(0));
process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
process.stdin.resume();
