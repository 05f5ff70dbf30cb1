// What every page does beside what it says: times in the reader's own zone, amounts blurred at once, the keys.
// Everything here works without it too, only less conveniently.

const written = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
    time.title = time.textContent;
    time.textContent = written.format(new Date(time.dateTime));
    time.dataset.local = "";
  }
}

/** The keys of a page: every control with `data-key` is pressed by it, and "?" shows them. */
function keys() {
  const help = document.getElementById("keys");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    if (event.key === "?") {
      event.preventDefault();
      show(help);
      return;
    }
    const pressed = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (pressed && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      pressed.focus();
      pressed.click();
    }
  });
  for (const button of document.querySelectorAll("[data-help]")) button.addEventListener("click", () => show(help));
}

function show(help) {
  const list = help.querySelector("dl");
  list.replaceChildren();
  for (const control of document.querySelectorAll("[data-key]")) {
    const key = document.createElement("dt");
    key.append(Object.assign(document.createElement("kbd"), { textContent: control.dataset.key }));
    const what = document.createElement("dd");
    what.textContent = control.dataset.what || control.getAttribute("aria-label") || control.textContent.trim();
    list.append(key, what);
  }
  help.showModal();
}

/** The switch that hides every number: at once, and for the next page as well. */
function veil() {
  const form = document.querySelector("form[data-veil]");
  if (!form) return;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const veiled = document.documentElement.classList.toggle("veiled");
    form.elements.veiled.value = veiled ? "0" : "1";
    form.querySelector("button").textContent = veiled ? "show numbers" : "hide numbers";
    const body = new URLSearchParams({ ...Object.fromEntries(new FormData(form)), veiled: veiled ? "1" : "0" });
    // Somebody who hides their numbers and leaves at once means the next page as well: it is sent even if this one goes.
    await fetch(form.action, { method: "POST", body, keepalive: true });
  });
}

/** A form that moves something is sent once, however often it is pressed. */
function once() {
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method === "dialog") return;
    for (const button of event.target.querySelectorAll("button")) setTimeout(() => (button.disabled = true));
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) for (const button of document.querySelectorAll("form button[disabled]")) button.disabled = false;
  });
}

function copies() {
  document.addEventListener("click", (event) => {
    const copied = event.target.closest("[data-copy]");
    if (copied) navigator.clipboard?.writeText(copied.dataset.copy).then(() => (copied.textContent = "copied"));
  });
}

localise(document);
keys();
veil();
once();
copies();
