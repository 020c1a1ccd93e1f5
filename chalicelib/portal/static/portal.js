// What makes the portal smoother. Every page works without it.
(() => {
  "use strict";
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => within.querySelectorAll(selector);
  const dialog = () => one("#dialog");
  const say = (words) => { one(".live", dialog().open ? dialog() : document).textContent = words; };
  const held = []; // the buttons of a form that is under way
  let sent = ""; // the field whose change sent the form

  async function part(link, id) {
    const page = new DOMParser().parseFromString(await (await fetch(link.href)).text(), "text/html");
    return page.getElementById(id) ?? Promise.reject(); // logged out meanwhile: the whole page says so
  }

  async function open(link) {
    const form = await part(link, "form"), sheet = one("article", dialog()), menu = link.closest("details");
    if (menu) { menu.open = false; one("summary", menu).focus(); }
    sheet.replaceChildren(form);
    htmx.process(sheet);
    ready(sheet);
    dialog().showModal();
  }

  async function reveal(link) {
    const shown = await part(link, "initial-password"), copy = document.createElement("button");
    shown.id = `shown${link.href.match(/\d+(?=\/[^/]*$)/)}`;
    Object.assign(copy, { type: "button", className: "quiet", textContent: "Copy" });
    copy.dataset.copy = shown.id;
    link.parentElement.replaceChildren(shown, " ", copy);
    copy.focus();
    say("The initial password is shown.");
  }

  async function unfold(link) {
    const row = link.closest("tr"), next = row.nextElementSibling;
    link.closest("details").open = false;
    if (next?.className === "unfolded") { next.remove(); return; }
    const details = await part(link, "details"), below = document.createElement("tr");
    below.className = "unfolded";
    below.insertCell().colSpan = row.cells.length;
    below.cells[0].append(details);
    row.after(below);
    details.tabIndex = -1;
    details.focus();
  }

  async function copy(button) {
    const secret = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(secret.textContent);
      button.textContent = "Copied";
      say("Copied.");
    } catch {
      getSelection().selectAllChildren(secret);
      say("It is selected: copy it by hand.");
    }
  }

  function ready(within) {
    all("[data-copy]", within).forEach((button) => { button.hidden = false; });
    all("form[data-go-on]", within).forEach((form) => setTimeout(() => {
      if (form.isConnected && !dialog().open) form.requestSubmit();
    }, 200));
  }
  const enable = () => { held.splice(0).forEach((button) => { button.disabled = false; }); };

  const acts = { "a[data-dialog]": open, "a[data-reveal]": reveal, "a[data-unfold]": unfold, "[data-copy]": copy };
  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest(selector), stop = () => { event.preventDefault(); event.stopPropagation(); };
    all("details.menu[open]").forEach((menu) => { menu.open = menu.contains(event.target); });
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    for (const selector in acts) {
      const found = at(selector);
      if (found) { stop(); acts[selector](found).catch(() => { location = found.href; }); return; }
    }
    if (at("a[data-close]") && dialog().open) { stop(); dialog().close(); }
  }, true);
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest("details.menu[open]");
    if (menu) { menu.open = false; one("summary", menu).focus(); }
  });
  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-send]")) { sent = target.name; target.form.requestSubmit(); }
  });
  document.addEventListener("submit", ({ target }) => setTimeout(() => {
    all("[type=submit]:enabled", target).forEach((button) => { button.disabled = held.push(button) > 0; });
  }));
  document.addEventListener("close", () => ready(document), true);
  addEventListener("pageshow", enable);

  // A form that was refused in the dialog comes back into the dialog; anything else is a whole page.
  const refused = ({ xhr }) => dialog().open && xhr.status >= 400;
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (refused(detail)) Object.assign(detail, { target: one("article", dialog()), selectOverride: "#form", ignoreTitle: true });
  });
  document.addEventListener("htmx:beforeHistoryUpdate", ({ detail }) => {
    if (refused(detail)) Object.assign(detail.history, { type: "replace", path: location.pathname + location.search });
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    ready(detail.target);
    (one("#form-error", detail.target) ?? (sent && one(`[name="${sent}"]`)) ?? one("#main")).focus();
    if (sent) say(one(".pager p")?.textContent ?? "Nothing matches.");
    sent = "";
  });
  document.addEventListener("htmx:sendError", () => { enable(); say("The server cannot be reached. Try again."); });
  ready(document);
})();
