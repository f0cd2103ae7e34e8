// What the tests of a file stand on: a real server, a browser, receivers, a world. What was started is
// ended behind the last test, the last first, whatever failed.
//
//   let server, browser, world;
//   stage(async (on) => {
//     server = await on.server();
//     world = await on.world(server);
//     browser = await on.browser();
//   });

import { after, before } from "node:test";
import { startBrowser } from "./browser.mjs";
import { startReceiver } from "./receiver.mjs";
import { apiOf, startServer } from "./server.mjs";
import { makeWorld } from "./world.mjs";

export function stage(prepare) {
  const ends = [];
  // Anything with `stop` or `close`.
  const keep = (thing) => {
    ends.push(() => (thing.stop ? thing.stop() : thing.close()));
    return thing;
  };
  const on = {
    keep,
    server: async (options) => keep(await startServer(options)),
    browser: async () => keep(await startBrowser()),
    receiver: async (answer) => keep(await startReceiver(answer)),
    world: async (server, options) => keep(await makeWorld(server, options)),
    // A new project, as the API made it, and the API with its key.
    project: async (server, name = "Shop", profile = "standard-webhooks") => {
      const project = await server.api("POST", "/v1/projects", { name, profile });
      return { project, api: apiOf(server.url, project.api_key) };
    },
  };
  before(() => prepare(on));
  after(async () => {
    for (const end of ends.reverse()) await end();
  });
}
