// Keys, claim time, saved place, live counts. Every page works without this file.
"use strict";
(() => {
  const page = document.documentElement;
  page.classList.add("has-script");
  const body = document.body;
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const one = (selector, root = document) => root.querySelector(selector);

  // ---- one key, one act ----
  const isTyping = (target) => target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select");
  const press = (name) => {
    const target = one(`[data-key="${CSS.escape(name)}"]`);
    if (!target) return false;
    if (target.matches("input[type=search], input[type=text]")) target.select();
    if (target.matches("input, textarea, select")) target.focus();
    if (!target.matches("input[type=search], input[type=text], textarea")) target.click();
    return true;
  };
  const rows = () => all("[data-row]");
  let place = -1;
  const goTo = (index) => {
    const list = rows();
    if (!list.length) return false;
    place = Math.max(0, Math.min(index, list.length - 1));
    list.forEach((row, at) => row.classList.toggle("is-current", at === place));
    const link = one("a", list[place]);
    link?.focus({ preventScroll: true });
    list[place].scrollIntoView({ block: "nearest" });
    return true;
  };
  const help = () => {
    const dialog = one("#keys");
    if (!dialog) return false;
    dialog.open ? dialog.close() : dialog.showModal();
    return true;
  };
  const leave = (event) => {
    if (one("dialog[open]")) return;
    if (isTyping(event.target)) event.target.blur();
    else one("[data-key=Escape]")?.click();
  };
  let isAfterG = false;
  const act = (event) => {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (isAfterG) {
      isAfterG = false;
      return press(`g ${key}`);
    }
    if (key === "g") return (isAfterG = true);
    if (key === "?") return help();
    if (key === "j") return goTo(place + 1);
    if (key === "k") return goTo(place - 1);
    return press(key);
  };
  // Keys follow the place on the keyboard, so that they work under Kazakh and Russian layouts too.
  const PLACES = { KeyJ: "j", KeyK: "k", KeyC: "c", KeyO: "o", KeyG: "g", KeyQ: "q", KeyS: "s", KeyA: "a", KeyR: "r", KeyP: "p", KeyU: "u", Slash: "/" };
  const inLatin = (event) => {
    if (/^[a-z0-9?/]$/i.test(event.key) || event.key.length > 1) return event;
    const latin = event.code === "Slash" && event.shiftKey ? "?" : PLACES[event.code];
    return latin ? { key: latin, target: event.target } : event;
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return leave(event);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest("form");
      if (!form) return;
      event.preventDefault();
      form.requestSubmit(one("[data-submit]", form) ?? undefined);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (body.dataset.keys === "off" || isTyping(event.target) || one("dialog[open]")) return;
    if (act(inLatin(event))) event.preventDefault();
  });
  all("[data-help]").forEach((link) => link.addEventListener("click", (event) => {
    if (help()) event.preventDefault();
  }));
  document.addEventListener("click", (event) => {
    all("details[data-menu][open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });

  // ---- a verdict leads to its first field ----
  all(".verdict input").forEach((choice) => choice.addEventListener("change", () => {
    const first = choice.value === "confirm" ? "[name=purposes]" : "[name=reason]";
    one(first, choice.form)?.focus();
  }));

  // ---- twice the same press sends once ----
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
    setTimeout(() => delete event.target.dataset.sent, 3000);
  });

  // ---- the focus goes to what went wrong, then to what was done ----
  one("[data-focus]")?.focus();

  // ---- claim time, with a warning two minutes before ----
  const clock = one("[data-deadline]");
  if (clock) {
    const end = Date.now() + Number(clock.dataset.secondsLeft) * 1000;
    const warning = one("#claim-warning");
    const tick = () => {
      const left = Math.max(0, Math.round((end - Date.now()) / 1000));
      clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      clock.classList.toggle("clock--short", left <= 120);
      if (warning && left <= 120 && left > 0) warning.hidden = false;
      if (left > 0) return;
      clearInterval(timer);
      if (warning) { warning.hidden = false; warning.firstElementChild.textContent = warning.dataset.over; }
    };
    const timer = setInterval(tick, 1000);
    tick();
  }

  // ---- what was written is kept in this window until it is sent ----
  all("[data-keep]").forEach((field) => {
    const name = `draft:${field.dataset.keep}`;
    if (field.readOnly) { sessionStorage.setItem(name, field.value); return; }
    if (!field.value) field.value = sessionStorage.getItem(name) ?? "";
    field.addEventListener("input", () => sessionStorage.setItem(name, field.value));
    field.form?.addEventListener("submit", () => sessionStorage.removeItem(name));
  });

  // ---- the same place when coming back to a list ----
  if (body.dataset.place) {
    const name = `place:${body.dataset.place}${location.search}`;
    const kept = JSON.parse(sessionStorage.getItem(name) ?? "null");
    if (kept && performance.getEntriesByType("navigation")[0]?.type !== "reload") {
      scrollTo(0, kept.top);
      place = rows().findIndex((row) => row.dataset.row === kept.row);
      if (place >= 0) rows()[place].classList.add("is-current");
    }
    addEventListener("pagehide", () => {
      const row = rows()[place]?.dataset.row ?? null;
      sessionStorage.setItem(name, JSON.stringify({ top: scrollY, row }));
    });
  }

  // ---- live counts, once a minute while somebody is at work; asking must not keep a left login alive ----
  const counts = all("[data-count]");
  if (counts.length) {
    let lastActAt = Date.now();
    ["keydown", "pointerdown", "scroll"].forEach((name) => addEventListener(name, () => { lastActAt = Date.now(); }, { passive: true }));
    setInterval(async () => {
      if (document.hidden || Date.now() - lastActAt > 120000) return;
      const answer = await fetch("/counts", { headers: { Accept: "application/json" } }).catch(() => null);
      if (!answer?.ok) return;
      const numbers = await answer.json();
      counts.forEach((place) => {
        const n = numbers[place.dataset.count];
        if (n === undefined) return;
        place.textContent = n;
        place.hidden = n === "0";
      });
    }, 60000);
  }
})();
