/* The adapter between htmx and the pages: security token, refusals, announcements, slow and failed requests.

   It is the only file that knows htmx's event names. Pages work without it. Other scripts talk to it through events on
   `document`:
     clinic:announce  detail = sentence            read out politely by screen readers
     clinic:toast     detail = {text, tone, undo}  shown by toasts.js
     clinic:signed-out  detail = where to sign in   asks to sign in, and keeps the page
   The server may send the same in an HX-Trigger header: {"announce": "...", "toast": {...}, "focus-on": "#id"}. */

const SLOW_MS = 300;
const STALE_MS = 45_000;

const byId = (id) => document.getElementById(id);
const tell = (name, detail) => document.dispatchEvent(new CustomEvent(`clinic:${name}`, { detail }));
const timeZone = document.documentElement.dataset.timeZone;
const clock = (at) =>
  new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone }).format(at);

document.documentElement.classList.add("js");
try {
  sessionStorage.removeItem("htmx-current-path-for-history"); // an address names a visit: nothing stays in the browser
} catch {
  // storage is turned off: then there is nothing in it
}

/* Announcements: the region is emptied first, so the same sentence twice is read twice. */
document.addEventListener("clinic:announce", ({ detail }) => {
  const live = byId("live");
  live.textContent = "";
  requestAnimationFrame(() => { live.textContent = detail; });
});
document.addEventListener("announce", ({ detail }) => tell("announce", detail.value ?? detail));
document.addEventListener("toast", ({ detail }) => tell("toast", detail));

/* htmx notes the address of every page, and a search's address holds a name: nothing of patients stays in the browser. */
const forgetAddress = () => sessionStorage.removeItem("htmx-current-path-for-history");
forgetAddress();
document.addEventListener("htmx:pushedIntoHistory", forgetAddress);
document.addEventListener("htmx:replacedInHistory", forgetAddress);

let focusAfterSettle = null;
document.addEventListener("focus-on", ({ detail }) => { focusAfterSettle = detail.value ?? detail; });

/* Requests */
const isPoll = (element) => Boolean(element?.closest?.("[data-live]"));
let slowTimer = 0;
let waiting = 0;

document.addEventListener("htmx:configRequest", ({ detail }) => {
  // A page that refreshes itself is nobody at work: the server's idle limit must not count it.
  if (isPoll(detail.elt)) detail.headers["X-Unattended"] = "yes";
  if (detail.verb === "get") return;
  const field = detail.elt.querySelector?.("[name=csrfmiddlewaretoken]");
  detail.headers["X-CSRFToken"] = field?.value || document.querySelector("meta[name=csrf-token]").content;
});

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (isPoll(detail.elt)) return;
  waiting += 1;
  clearTimeout(slowTimer);
  slowTimer = setTimeout(() => { byId("progress").hidden = false; }, SLOW_MS);
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (isPoll(detail.elt)) {
    noteUpdate(detail.successful || detail.xhr?.status === 204);
    return;
  }
  waiting = Math.max(0, waiting - 1);
  if (waiting) return;
  clearTimeout(slowTimer);
  byId("progress").hidden = true;
});

/* An ended session answers with the sign-in page, or with its address. Never swap that into the board, and never leave
   a half-filled form for it: ask, then come back here. */
let isSignedOut = false;
const askToSignIn = (landed) => {
  const dialog = byId("signed-out");
  const link = dialog.querySelector("[data-sign-in]");
  isSignedOut = true;
  link.href = `${landed}?next=${encodeURIComponent(location.pathname + location.search)}`;
  if (!dialog.open) dialog.showModal();
};
/* Signed in again in another tab: take the new security token, so that what was typed here can be sent as it stands. */
const renewToken = async () => {
  const answer = await fetch(location.href, { headers: { "X-Unattended": "yes" }, redirect: "manual" }).catch(() => null);
  if (!answer?.ok) return false;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const meta = (page, name) => page.querySelector(`meta[name=${name}]`);
  if (meta(fresh, "who")?.content !== meta(document, "who")?.content) {
    location.reload(); // somebody else sits here now
    return false;
  }
  const token = meta(fresh, "csrf-token").content;
  meta(document, "csrf-token").content = token;
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
  return true;
};
const comeBack = async () => {
  if (!isSignedOut || !(await renewToken()) || !isSignedOut) return;
  isSignedOut = false;
  byId("signed-out").close();
  tell("toast", { text: "You are signed in again. What you typed is still here." });
};
window.addEventListener("focus", comeBack);
document.addEventListener("click", ({ target }) => { if (target.closest("[data-signed-in]")) comeBack(); });
document.addEventListener("clinic:signed-out", ({ detail }) => askToSignIn(new URL(detail, location.href).pathname));
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const address = event.detail.xhr.getResponseHeader("HX-Redirect");
  const landed = address && new URL(address, location.href).pathname;
  if (!landed || !/\/login\/$/.test(landed)) return;
  event.preventDefault();
  askToSignIn(landed);
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.responseText.includes('data-answer="only"')) event.detail.swapOverride = "none";
  const landed = xhr.responseURL ? new URL(xhr.responseURL).pathname : "";
  if (!/\/login\/$/.test(landed) || /\/login\/$/.test(location.pathname)) return;
  event.detail.shouldSwap = false;
  askToSignIn(landed);
});

