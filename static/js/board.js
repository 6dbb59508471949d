/* The day board: opens visits and free time beside the board, answers keys, undoes, asks before a status key acts.

   Without this script every visit and every free time is a link to a page that does the same. */

import {
  board, clockAt, currentItem, focusItem, focused, live, placeAt, quarterUnder, rove, say, send, startOf, step,
  tell, widthOf,
} from "./board-grid.js";
import { keepFresh } from "./board-live.js";
import { clearGhost, followPanel, isHeld, moveByKeys, moveKeys, redraw } from "./board-move.js";
import { isResizing, resizeByKeys, resizeKeys } from "./board-resize.js";

const byId = (id) => document.getElementById(id);
const panel = byId("panel");

/* Narrow screens get the list, unless the board was asked for. */
if (matchMedia("(max-width: 40rem)").matches && !new URLSearchParams(location.search).has("view") && board()) {
  const here = new URL(location.href);
  here.searchParams.set("view", "list");
  location.replace(here);
}

/* Opening: a visit, or free time at the quarter hour that was pressed. Starts snap to it. */
const quarterOf = (gap, event) => {
  const at = Math.floor(quarterUnder(gap.closest(".chair-row"), event.clientX));
  return Math.min(Math.max(at, startOf(gap)), startOf(gap) + widthOf(gap) - 1);
};
const open = (item, event) => {
  const url = new URL(item.href);
  if (item.matches(".gap") && event?.detail) {
    url.searchParams.set("place", placeAt(item.closest(".chair-row"), quarterOf(item, event)));
  }
  return send("GET", url.pathname + url.search, { source: item });
};

/* A quarter hour of the nurse load, in the strip or in its table, opens the visits that cause it. */
const causes = ({ target }) => {
  const cell = target.closest("#heat .heat");
  return cell ? `${live().dataset.load}?at=${clockAt(startOf(cell))}` : target.closest("#load-table td a")?.href;
};

live().addEventListener("click", (event) => {
  const url = causes(event);
  if (url && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    send("GET", url, { source: event.target.closest("a") ?? live() });
    return;
  }
  const item = event.target.closest(".gap, .visit, .visit-link");
  if (!item || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  open(item, event);
});
live().addEventListener("pointermove", (event) => {
  const gap = event.pointerType === "mouse" && event.target.closest(".gap");
  if (gap) gap.firstElementChild.textContent = `+ ${clockAt(quarterOf(gap, event))}`;
});
live().addEventListener("pointerout", ({ target }) => {
  const gap = target.closest(".gap");
  if (gap) gap.firstElementChild.textContent = `+ ${widthOf(gap) * 15} min`;
});

/* The panel: mark the visit it shows, and keep what it shows as new as the board. */
const opened = () => panel.querySelector("[data-visit]");
const markOpened = () => {
  const id = opened() && `visit-${opened().dataset.visit}`;
  for (const bar of live().querySelectorAll(".visit")) bar.classList.toggle("is-selected", bar.id === id);
};
const renewPanel = async () => {
  if (!opened()) return;
  const { visit, version, url } = opened().dataset;
  if (byId(`visit-${visit}`)?.dataset.version === version) return; // a visit of another day has no bar here: ask
  const answer = await fetch(url, { headers: { "HX-Request": "true", "X-Unattended": "yes" } }).catch(() => null);
  const text = answer?.ok && (await answer.text());
  if (!text || opened()?.dataset.visit !== visit) return; // by now the panel shows something else
  if (text.includes(`data-version="${opened().dataset.version}"`)) return;
  const hadFocus = panel.contains(document.activeElement);
  panel.innerHTML = text;
  window.htmx.process(panel);
  if (hadFocus) panel.focus({ preventScroll: true });
  markOpened();
};
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target?.id !== "panel") return;
  markOpened();
  followPanel();
});
document.body.addEventListener("board-changed", renewPanel);
document.addEventListener("clinic:panel-closed", () => {
  clearGhost();
  markOpened();
  followPanel();
  setTimeout(() => {
    if ([document.body, byId("main")].includes(document.activeElement)) focusItem(currentItem());
  });
});

