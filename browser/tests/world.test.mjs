// The project that the other tests use: does it hold what they count on?

import assert from "node:assert/strict";
import { test } from "node:test";
import { stage } from "../support/stage.mjs";

let server, world;
stage(async (on) => {
  server = await on.server();
  world = await on.world(server);
});

test("a delivery is in each state, an endpoint in each, a replay done and one under way", async () => {
  const { api } = world.project;
  for (const state of ["delivered", "failed", "retrying", "held", "cancelled"]) {
    const delivery = await api("GET", `/v1/deliveries/${world.deliveries[state]}`);
    assert.equal(delivery.state, state);
  }
  const recovered = await api("GET", `/v1/deliveries/${world.deliveries.recovered}`);
  assert.equal(recovered.attempts, 2);
  const { data } = await api("GET", "/v1/endpoints?account_id=acme&limit=50");
  assert.deepEqual([...new Set(data.map((it) => it.status))].sort(), ["active", "disabled", "paused"]);
  const replay = await api("GET", `/v1/replays/${world.replays.running}`);
  assert.equal(replay.state, "running");
});

test("each vendor's format was delivered", async () => {
  const paths = world.receiver.received.map((it) => it.path);
  for (const profile of Object.keys(world.vendors.endpoints)) assert.ok(paths.includes(`/ok/${profile}`), profile);
});
