// What makes the portal smoother. Every page works without it.
(() => {
  "use strict";
  const dialog = () => document.getElementById("dialog");
  const say = (words) => { document.getElementById("live").textContent = words; };
  const fetched = async (href) => new DOMParser().parseFromString(await (await fetch(href)).text(), "text/html");

  async function open(link) {
    const form = (await fetched(link.href)).getElementById("form");
    if (!form) { location.href = link.href; return; } // logged out meanwhile: the whole page says so
    const sheet = dialog().querySelector("article");
    sheet.replaceChildren(form);
    htmx.process(sheet);
    ready(sheet);
    dialog().showModal();
  }

  async function reveal(link) {
    const password = (await fetched(link.href)).getElementById("initial-password");
    if (!password) { location.href = link.href; return; }
    const shown = document.createElement("output");
    shown.id = `shown-${link.href.match(/\d+(?=\/[^/]*$)/)}`;
    shown.textContent = password.textContent;
    const copy = document.createElement("button");
    Object.assign(copy, { type: "button", className: "quiet", textContent: "Copy" });
    copy.dataset.copy = shown.id;
    link.parentElement.replaceChildren(shown, " ", copy);
    copy.focus();
    say("The initial password is shown.");
  }

  async function unfold(link) {
    const row = link.closest("tr");
    link.closest("details").open = false;
    if (row.nextElementSibling?.classList.contains("unfolded")) { row.nextElementSibling.remove(); return; }
    const details = (await fetched(link.href)).getElementById("details");
    if (!details) { location.href = link.href; return; }
    const cell = document.createElement("td");
    cell.colSpan = row.cells.length;
    cell.append(details);
    const below = document.createElement("tr");
    below.className = "unfolded";
    below.append(cell);
    row.after(below);
    details.tabIndex = -1;
    details.focus();
  }

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      say("Copied.");
      button.textContent = "Copied";
    } catch { say("It cannot be copied here: select it and copy it by hand."); }
  }

  function ready(within) {
    within.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
    within.querySelectorAll("form[data-go-on]").forEach((form) => setTimeout(() => form.isConnected && form.requestSubmit(), 200));
  }

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest(selector);
    document.querySelectorAll("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const acts = { "a[data-dialog]": open, "a[data-reveal]": reveal, "a[data-unfold]": unfold, "[data-copy]": copy };
    for (const [selector, act] of Object.entries(acts)) {
      const element = at(selector);
      if (element) { event.preventDefault(); event.stopPropagation(); act(element); return; }
    }
    if (at("a[data-close]") && dialog().open) { event.preventDefault(); event.stopPropagation(); dialog().close(); }
  }, true);

  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  document.addEventListener("change", (event) => { if (event.target.matches("[data-send]")) event.target.form.requestSubmit(); });
  document.addEventListener("submit", (event) => {
    const button = event.target.querySelector("[type=submit]");
    if (button) setTimeout(() => { button.disabled = true; });
  });

  // A form that was refused in the dialog comes back into the dialog; anything else is a whole page.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (dialog().open && detail.xhr.status >= 400) {
      detail.target = dialog().querySelector("article");
      detail.selectOverride = "#form";
    }
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    ready(document);
    if (detail.target === document.body) document.getElementById("main").focus();
  });
  addEventListener("pageshow", () => document.querySelectorAll("[type=submit]").forEach((button) => { button.disabled = false; }));
  ready(document);
})();
