// A receiver on this machine that answers as a test tells it to, and remembers what it was sent.

import { createServer } from "node:http";

// `answer(request, body)` gives {status, headers, body, delayMs}; everything is acknowledged without it.
export async function startReceiver(answer = () => ({})) {
  const received = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts);
      received.push({ path: request.url, headers: request.headers, body: body.toString() });
      const { status = 200, headers = {}, body: answered = "ok", delayMs = 0 } = answer(request, body) ?? {};
      setTimeout(() => {
        response.writeHead(status, headers);
        response.end(answered);
      }, delayMs);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url, received, stop };
}
