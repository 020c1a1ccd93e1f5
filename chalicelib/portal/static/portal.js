// What makes the portal smoother. Every page works without it.
(() => {
  "use strict";
  const one = (selector, within = document) => within.querySelector(selector);
  const each = (selector, act, within = document) => within.querySelectorAll(selector).forEach(act);
  const on = (event, act, capture) => document.addEventListener(event, act, capture);
  const dialog = () => one("dialog");
  const words = document.body.dataset; // in the language of the page
  const say = (text) => { one(".live", dialog().open ? dialog() : document).textContent = text; };
  const held = []; // buttons of the form that is under way
  let sent = ""; // the field whose change sent it

  // Where a link leads to, or what a button of a form with the method GET asks for.
  const address = (link) => link.href ?? `${link.form.action}?${new URLSearchParams(new FormData(link.form, link))}`;

  async function part(link, id) {
    const page = new DOMParser().parseFromString(await (await fetch(address(link))).text(), "text/html");
    return page.getElementById(id) ?? Promise.reject(); // logged out meanwhile: the whole page says so
  }

  async function open(link) {
    const form = await part(link, "form"), sheet = one("article", dialog());
    shut(link);
    sheet.replaceChildren(form);
    htmx.process(sheet);
    dialog().showModal();
  }

  async function reveal(link) {
    const secret = link.parentElement;
    secret.replaceChildren(...(await part(link, "secret")).childNodes);
    one("output", secret).id = "";
    one("button", secret).focus();
    say(words.shown);
  }

  async function take(link) {
    await navigator.clipboard.writeText(one("output", await part(link, "secret")).textContent);
    say(link.firstChild.textContent = words.copied);
  }

  async function unfold(link) {
    const row = link.closest("tr"), next = row.nextElementSibling;
    shut(link);
    if (next?.className === "unfolded") return next.remove();
    const details = await part(link, "details"), below = row.parentElement.insertRow(row.sectionRowIndex + 1);
    below.className = "unfolded";
    Object.assign(below.insertCell(), { colSpan: row.cells.length }).append(details);
    details.tabIndex = -1;
    details.focus();
  }

  async function copy(button) {
    const secret = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(secret.textContent);
      say(button.textContent = words.copied);
    } catch {
      getSelection().selectAllChildren(secret);
      say(words.byHand);
    }
  }

  const shut = (link) => link.closest("[popover]")?.hidePopover(); // the focus goes back to its button

  function goOn() {
    const next = (form) => setTimeout(() => form.isConnected && !dialog().open && form.requestSubmit(), 200);
    each("form[data-go-on]", next);
  }

  // What is offered for a moment goes, once nobody is at it.
  const pass = (offer) => setTimeout(() => offer.matches(":hover, :focus-within") ? pass(offer) : offer.remove(), 10000);
  const begin = () => { goOn(); each("[data-moment]", pass); };

  const release = () => held.splice(0).forEach((button) => { button.disabled = false; });
  const acts = { "[data-dialog]": open, "a[data-reveal]": reveal, "a[data-take]": take, "a[data-unfold]": unfold, "[data-copy]": copy };

  on("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const kind = Object.keys(acts).find((selector) => event.target.closest(selector));
    const found = event.target.closest(kind ?? "dialog[open] a[data-close]");
    if (!found) return;
    event.preventDefault();
    event.stopPropagation();
    if (kind) acts[kind](found).catch(() => { location = address(found); });
    else dialog().close();
  }, true);
  on("change", ({ target }) => {
    if (target.matches("[data-all]")) each(".check input", (box) => { box.checked = target.checked; });
    if (target.matches("[data-send]")) { sent = target.name; target.form.requestSubmit(); }
  });
  on("submit", ({ target }) => setTimeout(() => {
    each("[type=submit]:enabled", (button) => { button.disabled = held.push(button) > 0; }, target);
  }));
  on("close", goOn, true);
  addEventListener("pageshow", release);

  // A form that was refused in the dialog comes back into the dialog; anything else is a whole page.
  const refused = ({ xhr }) => dialog().open && xhr.status >= 400;
  on("htmx:beforeSwap", ({ detail }) => {
    const inside = { target: one("article", dialog()), selectOverride: "#form", ignoreTitle: true };
    if (refused(detail)) Object.assign(detail, inside);
  });
  on("htmx:beforeHistoryUpdate", ({ detail }) => {
    if (refused(detail)) Object.assign(detail.history, { type: "replace", path: location.href });
  });
  // What was put in has the focus at once: a key that is pressed a moment later must not lose its place.
  on("htmx:afterSwap", ({ detail }) => {
    if (detail.target.matches("[hx-trigger=load]")) return; // a part of the page that came later
    const field = sent && one(`[name="${sent}"]`), first = one("[autofocus]", detail.target);
    first?.removeAttribute("autofocus");  // or htmx gives it the focus once more, when all has settled
    (one("#form-error", detail.target) || field || first || one("#main")).focus();
    if (field) say(one(".pager p")?.textContent ?? words.nothing);
    sent = "";
  });
  on("htmx:afterSettle", begin);
  on("htmx:sendError", () => { release(); say(words.offline); });
  begin();
})();
