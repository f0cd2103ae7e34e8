// The events of a shop: what its catalogue says of them, and any number of them, always the same.

const text = { type: "string" };
const customer = {
  type: "object",
  properties: { id: text, name: text, email: { type: "string", format: "email" }, tier: { enum: ["free", "premium"] } },
  required: ["id", "tier"],
};
const order = {
  type: "object",
  properties: { order_id: text, amount: { type: "integer", minimum: 0, description: "In cents" }, currency: text, customer },
  required: ["order_id", "amount", "currency"],
};
const ada = { id: "cus_1001", name: "Ada Lovelace", email: "ada@example.com", tier: "premium" };
const exampleOrder = { order_id: "ord_20417", amount: 12900, currency: "EUR", customer: ada };

export const eventTypes = [
  { name: "order.created", group: "Orders", description: "An order was placed.", versions: [{ version: 1, schema: order, example: exampleOrder }] },
  { name: "order.paid", group: "Orders", description: "An order's payment was captured.", versions: [{ version: 1, schema: order, example: exampleOrder }] },
  { name: "order.shipped", group: "Orders", description: "A parcel left the warehouse.", versions: [{ version: 1, schema: order, example: exampleOrder }] },
  { name: "order.refunded", group: "Orders", description: "An order's payment was given back, in whole or in part.", versions: [{ version: 1, schema: order, example: exampleOrder }] },
  { name: "user.created", group: "Users", description: "Somebody registered.", versions: [{ version: 1, schema: customer, example: ada }] },
  { name: "user.deleted", group: "Users", description: "An account was deleted on its owner's request.", versions: [{ version: 1, schema: customer, example: ada }] },
  { name: "invoice.overdue", group: "Billing", description: "An invoice was not paid in time.", deprecated: true, versions: [{ version: 1, schema: { type: "object" }, example: { invoice: "inv_881", days: 14 } }] },
];

const names = ["Ada Lovelace", "Grace Hopper", "Alan Turing", "Katherine Johnson", "Edsger Dijkstra", "Barbara Liskov"];
const kinds = ["order.created", "order.paid", "order.shipped", "user.created", "order.created", "order.paid", "order.refunded", "user.deleted"];

// The event of this number: three of four are Acme's.
export function orderEvent(number) {
  const type = kinds[number % kinds.length];
  const name = names[number % names.length];
  const customer = { id: `cus_${1001 + (number % 40)}`, name, email: `${name.split(" ")[0].toLowerCase()}@example.com`, tier: number % 3 ? "free" : "premium" };
  const data = type.startsWith("user.")
    ? customer
    : { order_id: `ord_${20417 + number}`, amount: 900 + ((number * 1759) % 24_000), currency: "EUR", customer };
  return {
    type,
    data,
    account_id: ["acme", "acme", "globex", "acme"][number % 4],
    subject: data.order_id ?? data.id,
    channels: [number % 2 ? "eu" : "us"],
    metadata: { region: number % 2 ? "eu-west-1" : "us-east-1", release: "2026.11.3" },
  };
}
