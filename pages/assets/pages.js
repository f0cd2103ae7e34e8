// What pages do beyond plain forms and links. Everything works without it.
"use strict";

// Copies the text of the block that a button is in.
document.addEventListener("click", async (click) => {
  const button = click.target.closest("[data-copy]");
  if (!button) return;
  const text = button.closest(".block").querySelector("code").textContent;
  const before = button.dataset.label ?? button.textContent;
  button.dataset.label = before;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // Pages within another site's may not write the clipboard: the text is marked, to be copied by hand.
    getSelection().selectAllChildren(button.closest(".block").querySelector("code"));
    button.textContent = "Marked";
  }
  setTimeout(() => { button.textContent = before; }, 1500);
});

// Asks before something is done that cannot be undone.
document.addEventListener("submit", (submit) => {
  const question = submit.submitter?.dataset.confirm;
  if (question && !confirm(question)) submit.preventDefault();
});

// Menus close on Escape and on a click beside them; "/" goes to the search.
function closeMenus(but) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (but && menu.contains(but)) continue;
    const held = menu.contains(document.activeElement);
    menu.open = false;
    if (held) menu.querySelector("summary").focus();
  }
}
document.addEventListener("click", (click) => closeMenus(click.target));
document.addEventListener("keydown", (key) => {
  if (key.key === "Escape") closeMenus();
  const typing = key.target.closest?.("input, textarea, select, [contenteditable]");
  if (key.key !== "/" || typing || key.ctrlKey || key.metaKey || key.altKey) return;
  const search = document.querySelector("[data-search]");
  if (!search) return;
  key.preventDefault();
  search.select();
  search.focus();
});

// One box checks all of its name.
document.addEventListener("change", (change) => {
  const name = change.target.dataset?.checkAll;
  if (!name) return;
  for (const box of change.target.form.querySelectorAll("input[type=checkbox]")) {
    if (box.name === name) box.checked = change.target.checked;
  }
});

// How long ago a time was, as the server says it (parts/times.rs); kept true while the page is open.
const spans = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
function ago(at) {
  const seconds = Math.floor(Date.now() / 1000) - Math.floor(at / 1000);
  const far = Math.abs(seconds);
  if (far < 5) return "just now";
  const [length, unit] = spans.find(([length]) => far >= length);
  const text = `${Math.floor(far / length)} ${unit}`;
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}
function tellTimes() {
  for (const told of document.querySelectorAll("time > .ago")) {
    const text = ago(Date.parse(told.parentElement.dateTime));
    if (told.textContent !== text) told.textContent = text;
  }
}
setInterval(() => { if (!document.hidden) tellTimes(); }, 10_000);

// The values of a chart, told in the line above it: of the point under the pointer, or the one that the
// arrow keys have reached.
function tellValues(chart) {
  const picture = chart.querySelector("svg");
  if (!picture) return;
  const points = [...picture.querySelectorAll(".point")];
  const tips = points.map((point) => {
    const title = point.querySelector("title");
    title?.remove();
    return title?.textContent ?? "";
  });
  const readout = chart.querySelector(".readout");
  let told = -1;
  const tell = (place) => {
    points[told]?.classList.remove("told");
    told = place;
    points[told]?.classList.add("told");
    readout.textContent = tips[told] ?? readout.dataset.rest;
    readout.classList.toggle("told", told >= 0);
    const live = chart.closest("[data-live]");
    if (live) live.dataset.paused = String(told >= 0);
  };
  picture.addEventListener("pointermove", (move) => tell(points.indexOf(move.target)));
  picture.addEventListener("pointerleave", () => tell(-1));
  picture.addEventListener("focus", () => { if (picture.matches(":focus-visible")) tell(points.length - 1); });
  picture.addEventListener("blur", () => tell(-1));
  picture.addEventListener("keydown", (key) => {
    const to = { ArrowLeft: Math.max(0, told - 1), ArrowRight: Math.min(points.length - 1, told + 1), Home: 0, End: points.length - 1, Escape: -1 }[key.key];
    if (to === undefined) return;
    key.preventDefault();
    tell(to);
  });
}

// A colour that is typed elsewhere can be picked here.
function pickColours(picker) {
  const field = document.getElementById(picker.dataset.picks);
  picker.disabled = field.matches(":disabled");
  picker.addEventListener("input", () => { field.value = picker.value; });
  field.addEventListener("input", () => { if (/^#[0-9a-f]{6}$/i.test(field.value)) picker.value = field.value; });
}

// What only works with a script is shown by it.
function prepare(root) {
  for (const button of root.querySelectorAll("[data-copy], [data-check-all], [data-picks]")) button.hidden = false;
  root.querySelectorAll("[data-picks]").forEach(pickColours);
  root.querySelectorAll("[data-chart]").forEach(tellValues);
}

// A part of the page with `data-live="SECONDS"` and an id is fetched anew so often, while somebody
// looks. One request at a time: a slow server is not asked twice. A part is left alone while the
// keyboard's focus or a selection is in it. What was opened and checked in it stays so.
const shape = (part) => {
  const copy = part.cloneNode(true);
  for (const told of copy.querySelectorAll(".ago")) told.remove();
  return copy.innerHTML;
};
function takeOver(part, fresh) {
  const known = new Set([...part.querySelectorAll("[data-key]")].map((row) => row.dataset.key));
  for (const row of fresh.querySelectorAll("[data-key]")) {
    if (known.size && !known.has(row.dataset.key)) row.classList.add("fresh");
  }
  for (const opened of part.querySelectorAll("details[id]")) {
    const same = fresh.querySelector(`#${CSS.escape(opened.id)}`);
    if (same) same.open = opened.open;
  }
  for (const box of part.querySelectorAll("input[type=checkbox]:checked")) {
    const same = [...fresh.querySelectorAll("input[type=checkbox]")].find((it) => it.name === box.name && it.value === box.value);
    if (same) same.checked = true;
  }
  prepare(fresh);
  part.replaceWith(fresh);
}
const isBusy = (part) => part.contains(document.activeElement) || part.dataset.paused === "true" ||
  (!getSelection().isCollapsed && part.contains(getSelection().anchorNode));
function keepLive(id, seconds, before) {
  const turn = async () => {
    const part = document.getElementById(id);
    if (!part) return;
    if (!document.hidden && !isBusy(part)) {
      try {
        const answer = await fetch(location.href, { headers: { accept: "text/html" } });
        if (answer.ok && !answer.redirected) {
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          const fresh = page.getElementById(id);
          const now = fresh && shape(fresh);
          if (fresh && now !== before && !isBusy(part)) {
            takeOver(part, document.adoptNode(fresh));
            before = now;
          }
        }
      } catch { /* the next turn tries again */ }
    }
    setTimeout(turn, seconds * 1000);
  };
  setTimeout(turn, seconds * 1000);
}

for (const part of document.querySelectorAll("[data-live]")) {
  keepLive(part.id, Math.max(1, Number(part.dataset.live) || 5), shape(part));
}
prepare(document);
