// Reads cases, asks the receivers beside it, and answers a line for each.
import { readFileSync } from "node:fs";

const text = (base64) => Buffer.from(base64, "base64").toString();
for (const line of readFileSync(0, "utf8").trim().split("\n")) {
  const [receiver, now, url, method, body, secrets, headers] = line.split("\t");
  const { verify, messageId } = await import(`./p${receiver}.mjs`);
  const pairs = headers.split(";").filter(Boolean).map((pair) => pair.split("="));
  const all = Object.fromEntries(pairs.map(([name, ...value]) => [name, text(value.join("="))]));
  const bytes = Buffer.from(body, "base64");
  const given = { url: text(url), method, now: Number(now), secrets: secrets.split(",").filter(Boolean).map(text) };
  const good = verify(all, bytes, given);
  console.log(good ? `1 ${messageId(all, bytes)}` : "0");
}
