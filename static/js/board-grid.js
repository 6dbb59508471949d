/* Where things are on the board: rows, quarter hours, clock times; and the one tab stop that moves between them.

   Places are classes (s12 starts at quarter 12, w4 is four quarters wide), so reading them back is reading classes. */

const timeZone = document.documentElement.dataset.timeZone;
const QUARTER_MS = 900_000;
const two = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone });

export const live = () => document.getElementById("live-board");
export const board = () => document.getElementById("board");
export const rows = () => [...document.querySelectorAll("#board .chair-row")];
export const laneOf = (row) => row.querySelector(".lane");
export const items = () => [...live().querySelectorAll(".gap, .visit, .visit-link")];
const number = (element, letter) => Number(element.className.match(new RegExp(`(?:^|\\s)${letter}(\\d+)`))?.[1] ?? 0);
export const startOf = (element) => number(element, "s");
export const widthOf = (element) => number(element, "w");
export const quarters = () => number(board(), "q");

export const tell = (name, detail) => document.dispatchEvent(new CustomEvent(`clinic:${name}`, { detail }));
export const say = (text) => tell("announce", text);

/* A request whose answer goes to the panel. app.js says what went wrong, so a failure needs nothing more here. */
export const send = (verb, url, options) =>
  window.htmx.ajax(verb, url, { target: "#panel", ...options }).catch(() => {});

const instant = (quarter) => new Date(Date.parse(board().dataset.opens) + quarter * QUARTER_MS);
export const clockAt = (quarter) => two.format(instant(quarter));
export const quarterAt = (iso) => Math.round((Date.parse(iso) - Date.parse(board().dataset.opens)) / QUARTER_MS);
export const isoAt = (quarter) => instant(quarter).toISOString();
export const placeAt = (row, quarter) => `${row.dataset.chair}@${instant(quarter).toISOString()}`;

/* The quarter hour under a pointer, counted from the lane's left edge; may lie outside the day. */
export const quarterUnder = (row, x) => {
  const box = laneOf(row).getBoundingClientRect();
  return ((x - box.left) / box.width) * quarters();
};
export const rowUnder = (y) => {
  const all = rows();
  return all.find((row) => y < row.getBoundingClientRect().bottom) ?? all.at(-1);
};

/* The visit whose end a mouse is about to take hold of. */
const GRIP_PX = 8;
export const byGrip = ({ pointerType, button, target, clientX }) => {
  const bar = pointerType === "mouse" && !button && target.closest?.("#board .visit[data-resizes]");
  return bar && bar.getBoundingClientRect().right - clientX <= GRIP_PX ? bar : null;
};

/* Roving focus: one item is in the tab order; arrows move it. The server draws plain links, so that without this script
   each can still be reached. */
let current = { id: "", row: "", at: 0 };

const remember = (item) => {
  current = { id: item.id, row: item.closest(".chair-row")?.id ?? "", at: startOf(item) };
};

/* The same item after a change; or what now stands where it stood. */
export const currentItem = () => {
  const same = current.id && document.getElementById(current.id);
  if (same && live().contains(same)) return same;
  const row = current.row && document.getElementById(current.row);
  const near = row ? [...row.querySelectorAll(".gap, .visit")] : [];
  return (
    near.find((item) => startOf(item) + widthOf(item) > current.at) ??
    near.at(-1) ??
    board()?.querySelector(".visit, .gap")
  );
};

export const rove = () => {
  if (!board()) return;
  const stop = currentItem();
  for (const item of items()) item.tabIndex = item === stop ? 0 : -1;
};

export const focusItem = (item) => {
  if (!item) return;
  remember(item);
  rove();
  item.focus();
  item.scrollIntoView({ block: "nearest", inline: "nearest" });
};

export const focused = () => {
  const item = document.activeElement?.closest?.(".gap, .visit, .visit-link");
  return item && live()?.contains(item) ? item : null;
};

const sideways = (item, step) => {
  const inRow = [...item.closest(".lane").querySelectorAll(".gap, .visit")];
  return inRow[inRow.indexOf(item) + step];
};
const upOrDown = (item, step) => {
  const all = rows();
  let next = all.indexOf(item.closest(".chair-row")) + step;
  const middle = startOf(item) + widthOf(item) / 2;
  const away = (other) => Math.max(startOf(other) - middle, middle - startOf(other) - widthOf(other));
  for (; all[next]; next += step) {
    const there = [...all[next].querySelectorAll(".gap, .visit")].sort((a, b) => away(a) - away(b));
    if (there.length) return there[0];
  }
  return null;
};
const inRow = (item, index) => [...item.closest(".lane").querySelectorAll(".gap, .visit")].at(index);

const STEPS = {
  ArrowLeft: (item) => sideways(item, -1),
  ArrowRight: (item) => sideways(item, 1),
  ArrowUp: (item) => upOrDown(item, -1),
  ArrowDown: (item) => upOrDown(item, 1),
  Home: (item) => inRow(item, 0),
  End: (item) => inRow(item, -1),
};

/* Arrow keys between visits and gaps. Returns whether the key was one of them. */
export const step = (event) => {
  const item = focused();
  if (!item?.closest(".board") || !STEPS[event.key] || event.ctrlKey || event.metaKey || event.altKey) return false;
  event.preventDefault();
  focusItem(STEPS[event.key](item));
  return true;
};

document.addEventListener("focusin", ({ target }) => {
  const item = target.closest?.("#board .gap, #board .visit");
  if (!item) return;
  remember(item);
  rove();
});
