/* Booking or moving a whole series: the form goes to the server to look again, and comes back whole. What was typed or
   ticked while it was away stays, and so does focus; while it books or moves, nothing in it can be changed.

   Without this script the same form is sent and comes back as a page. */

const form = () => document.getElementById("series");
const isOurs = ({ detail }) => detail.target?.id === "series";
const named = (name) => form().elements.namedItem(name);
const fields = () => [...form().elements].filter((one) => one.name && one.type !== "hidden" && one.type !== "submit");
const read = (field) => (field.type === "checkbox" ? field.checked : field.value);
const asSent = () => new Map(fields().map((field) => [field.name, read(field)]));

/* Where focus was, to find it again in the new form: a field, a button, or the words that open "Leave out". */
const handle = (active) => {
  if (!form().contains(active)) return null;
  const inside = active.matches("summary") && active.parentElement.querySelector("[name]");
  if (inside) return `details:has([name="${inside.name}"]) > summary`;
  if (!active.name) return null;
  return `[name="${active.name}"]${active.type === "submit" ? `[value="${active.value}"]` : ""}`;
};

let sent = new Map();
let kept = null;

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!isOurs(event)) return;
  sent = asSent();
  const { act } = event.detail.requestConfig.parameters;
  form().inert = act === "book" || act === "move";
});

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!isOurs(event)) return;
  const { activeElement: active } = document;
  kept = {
    changed: [...asSent()].filter(([name, value]) => sent.get(name) !== value),
    opened: fields().filter((field) => field.closest("details")?.open).map((field) => field.name),
    focus: handle(active),
    caret: active.selectionStart,
  };
});

const put = (field, value) => {
  if (field.type === "checkbox") field.checked = value;
  else field.value = value;
  // Another place, chosen while the page looked again: what comes of it has still to be asked.
  if (field.matches(".series-place") && field.value === value) field.dispatchEvent(new Event("change", { bubbles: true }));
};

document.addEventListener("htmx:afterSettle", () => {
  if (!kept || !form()) return;
  const { changed, opened, focus, caret } = kept;
  kept = null;
  for (const name of opened) named(name)?.closest("details")?.setAttribute("open", "");
  for (const [name, value] of changed) if (named(name)) put(named(name), value);
  if (!focus || form().querySelector("[data-autofocus]")) return;
  const back = form().querySelector(focus);
  (back && !back.disabled ? back : form().querySelector("[value=find]"))?.focus({ preventScroll: true });
  if (back?.type === "text") back.setSelectionRange(caret, caret);
});

/* Answered without a new form: on its way to another page, or refused; then the same press can be made again. */
document.addEventListener("htmx:afterRequest", (event) => {
  if (!isOurs(event) || !form()?.inert) return;
  const isLeaving = event.detail.xhr.status === 204 && !document.getElementById("signed-out").open;
  form().inert = isLeaving;
  if (!isLeaving) event.detail.requestConfig.triggeringEvent?.submitter?.focus();
});
window.addEventListener("pageshow", () => { if (form()) form().inert = false; });
