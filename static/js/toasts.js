/* Toasts: say what happened, offer the way back, and give people time. A toast without a way back leaves after 10 s and
   one with a way back after 20 s; the clock stops while it is hovered or holds focus. Errors stay until closed. */

const REST_MS = 10_000;
const UNDO_MS = 20_000;
const region = document.getElementById("toasts");

const close = (toast) => {
  const hadFocus = toast.contains(document.activeElement);
  toast.remove();
  if (hadFocus) document.getElementById("main")?.focus({ preventScroll: true });
};

const watch = (toast) => {
  if (toast.dataset.watched) return;
  toast.dataset.watched = "yes";
  document.dispatchEvent(
    new CustomEvent("clinic:announce", { detail: toast.querySelector("p").textContent.trim() }),
  );
  if (toast.classList.contains("toast-bad")) return;
  let left = toast.querySelector("form") ? UNDO_MS : REST_MS;
  let since = 0;
  let timer = 0;
  const run = () => {
    if (timer) return;
    since = Date.now();
    timer = setTimeout(() => close(toast), left);
  };
  const pause = () => {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    left = Math.max(3000, left - (Date.now() - since));
  };
  const settle = () => (toast.matches(":hover, :focus-within") ? pause() : run());
  for (const name of ["mouseenter", "mouseleave", "focusin", "focusout"]) {
    toast.addEventListener(name, () => requestAnimationFrame(settle));
  }
  run();
};

const iconOf = (name) => {
  const source = document.querySelector("use[href*='icons']")?.getAttribute("href").split("#")[0];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${source}#${name}`);
  svg.append(use);
  return svg;
};

/* A toast made in the browser: {text, tone: "bad" | "warn", action: {label, run}}. */
document.addEventListener("clinic:toast", ({ detail }) => {
  const toast = document.createElement("div");
  toast.className = detail.tone ? `toast toast-${detail.tone}` : "toast";
  const words = document.createElement("p");
  words.textContent = detail.text;
  toast.append(iconOf({ bad: "octagon", warn: "warning" }[detail.tone] ?? "tick"), words);
  if (detail.action) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-s";
    button.textContent = detail.action.label;
    button.addEventListener("click", () => { close(toast); detail.action.run(); });
    toast.append(button);
  }
  const shut = document.createElement("button");
  shut.type = "button";
  shut.className = "btn btn-quiet btn-icon btn-s";
  shut.dataset.closeToast = "";
  shut.setAttribute("aria-label", "Close");
  shut.append(iconOf("close"));
  toast.append(shut);
  region.append(toast);
});

region.addEventListener("click", ({ target }) => {
  if (target.closest("[data-close-toast]")) close(target.closest(".toast"));
});

/* Undo, once pressed, has done its work or was refused for good: the answer brings its own toast. */
region.addEventListener("htmx:afterRequest", ({ target, detail }) => {
  const toast = target.closest(".toast");
  if (toast && (detail.successful || detail.xhr?.status === 409)) close(toast);
});

new MutationObserver(() => {
  const toasts = [...region.querySelectorAll(".toast")];
  toasts.forEach(watch);
  toasts.slice(0, -3).forEach(close);
}).observe(region, { childList: true });
region.querySelectorAll(".toast").forEach(watch);
