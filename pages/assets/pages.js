// What pages do beyond plain forms and links. Everything works without it.
"use strict";

// Copies the text of the block that a button is in.
document.addEventListener("click", async (click) => {
  const button = click.target.closest("[data-copy]");
  if (!button) return;
  const text = button.closest(".block").querySelector("code").textContent;
  await navigator.clipboard.writeText(text);
  const before = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = before; }, 1500);
});

// Asks before something is done that cannot be undone.
document.addEventListener("submit", (submit) => {
  const question = submit.submitter?.dataset.confirm;
  if (question && !confirm(question)) submit.preventDefault();
});

// How long ago a time was, behind it.
const spans = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
function ago(date) {
  const seconds = Math.round((Date.now() - date) / 1000);
  const [length, unit] = spans.find(([length]) => Math.abs(seconds) >= length) ?? [1, "s"];
  const text = `${Math.floor(Math.abs(seconds) / length)} ${unit}`;
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}
function tellTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = Date.parse(time.dateTime);
    if (!Number.isNaN(at)) time.title = `${time.dateTime} (${ago(at)})`;
  }
}

// What only works with a script is shown by it.
function prepare(root) {
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
  tellTimes(root);
}

// A part of the page with `data-live="SECONDS"` and an id is fetched anew so often, while somebody
// looks. One request at a time: a slow server is not asked twice. A part is left alone while the
// keyboard's focus or a selection is in it.
function keepLive(id, seconds) {
  const turn = async () => {
    const part = document.getElementById(id);
    if (!part) return;
    const busy = part.contains(document.activeElement) || part.dataset.paused === "true" ||
      (!getSelection().isCollapsed && part.contains(getSelection().anchorNode));
    if (!document.hidden && !busy) {
      try {
        const answer = await fetch(location.href, { headers: { accept: "text/html" } });
        if (answer.ok && !answer.redirected) {
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          const fresh = page.getElementById(id);
          const known = new Set([...part.querySelectorAll("[data-key]")].map((row) => row.dataset.key));
          if (fresh && fresh.innerHTML !== part.innerHTML) {
            if (known.size) {
              for (const row of fresh.querySelectorAll("[data-key]")) {
                if (!known.has(row.dataset.key)) row.classList.add("fresh");
              }
            }
            prepare(fresh);
            part.replaceWith(fresh);
          }
        }
      } catch { /* the next turn tries again */ }
    }
    setTimeout(turn, seconds * 1000);
  };
  setTimeout(turn, seconds * 1000);
}

prepare(document);
for (const part of document.querySelectorAll("[data-live]")) {
  keepLive(part.id, Math.max(1, Number(part.dataset.live) || 5));
}
