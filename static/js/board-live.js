/* Keeping the board fresh: ask every 10 s while somebody is here, every minute when not, never when hidden or while a
   visit is being moved by hand. An answer is woven into the page piece by piece, so focus, scroll and hover stay. */

import { currentItem, focused, live, rove, tell } from "./board-grid.js";

const ACTIVE_MS = 10_000;
const IDLE_MS = 60_000;

/* How long ago by this station's clock, which somebody may set, also back. */
const since = (then) => Math.abs(Date.now() - then);

let lastActive = Date.now();
let lastAsked = Date.now();
let isFailing = false;
let isHeld = () => false;
let before = () => {};
let afterwards = () => {};
let asking = null;
let askAgain = false;

const pause = () => (isFailing || since(lastActive) < IDLE_MS ? ACTIVE_MS : IDLE_MS);

/* Ask now. `always` after a change of one's own: then the answer must be newer than the change. */
export const refresh = async ({ always = false } = {}) => {
  if (asking) {
    askAgain ||= always;
    return asking;
  }
  asking = ask();
  await asking;
  asking = null;
  if (askAgain) {
    askAgain = false;
    await refresh();
  }
  return null;
};

const ask = async () => {
  lastAsked = Date.now();
  const { url, version } = live().dataset;
  const address = new URL(url, location.href);
  address.searchParams.set("v", version);
  try {
    const answer = await fetch(address, {
      headers: { "HX-Request": "true", "X-Unattended": "yes" },
      signal: AbortSignal.timeout(8000),
    });
    if (answer.headers.has("HX-Redirect")) {
      tell("signed-out", answer.headers.get("HX-Redirect"));
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    isFailing = false;
    tell("updated");
    if (answer.status === 204) return;
    const text = await answer.text();
    if (!isHeld()) weave(new DOMParser().parseFromString(text, "text/html"));
  } catch {
    isFailing = true;
    tell("update-failed");
  }
};

const weave = (fresh) => {
  const hadFocus = focused();
  before();
  for (const id of ["live-board", "figures", "waiting"]) {
    const [mine, theirs] = [document.getElementById(id), fresh.getElementById(id)];
    if (mine && theirs) change(mine, theirs);
  }
  rove();
  if (hadFocus && !focused()) currentItem()?.focus({ preventScroll: true });
  else if (document.activeElement === document.body) document.getElementById("main").focus({ preventScroll: true });
  for (const id of ["live-board", "waiting"]) window.htmx?.process(document.getElementById(id));
  afterwards();
};

const OURS = new Set(["tabindex", "open"]);

/* Make `mine` like `theirs`, keeping every element that stays, found by its id or, without one, by its place. */
const change = (mine, theirs) => {
  if (mine.isEqualNode(theirs)) return;
  if (mine.nodeType !== Node.ELEMENT_NODE) {
    mine.nodeValue = theirs.nodeValue;
    return;
  }
  for (const { name } of [...mine.attributes]) {
    if (!theirs.hasAttribute(name) && !OURS.has(name)) mine.removeAttribute(name);
  }
  for (const { name, value } of theirs.attributes) {
    if (mine.getAttribute(name) !== value) mine.setAttribute(name, value);
  }
  const known = new Map([...mine.children].filter((one) => one.id).map((one) => [one.id, one]));
  let at = mine.firstChild;
  for (const want of [...theirs.childNodes]) {
    const isLikely = at && at.nodeName === want.nodeName && !at.id && !want.id;
    const have = want.id ? known.get(want.id) : isLikely ? at : null;
    if (!have) {
      mine.insertBefore(document.adoptNode(want), at);
    } else {
      if (have === at) at = at.nextSibling;
      else mine.insertBefore(have, at);
      change(have, want);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
};

/* `held` says when nothing may change under the hand; `weaving` runs before every change and `woven` after it. */
export const keepFresh = ({ held, weaving, woven }) => {
  isHeld = held;
  before = weaving;
  afterwards = woven;
  const awake = () => {
    const wasIdle = since(lastActive) > IDLE_MS;
    lastActive = Date.now();
    if (wasIdle) tick();
  };
  const tick = () => {
    if (!document.hidden && !isHeld() && since(lastAsked) >= pause() - 500) refresh();
  };
  for (const name of ["pointerdown", "pointermove", "keydown"]) {
    document.addEventListener(name, awake, { passive: true });
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) awake(); tick(); });
  document.body.addEventListener("board-changed", () => refresh({ always: true }));
  setInterval(tick, ACTIVE_MS / 2);
};
