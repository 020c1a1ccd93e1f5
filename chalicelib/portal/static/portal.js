// What makes the portal smoother. Every page works without it.
(() => {
  "use strict";
  const one = (selector, within = document) => within.querySelector(selector);
  const each = (selector, act, within = document) => within.querySelectorAll(selector).forEach(act);
  const on = (event, act, capture) => document.addEventListener(event, act, capture);
  const dialog = () => one("#dialog");
  const words = document.body.dataset; // in the language of the page
  const who = (page) => one(".who", page)?.textContent; // is logged in, as a page says
  const say = (text) => { one(".live", dialog().open ? dialog() : document).textContent = text; };
  const held = []; // buttons of the form that is under way
  let sent = ""; // the field whose change sent it

  // Where a link leads to, or what a button of a form with the method GET asks for.
  const address = (link) => link.href ?? `${link.form.action}?${new URLSearchParams(new FormData(link.form, link))}`;

  const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

  async function part(link, id) {
    const response = await ask(address(link)), page = parsed(await response.text());
    if (response.status >= 500) throw new Trouble(sentence(page));
    const found = page.getElementById(id);
    if (!found) return Promise.reject(); // logged out meanwhile: the whole page says so
    found.lang = page.documentElement.lang;
    return found;
  }

  // Another language may have been chosen in another tab: what is put in says which it has, and a whole page which all has.
  function speak(text, into) {
    const lang = /<html lang="([^"]+)"/.exec(text)?.[1];
    if (into !== document.body) into.lang = lang ?? "";
    else if (lang && lang !== document.documentElement.lang) {
      document.documentElement.lang = lang;
      Object.assign(words, parsed(text).body.dataset);
    }
  }

  // --- waiting, seen once it lasts 300 ms; and failing, said in a bar: the page stays, with all that was typed.
  class Trouble extends Error {}
  const sentence = (page) => one("#form-error", page)?.textContent ?? words.offline;
  let underWay = 0, slow;

  function wait() {
    underWay += 1;
    slow ??= setTimeout(() => { document.documentElement.classList.add("busy"); say(words.busy); }, 300);
  }

  function waited(left = underWay - 1) {
    underWay = Math.max(0, left);
    if (underWay) return;
    slow = clearTimeout(slow);
    document.documentElement.classList.remove("busy");
  }

  async function ask(address, options) {
    wait();
    try {
      return await fetch(address, options);
    } catch {
      throw new Trouble(words.offline);
    } finally {
      waited();
    }
  }

  function fail(text) {
    const bar = one("#trouble");
    setTimeout(release); // after the buttons of a form that has just been sent are held
    bar.textContent = text;
    bar.togglePopover(true);
    say(text);
  }

  // --- a session that ended while a form was filled in: log in here, with the code where one is asked for, and the form goes on.
  const isLogIn = (address) => /\/portal\/log-in(\/code)?$/.test(new URL(address).pathname);

  function logInAgain(page, form, button) {
    const sheet = one(".sheet", page), logIn = one("form", sheet), asked = one("#again");
    const { company, email, password, code } = logIn.elements;
    if (password) {
      company.value ||= one(".leave").dataset.company;
      email.value ||= who();
      one(".under", sheet).textContent = words.ended;
    }
    logIn.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      loggedIn(logIn, form, button).catch((error) => fail(error instanceof Trouble ? error.message : words.offline));
    });
    one("article", asked).replaceChildren(sheet);
    if (!asked.open) asked.showModal();
    (password ?? code).focus();
  }

  async function loggedIn(logIn, form, button) {
    const answer = await ask(logIn.action, { method: "POST", body: new URLSearchParams(new FormData(logIn)) });
    const page = parsed(await answer.text());
    if (answer.status >= 500) throw new Trouble(sentence(page));
    if (isLogIn(answer.url)) return logInAgain(page, form, button);
    // Sent with the token of a session that is over, the form does nothing, and comes back with one that is good.
    const again = await ask(form.action, { method: "POST", body: new FormData(form, button) });
    const fresh = parsed(await again.text()), token = one(`form[action="${form.getAttribute("action")}"] [name=form]`, fresh);
    one("#again").close();
    // There is no such form for this person, or somebody else has typed what is in it.
    if (!token || who(fresh) !== who()) return location.assign(form.action);
    one("[name=form]", form).value = token.value;
    form.requestSubmit(button);
  }

  // --- back in a list: at the row that a form was about, and by the crumbs at the page that one came from.
  function settled() {
    const row = document.getElementById(one(".flash")?.dataset.row ?? "");
    if (row) setTimeout(() => row.scrollIntoView({ block: "nearest" }));
    if (one(".filter")) sessionStorage.setItem(kept(location.pathname), location.search.replace(/[?&]done=[^&]*/, ""));
  }

  const kept = (path) => `${who()} ${path}`;
  const leadBack = () => each(".crumbs a", (link) => { link.search = sessionStorage.getItem(kept(link.pathname)) ?? ""; });

  async function open(link) {
    const form = await part(link, "form"), sheet = one("article", dialog());
    shut(link);
    sheet.replaceChildren(form);
    htmx.process(sheet);
    dialog().showModal();
    // What can be scrolled would take the focus itself.
    (one("[autofocus]", sheet) ?? one("a, button, input:not([type=hidden]), select, textarea", sheet))?.focus();
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

  // --- passkeys: the browser asks for one, and what it answers goes with the form.
  const canPasskeys = window.PublicKeyCredential?.parseRequestOptionsFromJSON && navigator.credentials;
  document.documentElement.classList.toggle("can-passkeys", Boolean(canPasskeys));

  async function usePasskey(button) {
    const { form } = button, { passkey, code } = form.elements, asked = JSON.parse(button.dataset.passkey);
    if (!code && !form.reportValidity()) return; // a code is not asked for besides
    try {
      // A passkey that was made stays in a form that came back for something else.
      passkey.value ||= JSON.stringify(asked.user
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) }));
    } catch { // nobody answered, or there is none
      throw new Trouble(words.noPasskey);
    }
    form.noValidate = Boolean(code);
    form.requestSubmit();
  }

  const shut = (link) => link.closest("[popover]")?.hidePopover(); // the focus goes back to its button

  function goOn() {
    const next = (form) => setTimeout(() => form.isConnected && !dialog().open && form.requestSubmit(), 200);
    each("form[data-go-on]", next);
  }

  // What is offered for a moment goes, once nobody is at it.
  const pass = (offer) => setTimeout(() => offer.matches(":hover, :focus-within") ? pass(offer) : offer.remove(), 10000);
  const begin = () => { goOn(); each("[data-moment]", pass); settled(); offerSlash(); };

  // --- the key / goes to the search. It can be turned off, for who speaks to the computer presses it by a word.
  const withSlash = () => localStorage.slash !== "off";

  function offerSlash() {
    each("[data-slash]", (label) => { label.hidden = false; label.control.checked = withSlash(); });
    each(".find input", (box) => { box.ariaKeyShortcuts = withSlash() ? "/" : null; });
  }

  on("keydown", (event) => {
    const box = one(".find input"), { key, ctrlKey, metaKey, altKey, target } = event;
    if (key !== "/" || ctrlKey || metaKey || altKey || !box || !withSlash() || one("dialog[open]")) return;
    if (target.closest("input, select, textarea")) return;
    event.preventDefault();
    box.select();
  });

  const release = () => held.splice(0).forEach((button) => { button.disabled = false; });
  const acts = { "[data-dialog]": open, "a[data-reveal]": reveal, "a[data-take]": take, "a[data-unfold]": unfold, "[data-copy]": copy, "[data-passkey]": usePasskey };

  on("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const kind = Object.keys(acts).find((selector) => event.target.closest(selector));
    const found = event.target.closest(kind ?? "dialog[open] a[data-close]");
    if (!found) return;
    event.preventDefault();
    event.stopPropagation();
    if (kind) acts[kind](found).catch((error) => error instanceof Trouble ? fail(error.message) : location.assign(address(found)));
    else dialog().close();
  }, true);
  on("change", ({ target }) => {
    if (target.matches("[data-slash] input")) { localStorage.slash = target.checked ? "on" : "off"; offerSlash(); }
    if (target.matches("[data-all]")) each(".check input", (box) => { box.checked = target.checked; });
    if (target.matches("[data-send]")) { sent = target.name; target.form.requestSubmit(); }
  });
  on("submit", (event) => setTimeout(() => {
    each("[type=submit]:enabled", (button) => { button.disabled = held.push(button) > 0; }, event.target);
    if (!event.defaultPrevented) wait(); // a whole page follows
  }));
  on("close", goOn, true);
  addEventListener("pageshow", () => { release(); waited(0); });

  // A form that was refused in the dialog comes back into the dialog; anything else is a whole page.
  const refused = ({ xhr }) => dialog().open && xhr.status >= 400;
  on("htmx:beforeSwap", ({ detail }) => {
    const { xhr, requestConfig: { verb, elt, triggeringEvent } } = detail;
    const again = verb === "post" && one(".leave") && isLogIn(xhr.responseURL);
    if (again || xhr.status >= 500) detail.shouldSwap = false;
    if (again) { release(); return logInAgain(parsed(xhr.responseText), elt.closest("form"), triggeringEvent?.submitter); }
    if (xhr.status >= 500) return fail(sentence(parsed(xhr.responseText)));
    const inside = { target: one("article", dialog()), selectOverride: "#form", ignoreTitle: true };
    if (refused(detail)) Object.assign(detail, inside);
    speak(xhr.responseText, detail.target);
  });
  on("htmx:beforeHistoryUpdate", ({ detail }) => {
    if (refused(detail)) Object.assign(detail.history, { type: "replace", path: location.href });
  });
  function countNeeds() {
    const count = document.querySelectorAll(".needs > li").length;
    each("[data-needs]", (shown) => { shown.textContent = count ? `(${count})` : ""; });
  }

  // What was put in has the focus at once: a key that is pressed a moment later must not lose its place.
  on("htmx:afterSwap", ({ detail }) => {
    if (detail.target.matches("[hx-trigger=load]")) return countNeeds(); // a part of the page that came later
    leadBack(); // before htmx looks at the links
    const field = sent && one(`[name="${sent}"]`), first = one("[autofocus]", detail.target);
    first?.removeAttribute("autofocus");  // or htmx gives it the focus once more, when all has settled
    (one("#form-error", detail.target) || field || first || one("#main")).focus();
    if (field) say(one(".pager p")?.textContent ?? words.nothing);
    sent = "";
  });
  on("htmx:afterSettle", begin);
  on("htmx:beforeRequest", wait);
  on("htmx:afterRequest", () => waited());
  on("htmx:sendError", () => fail(words.offline));
  leadBack();
  begin();
})();