/* Undo: the changes made on this page, newest last, as their toasts named them; then those of the day. */
const changes = [];
const forget = (id) => {
  const at = changes.findLastIndex((one) => one.event === id);
  if (at >= 0) changes.splice(at, 1);
};
new MutationObserver((records) => {
  for (const { addedNodes } of records) {
    for (const toast of addedNodes) {
      const form = toast.querySelector?.("form[data-undo]");
      if (!form) continue;
      forget(form.elements.event.value);
      changes.push({ url: form.action, event: form.elements.event.value });
    }
  }
}).observe(byId("toasts"), { childList: true });
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const id = detail.elt.elements?.event?.value;
  if (id) forget(id);
}, { capture: true });
const undo = () => {
  const last = changes.pop();
  if (!last) {
    tell("toast", { text: "Nothing to undo since you opened this page. Recent changes lists the rest.", tone: "warn" });
    return;
  }
  for (const form of byId("toasts").querySelectorAll("form[data-undo]")) {
    if (form.elements.event.value === last.event) form.closest(".toast").remove();
  }
  send("POST", last.url, { source: focused() ?? live(), values: { event: last.event, quiet: "yes" } });
};

/* Status keys ask first; the server's table says which key leads where from which status. */
const ask = (bar, key) => {
  const step = JSON.parse(board().dataset.steps)[bar.dataset.status]?.[key];
  const name = bar.querySelector("b").textContent;
  if (!step) {
    tell("toast", { text: `${name} can't take that step now. Open the visit to see what is next.`, tone: "warn" });
    return;
  }
  const [to, word] = step;
  if (to === "infusing" && bar.dataset.check) {
    send("GET", bar.dataset.check, { source: bar });
    return;
  }
  const dialog = byId("board-ask");
  byId("board-ask-title").textContent = `${name}: ${word.toLowerCase()}?`;
  dialog.querySelector("[value=yes]").textContent = word;
  dialog.returnValue = "";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") return;
    const values = { to, version: bar.dataset.version, quiet: "yes" };
    send("POST", `${bar.href}status/`, { source: bar, values });
  }, { once: true });
  dialog.showModal();
};

/* Keys */
const subject = () => {
  const bar = focused() ?? (panel.contains(document.activeElement) && opened() && byId(`visit-${opened().dataset.visit}`));
  return bar && bar.matches(".visit") ? bar : null;
};
const withVisit = (act) => () => {
  const bar = subject();
  if (bar) act(bar);
  else say("Go to a visit first.");
};
const keyed = (key) => document.querySelector(`[data-key="${CSS.escape(key)}"]`);
const find = () => {
  const link = keyed("f");
  if (link) send("GET", link.getAttribute("href"), { source: focused() ?? link });
};
const KEYS = {
  m: withVisit((bar) => live().hasAttribute("data-can-move") && moveByKeys(bar)),
  c: withVisit((bar) => live().hasAttribute("data-can-move") && moveByKeys(bar, { chairOnly: true })),
  "+": withVisit((bar) => live().hasAttribute("data-can-move") && resizeByKeys(bar, 1)),
  "-": withVisit((bar) => live().hasAttribute("data-can-move") && resizeByKeys(bar, -1)),
  f: find,
  n: () => (focused()?.matches(".gap") ? open(focused()) : find()),
  u: undo,
  "/": () => keyed("/")?.focus(),
};
for (const key of ["a", "s", "o", "d"]) KEYS[key] = withVisit((bar) => ask(bar, key));
KEYS["="] = KEYS["+"]; // the same key without Shift
for (const key of ["t", "[", "]", "?"]) KEYS[key] = () => keyed(key)?.click();

const isTyping = (target) => target.matches("input, textarea, select, [contenteditable]");
const isElsewhere = (target) => target.closest("dialog[open], .topbar, .toasts");

/* In the panel, up and down go through what can be chosen, from the search box too. */
const choose = (event) => {
  const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const isBox = event.target.matches("[type=search], [name=q]");
  if (!way || !panel.contains(event.target) || (isTyping(event.target) && !isBox)) return false;
  const all = [...panel.querySelectorAll(".lines a, .option")];
  const next = all[all.indexOf(document.activeElement) + way];
  if (!next) return false;
  event.preventDefault();
  next.focus();
  return true;
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (resizeKeys(event) || moveKeys(event) || step(event) || choose(event)) return;
  if (!live().hasAttribute("data-shortcuts") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target) || isElsewhere(event.target)) return;
  const act = board() || !"mcasod+-=".includes(event.key) ? KEYS[event.key.toLowerCase()] : null;
  if (!act) return;
  event.preventDefault();
  act();
});

keepFresh({
  held: () => isHeld() || isResizing(),
  weaving: clearGhost,
  woven: () => {
    markOpened();
    followPanel();
    renewPanel();
    redraw();
  },
});
rove();
markOpened();
followPanel();
