/* Longer or shorter: by dragging the end of a visit with a mouse, or by + and -. A ghost shows the new end and what it
   would meet; the server decides. Without this script the visit's own page does the same. */

import { byGrip, focusItem, isoAt, live, quarterUnder, quarters, send, startOf, tell, widthOf } from "./board-grid.js";
import { clearGhost, drawGhost, isHeld } from "./board-move.js";

const REST_MS = 700;

let hold = null; // a visit held by its end
let tuned = null; // a visit whose length is being changed by keys
let timer = 0;
let isClickEaten = false;

export const isResizing = () => hold !== null || tuned !== null;

const show = (bar, width, isSaid) => {
  const query = { end_at: isoAt(startOf(bar) + width) };
  drawGhost(bar.closest(".chair-row"), startOf(bar), width, `${bar.href}resize/check/`, { isSaid, query });
};

const save = async (bar, width) => {
  clearGhost();
  if (width === widthOf(bar)) return;
  bar.classList.add("is-saving");
  const values = { end_at: isoAt(startOf(bar) + width), version: bar.dataset.version, quiet: "yes" };
  await send("POST", `${bar.href}resize/`, { source: bar, values });
  bar.classList.remove("is-saving");
};

const fitted = (bar, width) => Math.min(Math.max(width, 1), quarters() - startOf(bar));

/* By keys: presses add up, and are saved once the hand rests. */
const settle = () => {
  clearTimeout(timer);
  const { id, width } = tuned;
  tuned = null;
  const bar = document.getElementById(id);
  if (bar) save(bar, width);
};
export const resizeByKeys = (bar, step) => {
  if (!bar.hasAttribute("data-resizes")) {
    tell("toast", { text: `${bar.querySelector("b").textContent} is over: the visit keeps its length.`, tone: "warn" });
    return;
  }
  if (bar.classList.contains("is-saving")) return;
  if (tuned?.id !== bar.id) tuned = { id: bar.id, width: widthOf(bar) };
  tuned.width = fitted(bar, tuned.width + step);
  show(bar, tuned.width, true);
  clearTimeout(timer);
  timer = setTimeout(settle, REST_MS);
};

/* Keys while a length is being changed. Returns whether the key was used up. */
export const resizeKeys = (event) => {
  if (!tuned || ["+", "=", "-", "Shift"].includes(event.key)) return false;
  if (event.key === "Escape") {
    clearTimeout(timer);
    tuned = null;
    clearGhost();
  } else {
    settle();
  }
  const isOurs = ["Escape", "Enter"].includes(event.key);
  if (isOurs) event.preventDefault();
  return isOurs;
};

/* By the end of the bar. Seen before the press could become a move. */
document.addEventListener("pointerdown", (event) => {
  const bar = !isHeld() && live()?.hasAttribute("data-can-move") && byGrip(event);
  if (!bar) return;
  event.stopPropagation();
  event.preventDefault();
  hold = { bar, width: widthOf(bar) };
  bar.setPointerCapture(event.pointerId);
}, { capture: true });

document.addEventListener("pointermove", (event) => {
  if (!hold) return;
  event.stopPropagation();
  const { bar } = hold;
  const width = fitted(bar, Math.round(quarterUnder(bar.closest(".chair-row"), event.clientX)) - startOf(bar));
  hold.width = width;
  show(bar, width, false);
}, { capture: true });

const letGo = (isSaved) => {
  if (!hold) return;
  const { bar, width } = hold;
  hold = null;
  isClickEaten = true;
  setTimeout(() => { isClickEaten = false; });
  if (!isSaved) clearGhost();
  else {
    focusItem(bar);
    save(bar, width);
  }
};
document.addEventListener("pointerup", () => letGo(true), { capture: true });
document.addEventListener("pointercancel", () => letGo(false), { capture: true });
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && hold) letGo(false); });
document.addEventListener("click", (event) => {
  if (!isClickEaten) return;
  event.preventDefault();
  event.stopPropagation();
}, { capture: true });
