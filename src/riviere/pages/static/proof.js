// A verification that runs: how far it has come, and the page anew once it is done.

const EVERY_MS = 700;
const here = document.querySelector("[data-verifying]");

async function look() {
  const answer = await fetch(here.dataset.verifying, { headers: { Accept: "application/json" } }).catch(() => null);
  if (answer?.ok) {
    const { running_since: since, check, done, total } = await answer.json();
    if (!since) {
      location.reload();
      return;
    }
    here.querySelector("[data-done]").setAttribute("width", total ? Math.round((1000 * done) / total) : 0);
    here.querySelector("[data-said]").textContent = check ? `Checking ${check}: ${done.toLocaleString()} of ${total.toLocaleString()}` : "Beginning";
  }
  setTimeout(look, EVERY_MS);
}

if (here) setTimeout(look, EVERY_MS);
