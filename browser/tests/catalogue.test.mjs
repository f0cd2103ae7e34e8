// The catalogue: event types described, changed, imported, and shown to anybody where the project says so.

import assert from "node:assert/strict";
import { test } from "node:test";
import { look, openPage, signIn, signedIn, submit, textOf } from "../support/browser.mjs";
import { stage } from "../support/stage.mjs";

const SCHEMA = {
  type: "object",
  required: ["amount"],
  properties: {
    amount: { type: "integer", description: "In the smallest unit of the currency." },
    currency: { enum: ["EUR", "USD"] },
    customer: { type: "object", properties: { email: { type: "string", format: "email" } } },
  },
};
let server, browser, project;

stage(async (on) => {
  server = await on.server();
  browser = await on.browser();
  project = await server.api("POST", "/v1/projects", { name: "Shop <b>&</b>", profile: "standard-webhooks" });
});

const at = (path) => `${server.url}/ui/${project.id}${path}`;
const type = (name) => server.api("GET", `/v1/event-types/${name}?project_id=${project.id}`);
const put = (page, selector, value) => page.$eval(selector, (field, value) => { field.value = value; }, value);

test("a type is described, changed, and given a second version", async () => {
  const page = await signedIn(browser, server);
  await page.goto(at("/catalogue"));
  assert.match(await textOf(page), /No event type yet/);
  await look(page, "catalogue-empty");
  await submit(page, "main a.primary");
  await page.type("#f-name", "order.paid");
  await page.type("#f-description", "An order was <script>alert(1)</script> paid.");
  await put(page, "#f-schema-new", JSON.stringify(SCHEMA));
  await put(page, "#f-example-new", "{not JSON");
  let answer = await submit(page, "main form button.primary");
  assert.equal(answer.status(), 422);
  assert.match(await textOf(page, "#f-example-new-error"), /is not JSON/);
  await put(page, "#f-example-new", JSON.stringify({ amount: "ten" }));
  answer = await submit(page, "main form button.primary");
  assert.equal(answer.status(), 422);
  assert.ok(await page.$("#f-example-new-error"), await textOf(page));
  await look(page, "catalogue-refused");
  await put(page, "#f-example-new", JSON.stringify({ amount: 10, currency: "EUR" }));
  await submit(page, "main form button.primary");
  assert.match(await textOf(page), /An order was <script>alert\(1\)<\/script> paid\./);
  const fields = await page.$$eval("main table tbody tr", (rows) => rows.map((row) => row.innerText.replace(/\s+/g, " ").trim()));
  assert.ok(fields.includes("amount integer yes In the smallest unit of the currency."), fields.join("\n"));
  assert.ok(fields.some((row) => row.startsWith("customer.email string (email) no")), fields.join("\n"));
  await look(page, "catalogue-type");
  await page.goto(at("/catalogue/order.paid/edit"));
  await look(page, "catalogue-edit");
  await put(page, "#f-schema-new", JSON.stringify({ type: "object" }));
  await page.click("input[name=deprecated]");
  await submit(page, "main form button.primary");
  const made = await type("order.paid");
  assert.deepEqual(made.versions.map((it) => it.version), [1, 2]);
  assert.deepEqual(made.versions[0].schema, SCHEMA);
  assert.equal(made.deprecated, true);
  assert.match(await textOf(page), /deprecated/);
  await page.goto(at("/catalogue/order.paid?version=1"));
  assert.match(await textOf(page), /smallest unit/);
  await page.goto(at("/catalogue"));
  assert.match(await textOf(page), /order\.paid/);
  await look(page, "catalogue");
  await page.done();
});

test("who is subscribed is told to the operator", async () => {
  const query = `?project_id=${project.id}`;
  await server.api("POST", `/v1/endpoints${query}`, { name: "All orders", url: "https://a.example/hook", events: ["order.*"] });
  await server.api("POST", `/v1/endpoints${query}`, { name: "Users only", url: "https://b.example/hook", events: ["user.*"] });
  const page = await signedIn(browser, server);
  await page.goto(at("/catalogue/order.paid"));
  assert.match(await textOf(page), /All orders/);
  assert.doesNotMatch(await textOf(page), /Users only/);
  await page.done();
});

test("an OpenAPI document is looked at first and then imported", async () => {
  const page = await signedIn(browser, server);
  await page.goto(at("/catalogue/import"));
  const webhook = (schema) => ({ post: { description: "Told by an import.", requestBody: { content: { "application/json": { schema } } } } });
  const document = { openapi: "3.1.0", info: { title: "Shop", version: "1" }, webhooks: { "user.created": webhook({ type: "object" }), "bad name": webhook({}) } };
  await put(page, "#f-document", JSON.stringify(document));
  await submit(page, "button[value=look]");
  assert.match(await textOf(page, "#outcome"), /Nothing is changed yet/);
  assert.match(await textOf(page, "#outcome"), /user\.created\s+created/);
  assert.match(await textOf(page, "#outcome"), /refused/);
  await assert.rejects(type("user.created"), /404/);
  await look(page, "catalogue-import");
  await submit(page, "button[value=import]");
  assert.match(await textOf(page), /The document was imported/);
  assert.equal((await type("user.created")).description, "Told by an import.");
  await page.goto(at("/catalogue/import"));
  await put(page, "#f-document", "no JSON");
  await submit(page, "button[value=look]");
  assert.match(await textOf(page, "#f-document-error"), /is not JSON/);
  await page.done();
});

test("a description is taken back", async () => {
  const page = await openPage(browser);
  page.on("dialog", (dialog) => dialog.accept());
  await signIn(page, server);
  await page.goto(at("/catalogue/user.created"));
  await submit(page, "form[action$='/delete'] button");
  assert.match(await textOf(page), /The description was taken back/);
  await assert.rejects(type("user.created"), /404/);
  await page.done();
});

test("anybody may read the catalogue where the project says so, and nobody else's", async () => {
  const page = await openPage(browser);
  const answer = await page.goto(`${server.url}/catalogue/${project.id}`);
  assert.equal(answer.status(), 404);
  await server.api("PATCH", `/v1/projects/${project.id}`, { settings: { public_catalogue: true } });
  await page.goto(`${server.url}/catalogue/${project.id}`);
  assert.match(await textOf(page, "h1"), /Events of Shop <b>&<\/b>/);
  assert.match(await textOf(page), /order\.paid/);
  assert.doesNotMatch(await textOf(page), /All orders/);
  await look(page, "catalogue-public");
  await page.done();
});
