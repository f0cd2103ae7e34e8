// A project that goes on living: events come in waves, and once in a while a receiver is in trouble.
// For pictures, whose charts should have something to show.

import { orderEvent } from "./shop.mjs";

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Publishes for so many minutes, or until `isOver()`.
export async function live(world, minutes, isOver = () => false) {
  const start = Date.now();
  let number = 10_000;
  world.weather.delayMs = () => 8 + Math.floor(60 * Math.random() ** 6 * 12) + Math.floor(30 * Math.random());
  for (let second = 0; second < minutes * 60 && !isOver(); second += 2) {
    const wave = 1 + 0.5 * Math.sin(second / 190) + 0.25 * Math.sin(second / 47) + 0.2 * Math.random();
    // Globex is in trouble for two minutes of every nineteen.
    const isDown = second % 1140 > 700 && second % 1140 < 830;
    world.weather.trouble[isDown ? "add" : "delete"]("globex");
    const events = Array.from({ length: Math.round(5 * wave) }, (_, place) => {
      number += 1;
      return { ...orderEvent(number), account_id: number % 12 === 0 ? "acme" : place % 2 ? "globex" : "initech" };
    });
    await world.project.api("POST", "/v1/events/batch", events);
    await wait(Math.max(0, start + second * 1000 + 2000 - Date.now()));
  }
}
