// Takes the pictures that the documents show: `browser/screenshots` runs it.
//
//   node browser/pictures.mjs FOLDER MINUTES    a project lives for so many minutes before

import { mkdir } from "node:fs/promises";
import { openPage, signIn, startBrowser, submit } from "./support/browser.mjs";
import { live } from "./support/life.mjs";
import { enterPortal } from "./support/portal.mjs";
import { startServer } from "./support/server.mjs";
import { makeWorld } from "./support/world.mjs";

const WIDTH = 1280;

// What is shown: name, face, address below it, height of the window, and what is clicked before.
const pictures = ({ endpoints, deliveries }) => [
  ["overview", "operator", "?range=1h", 1420],
  ["endpoint", "operator", `/endpoints/${endpoints.breaker}`, 900],
  ["delivery", "operator", `/deliveries/${deliveries.recovered}`, 1000],
  ["debugger", "operator", `/debugger?delivery=${deliveries.delivered}`, 1000, "main form[method=post] button[type=submit]"],
  ["portal", "portal", `/endpoints/${endpoints.healthy}`, 900],
];

// Takes all of them in both themes, at one and a half times the density of a plain screen.
export async function takePictures(browser, server, world, folder) {
  await mkdir(folder, { recursive: true });
  const operator = await openPage(browser);
  await signIn(operator, server, world.project.key);
  const customer = await openPage(browser);
  await enterPortal(customer, world.project.api, "acme");
  const faces = { operator: [operator, `${server.url}/ui/${world.project.id}`], portal: [customer, `${server.url}/portal`] };
  for (const [name, face, path, height, button] of pictures(world)) {
    const [page, base] = faces[face];
    await page.setViewport({ width: WIDTH, height, deviceScaleFactor: 1.5 });
    for (const theme of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
      const answer = await page.goto(base + path);
      if (answer.status() !== 200) throw new Error(`${path}: answered ${answer.status()}`);
      if (button) await submit(page, button);
      await page.screenshot({ path: `${folder}/${name}-${theme}.png` });
    }
  }
  await operator.done();
  await customer.done();
}

if (import.meta.main ?? process.argv[1] === import.meta.filename) {
  const [folder, minutes] = [process.argv[2], Number(process.argv[3])];
  const server = await startServer();
  const browser = await startBrowser();
  let world;
  try {
    world = await makeWorld(server);
    await live(world, minutes);
    await takePictures(browser, server, world, folder);
  } finally {
    await browser.close();
    await world?.stop();
    await server.stop();
  }
}
