/* Moving a visit: by keys, by dragging, or by pressing Move… and then a place. A ghost shows where it would go, and the
   server says what that place would meet (nothing is decided here). Also draws the ghosts of suggested openings. */

import {
  board, clockAt, focusItem, laneOf, live, placeAt, quarterAt, quarterUnder, quarters, rowUnder, rows, say, send, startOf,
  tell, widthOf,
} from "./board-grid.js";

const DRAG_PX = 6;
const WOBBLE_PX = 10;
const PRESS_MS = 400;
const CHECK_MS = 90;
const SAVING_MS = 300;
const EDGE_PX = 36;
const MARKS = { free: "✓", soft: "▲", refused: "✕" };

const byId = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/* The ghost, its words, and the load it would bring */
let ghost = null;
let note = null;
let wanted = "";
let checkTimer = 0;
const answers = new Map();
const painted = new Map();

const unpaint = () => {
  for (const [cell, { name, html }] of painted) {
    cell.className = name;
    cell.innerHTML = html;
  }
  painted.clear();
};
const paint = (load) => {
  unpaint();
  for (const change of load) {
    const cell = byId("heat").children[quarterAt(change.at)];
    if (!cell) continue;
    painted.set(cell, { name: cell.className, html: cell.innerHTML });
    cell.className = `${cell.className.replace(/heat-\d/, `heat-${change.step}`)} is-touched`;
    cell.innerHTML = "<s></s><b></b>";
    cell.firstChild.textContent = change.before;
    cell.lastChild.textContent = `${change.over ? "▲" : ""}${change.after}`;
  }
};

const hide = () => {
  clearTimeout(checkTimer);
  wanted = "";
  ghost?.remove();
  ghost = null;
  unpaint();
};

/* Before the board is redrawn: what was painted on it would be painted over, and what was asked may have changed. */
export const clearGhost = () => {
  hide();
  answers.clear();
};

const judge = (answer, isSaid) => {
  const isRefused = answer.verdict === "refused";
  const words = answer.verdict === "free" ? "free" : answer.reasons.join(" ");
  ghost.classList.toggle("is-refused", isRefused);
  ghost.classList.toggle("is-soft", answer.verdict === "soft");
  note.textContent = `${MARKS[answer.verdict]} ${isRefused ? "" : answer.place} ${words}`;
  paint(answer.load);
  if (isSaid) say(`${answer.said}, ${words}`);
};

const check = async (url, isSaid) => {
  try {
    if (!answers.has(url)) {
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      answers.set(url, await answer.json());
    }
  } catch {
    return;
  }
  if (wanted === url && ghost) judge(answers.get(url), isSaid);
};

export const drawGhost = (row, at, width, checkUrl, { isSaid = false, query = { place: placeAt(row, at) } } = {}) => {
  if (!ghost) {
    ghost = document.createElement("div");
    note = document.createElement("span");
    note.className = "ghost-note";
    ghost.setAttribute("aria-hidden", "true");
    ghost.append("", note);
  }
  const verdict = ["is-refused", "is-soft"].filter((name) => ghost.classList.contains(name));
  ghost.className = ["ghost", `s${at}`, `w${width}`, at > quarters() * 0.55 ? "is-late-day" : "", ...verdict].join(" ");
  if (ghost.parentNode !== laneOf(row)) laneOf(row).append(ghost);
  ghost.firstChild.nodeValue = clockAt(at);
  const address = new URL(checkUrl, location.href);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  if (wanted === address.href) return;
  wanted = address.href;
  note.textContent = `${row.dataset.chairName} ${clockAt(at)}–${clockAt(at + width)}`;
  clearTimeout(checkTimer);
  checkTimer = setTimeout(check, answers.has(wanted) ? 0 : CHECK_MS, wanted, isSaid);
};

/* The visit under way */
let moving = null;
const barOf = (one) => byId(one.id);

export const isHeld = () => moving !== null && moving.how !== "click";

const end = () => {
  if (moving) {
    barOf(moving)?.classList.remove("is-moving");
    board()?.classList.remove("is-placing");
  }
  moving = null;
  hide();
};

const begin = (bar, how, { chairOnly = false } = {}) => {
  end();
  answers.clear();
  const row = bar.closest(".chair-row");
  moving = { id: bar.id, how, chairOnly, width: widthOf(bar), row: row.id, at: startOf(bar) };
  moving.home = { row: row.id, at: moving.at };
  bar.classList.add("is-moving");
  board().classList.add("is-placing");
};

