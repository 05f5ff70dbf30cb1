// The tray: choose a gift, press to send it, hold to make it a combo. Without this file its form sends one gift.

const STEP_MS = 140;
const GOES_ON_MS = 3000;

/** Sends one step of the form's gift; answers what the server said. */
async function post(form, fields) {
  const body = new URLSearchParams({ ...Object.fromEntries(new FormData(form)), ...fields });
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  return { ok: answer.ok, status: answer.status, said: await answer.json() };
}

export function tray(form) {
  if (!form) return;
  const button = form.querySelector("[data-send]");
  const count = form.elements.count;
  const wrong = form.querySelector("[data-wrong]");
  const most = Number(form.dataset.asksAbove);
  let combo = null;
  let ticking = 0;
  let pressed = false;

  const chosen = () => form.querySelector("input[name=gift]:checked");
  const pieces = () => Math.max(1, Math.floor(Number(count.value) || 1));

  function label() {
    const gift = chosen();
    if (!gift) return;
    const coins = Number(gift.dataset.coins) * pieces();
    button.textContent = `Send ${gift.dataset.name}`;
    form.querySelector("[data-total]").textContent = `${coins.toLocaleString()} ${coins === 1 ? "coin" : "coins"}` + ("combo" in gift.dataset ? " · hold to combo" : "");
  }

  function say(words) {
    wrong.textContent = words ?? "";
    wrong.hidden = !words;
  }

  function paid(said) {
    const left = document.querySelector("[data-left] .amount");
    if (left && said.left !== undefined) left.textContent = said.left.toLocaleString();
    say();
  }

  async function sure(asks) {
    const dialog = document.getElementById("sure");
    dialog.querySelector("[data-sure]").textContent = `${asks.name} ×${asks.count} costs ${asks.coins.toLocaleString()} coins.`;
    dialog.returnValue = "no";
    dialog.showModal();
    await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
    return dialog.returnValue === "yes";
  }

  /** Sends, asks where it is much, and tells; the same key until it is answered, so nothing is sent twice. */
  async function send(fields) {
    let said;
    for (let tries = 0; ; tries += 1) {
      try {
        said = await post(form, fields);
        if (said.status !== 503 || tries === 3) break;
      } catch {
        if (tries === 3) {
          say("The server cannot be reached. Press again: what was sent is not sent twice.");
          return false;
        }
      }
      await new Promise((done) => setTimeout(done, 400 * 2 ** tries));
    }
    if (said.ok) {
      paid(said.said);
      return true;
    }
    if (said.said.code === "sure") return (await sure(said.said)) && send({ ...fields, sure: "1" });
    say(said.said.detail ?? "That did not work. Nothing was sent.");
    return false;
  }

  /** Steps go one after the other; whatever was added meanwhile goes with the next. */
  async function pump(run) {
    if (run.busy) return;
    run.busy = true;
    while (run.sent < run.count && !run.over) {
      const upto = run.count;
      const sure = run.sure ? { sure: "1" } : {};
      if (!(await send({ gift: run.gift, key: run.key, combo: "1", count: String(upto), ...sure }))) {
        run.over = true;
        stop();
      }
      run.sure ||= upto * run.coins > most;
      run.sent = upto;
    }
    run.busy = false;
  }

  function step() {
    combo.count += 1;
    combo.at = Date.now();
    // Holding does not slip past the question: it stops where it would be asked.
    if (!combo.sure && combo.count * combo.coins > most && combo.count > combo.first) stop();
    pump(combo);
  }

  function start() {
    const gift = chosen();
    const goesOn = combo && !combo.over && combo.gift === gift.value && Date.now() - combo.at < GOES_ON_MS;
    if (!goesOn) {
      combo = { gift: gift.value, coins: Number(gift.dataset.coins), key: crypto.randomUUID?.() ?? String(Math.random()), count: pieces() - 1, first: pieces(), sent: 0, at: 0, sure: false };
    }
    step();
    clearInterval(ticking);
    ticking = setInterval(step, STEP_MS);
    button.classList.add("held");
  }

  function stop() {
    clearInterval(ticking);
    ticking = 0;
    button.classList.remove("held");
  }

  const combines = () => chosen() && "combo" in chosen().dataset;
  button.addEventListener("pointerdown", (event) => {
    pressed = event.button === 0 && combines() && !button.disabled;
    if (pressed) start();
  });
  for (const over of ["pointerup", "pointercancel", "pointerleave", "blur"]) button.addEventListener(over, stop);
  addEventListener("blur", stop);
  button.addEventListener("contextmenu", (event) => event.preventDefault());

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!combines()) {
      await send({});
      form.elements.key.value = crypto.randomUUID?.() ?? form.elements.key.value + "+";
    } else if (!pressed) {
      // By the keyboard, or by a key of the page: one step, as a short press is.
      start();
      stop();
    }
    pressed = false;
    form.elements.message.value = "";
  });
  form.addEventListener("input", label);
  label();
}