/* Somebody signed in again in another tab before this page noticed that it was signed out: its token is an old one. */
const PRESS_AGAIN = "Not saved yet, because you signed in again in another tab. What you typed is still here: press once more.";

/* Refusals arrive as 409 and 422 with words to show; anything else is ours to explain. */
const explain = (event) => {
  if (isPoll(event.detail.elt)) return;
  const status = event.detail.xhr?.status ?? 0;
  if (event.detail.xhr?.responseText.includes('data-answer="stale-form"')) {
    renewToken().then((isNew) => isNew && tell("toast", { text: PRESS_AGAIN, tone: "warn" }));
    return;
  }
  const saved = event.detail.requestConfig?.verb === "get" ? "Not loaded." : "Not saved.";
  const why = {
    0: "Check the connection, then try again.",
    403: "You do not have access to that.",
    404: "It is no longer there. Reload the page.",
    429: "Too many tries. Wait a minute.",
  };
  tell("toast", { text: `${saved} ${why[status] ?? "Something went wrong. Try again in a minute."}`, tone: "bad" });
};
document.addEventListener("htmx:responseError", explain);
document.addEventListener("htmx:sendError", explain);
document.addEventListener("htmx:timeout", explain);

let hadFocus = false;
const isNowhere = () => !document.activeElement || document.activeElement === document.body;
document.addEventListener("htmx:beforeSwap", () => { hadFocus = !isNowhere(); });
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const wanted = focusAfterSettle && document.querySelector(focusAfterSettle);
  focusAfterSettle = null;
  if (wanted) wanted.focus();
  else if (!detail.target?.contains(document.activeElement)) detail.target?.querySelector?.("[data-autofocus]")?.focus();
  if (hadFocus && isNowhere()) byId("main")?.focus({ preventScroll: true }); // what was pressed is gone, such as an undo
});

/* Stale bar: says so when nothing live has answered for 45 s, and leaves by itself. */
let lastUpdate = Date.now();
const noteUpdate = (worked) => {
  if (worked) lastUpdate = Date.now();
  const old = Math.abs(Date.now() - lastUpdate); // somebody may set this station's clock back
  const bar = byId("stale");
  if (worked || old < STALE_MS) {
    bar.hidden = true;
    return;
  }
  bar.querySelector("p").textContent =
    `Not updated since ${clock(lastUpdate)}. Others' changes may be missing.`;
  bar.hidden = false;
};
document.addEventListener("clinic:updated", () => noteUpdate(true));
document.addEventListener("clinic:update-failed", () => noteUpdate(false));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) lastUpdate = Math.max(lastUpdate, Date.now() - STALE_MS + 15_000);
});

/* Side panel: closing empties it, and focus goes back to what opened it. */
let openedBy = null;
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.target?.id === "panel" && !detail.target.contains(detail.elt)) openedBy = detail.elt;
});
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target?.id === "panel" && !detail.target.contains(document.activeElement)) {
    (detail.target.querySelector("[data-autofocus]") ?? detail.target).focus({ preventScroll: true });
  }
});
const closePanel = () => {
  const panel = byId("panel");
  if (!panel?.hasChildNodes()) return false;
  panel.replaceChildren();
  tell("panel-closed", null);
  const back = openedBy?.isConnected ? openedBy : openedBy?.id && byId(openedBy.id);
  (back || byId("main"))?.focus({ preventScroll: true });
  openedBy = null;
  return true;
};

document.addEventListener("click", (event) => {
  const { target } = event;
  if (target.closest("[data-close-panel]") && byId("panel")?.contains(target)) {
    event.preventDefault();
    closePanel();
  }
  const opener = target.closest("[data-opens]");
  const dialog = opener && byId(opener.dataset.opens);
  if (dialog?.showModal) {
    event.preventDefault();
    dialog.showModal();
  }
  if (target.closest("[data-close-dialog]")) {
    event.preventDefault();
    target.closest("dialog").close();
  }
  if (target.closest("[data-print]")) window.print();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (!document.querySelector("dialog[open]")) {
    closePanel();
  }
});

/* One press, one request: a form sent twice by an impatient hand is sent once. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.matches("[hx-post]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 5000);
});
/* The second half of a double click is no press of its own: on the step that came under the hand it would be wrong. */
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest("form button")?.form.elements.version) event.preventDefault();
}, true);
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

/* A filter that changes its list at once: <form data-auto-submit>. The button inside is for those without JavaScript. */
document.addEventListener("change", ({ target }) => {
  target.closest("form[data-auto-submit]")?.requestSubmit();
});

/* A choice that fills a field: <input type="radio" data-fills="id" data-value="86.3">. The field stays open to change. */
document.addEventListener("change", ({ target }) => {
  const field = target.dataset?.fills && byId(target.dataset.fills);
  if (field) field.value = target.dataset.value;
});

document.querySelector("main [data-autofocus]")?.focus();