const steer = (row, at) => {
  moving.row = row.id;
  moving.at = clamp(moving.chairOnly ? moving.home.at : at, 0, quarters() - moving.width);
  drawGhost(row, moving.at, moving.width, `${barOf(moving).href}check/`, { isSaid: moving.how === "keys" });
};

const isAtHome = () => moving.row === moving.home.row && moving.at === moving.home.at;

const drop = async () => {
  const { how, at, row } = moving;
  const bar = barOf(moving);
  if (isAtHome()) {
    end();
    say("Not moved.");
    if (how !== "click") followPanel();
    return;
  }
  const values = { place: placeAt(byId(row), at), version: bar.dataset.version };
  if (how !== "click") values.quiet = "yes";
  end();
  bar.classList.add("is-moving");
  const slow = setTimeout(() => bar.classList.add("is-saving"), SAVING_MS);
  await send("POST", `${bar.href}move/`, { source: bar, values });
  clearTimeout(slow);
  bar.classList.remove("is-moving", "is-saving");
};

/* By keys: M, or C for the chair alone */
export const moveByKeys = (bar, { chairOnly = false } = {}) => {
  const name = bar.querySelector("b").textContent;
  if (!bar.hasAttribute("data-moves")) {
    tell("toast", { text: `${name} can't be moved any more: the visit has begun or is over.`, tone: "warn" });
    return;
  }
  focusItem(bar);
  begin(bar, "keys", { chairOnly });
  steer(bar.closest(".chair-row"), moving.at);
  const arrows = chairOnly ? "Up and down choose a chair" : "Arrows choose a time and a chair";
  say(`Moving ${name}. ${arrows}, Enter places, Escape cancels.`);
};

/* Keys while a visit is moved. Returns whether the key was used up. */
export const moveKeys = (event) => {
  if (!moving) return false;
  if (event.key === "Escape") {
    const isPanels = moving.how === "click";
    end();
    if (isPanels) return false;
    event.preventDefault();
    say("Not moved.");
    return true;
  }
  if (moving.how !== "keys" || event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === "Tab") {
    end();
    return false;
  }
  const all = rows();
  const here = all.indexOf(byId(moving.row));
  const far = event.shiftKey ? 4 : 1;
  const turns = {
    ArrowLeft: () => steer(all[here], moving.at - far),
    ArrowRight: () => steer(all[here], moving.at + far),
    ArrowUp: () => steer(all[Math.max(here - 1, 0)], moving.at),
    ArrowDown: () => steer(all[Math.min(here + 1, all.length - 1)], moving.at),
    Enter: drop,
  };
  event.preventDefault();
  turns[event.key]?.();
  ghost?.scrollIntoView({ block: "nearest", inline: "nearest" });
  return true;
};

/* By dragging: a mouse after 6 px, a finger after a press of 400 ms. A drag ends moving by presses. */
let press = null;
let down = null;
let isClickEaten = false;

const lift = () => {
  if (!press) return;
  const { bar, pointerId } = press;
  begin(bar, "drag");
  bar.setPointerCapture(pointerId);
  press.isLifted = true;
};
const letGo = () => {
  clearTimeout(press?.timer);
  press = null;
};

document.addEventListener("pointerdown", (event) => {
  letGo();
  down = { id: event.target.closest?.("#board .visit")?.id, x: event.clientX, y: event.clientY };
  const bar = event.target.closest?.("#board .visit[data-moves]");
  if (!bar || event.button || !live().hasAttribute("data-can-move") || isHeld()) return;
  const grab = quarterUnder(bar.closest(".chair-row"), event.clientX) - startOf(bar);
  press = { bar, grab, pointerId: event.pointerId, x: event.clientX, y: event.clientY, isMouse: event.pointerType === "mouse" };
  if (!press.isMouse) press.timer = setTimeout(lift, PRESS_MS);
});

document.addEventListener("pointermove", (event) => {
  const { clientX: x, clientY: y } = event;
  if (press && !press.isLifted) {
    const far = Math.hypot(x - press.x, y - press.y);
    if (press.isMouse && far > DRAG_PX) lift();
    else if (!press.isMouse && far > WOBBLE_PX) letGo();
  }
  if (press?.isLifted && moving) {
    const row = rowUnder(y);
    steer(row, Math.round(quarterUnder(row, x) - press.grab));
    scrollNearEdges(x, y);
  } else if (moving?.how === "click" && event.pointerType === "mouse") {
    const row = event.target.closest?.(".chair-row");
    if (row) steer(row, snug(row, x));
  }
});

document.addEventListener("pointerup", () => {
  if (press?.isLifted && moving) {
    isClickEaten = true;
    setTimeout(() => { isClickEaten = false; });
    focusItem(press.bar);
    drop();
  }
  letGo();
});
document.addEventListener("pointercancel", () => {
  if (press?.isLifted) end();
  letGo();
});
document.addEventListener("dragstart", (event) => { if (event.target.closest?.("#board")) event.preventDefault(); });
document.addEventListener("contextmenu", (event) => { if (press && !press.isMouse) event.preventDefault(); });
document.addEventListener("touchmove", (event) => { if (press?.isLifted) event.preventDefault(); }, { passive: false });

const scrollNearEdges = (x, y) => {
  const frame = byId("board-scroll");
  const box = frame.getBoundingClientRect();
  const side = (at, low, high) => (at < low + EDGE_PX ? -EDGE_PX / 2 : at > high - EDGE_PX ? EDGE_PX / 2 : 0);
  frame.scrollBy(side(x, box.left + 92, box.right), side(y, box.top + 60, box.bottom));
};

/* By pressing Move… and then a place on the board; works for touch, and for the keyboard on free time. */
const snug = (row, x, target = null) => {
  const at = target ? startOf(target) : Math.floor(quarterUnder(row, x));
  const gap = [...row.querySelectorAll(".gap")].find((one) => startOf(one) <= at && at < startOf(one) + widthOf(one));
  const last = gap && widthOf(gap) >= moving.width ? startOf(gap) + widthOf(gap) - moving.width : at;
  return Math.min(at, last);
};

/* A press on another visit means that visit, never a place; one that travelled was a drag that came to nothing. */
const isAnothers = () => Boolean(down?.id && down.id !== moving.id);
const hasTravelled = ({ detail, clientX, clientY }) =>
  Boolean(detail && down) && Math.hypot(clientX - down.x, clientY - down.y) > DRAG_PX;

document.addEventListener("click", (event) => {
  const row = event.target.closest?.("#board .chair-row");
  const isPlacing = row && moving?.how === "click";
  if (isClickEaten || (isPlacing && hasTravelled(event))) {
    event.preventDefault();
    event.stopPropagation();
  } else if (isPlacing && !(event.detail && isAnothers())) {
    event.preventDefault();
    event.stopPropagation();
    steer(row, snug(row, event.clientX, event.detail ? null : event.target.closest(".gap, .visit")));
    drop();
  }
}, { capture: true });

/* The panel has new content, or the board has been redrawn: start, go on with, or end moving by presses. */
export const followPanel = () => {
  const form = document.querySelector("#panel [data-moving]");
  const bar = form && board() && byId(`visit-${form.dataset.moving}`);
  if (bar && !isHeld()) begin(bar, "click");
  else if (moving?.how === "click") end();
};

/* Suggested openings draw their ghost when hovered or focused, if they are on this day */
const suggest = ({ target }) => {
  const option = target.closest?.("[data-ghost-chair]");
  if (!option || !board()) return;
  const row = rows().find((one) => one.dataset.chair === option.dataset.ghostChair);
  const at = quarterAt(option.dataset.ghostStart);
  const width = Number(option.dataset.ghostMinutes) / 15;
  if (!row || at < 0 || at + width > quarters()) return;
  drawGhost(row, at, width, option.closest("[data-check]").dataset.check);
};
const unsuggest = ({ target }) => { if (target.closest?.("[data-ghost-chair]")) hide(); };
export const redraw = () => { if (!moving) suggest({ target: document.activeElement }); };
for (const name of ["mouseover", "focusin"]) document.addEventListener(name, suggest);
for (const name of ["mouseout", "focusout"]) document.addEventListener(name, unsuggest);
document.addEventListener("htmx:beforeSwap", ({ detail }) => { if (detail.target?.id === "panel" && !isHeld()) hide(); });
