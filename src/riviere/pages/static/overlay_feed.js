// An overlay's feed, through breaks and restarts of the server; and what the page tells back.

const AGAIN_MS = 2000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls `heard(id, events)` for each message behind `after`, and `gone()` once the address holds no more. */
export function follow(here, after, heard, gone) {
  let last = after;
  const source = new EventSource(`${here}/feed?after=${encodeURIComponent(after)}`);
  source.onmessage = (message) => {
    last = message.lastEventId;
    heard(last, JSON.parse(message.data).events);
  };
  source.addEventListener("gone", () => {
    source.close();
    gone();
  });
  source.onerror = async () => {
    // While it says that it is connecting, the browser comes back by itself, with the id of the last message.
    if (source.readyState !== EventSource.CLOSED) return;
    source.close();
    await pause(AGAIN_MS);
    if (await answered(`${here}/feed?after=${encodeURIComponent(last)}`, { method: "HEAD" }, gone)) {
      follow(here, last, heard, gone);
    }
  };
}

/** Says what is about to be shown, and comes back once the server knows: what it knows is never shown again. */
export function claim(here, state, gone) {
  const body = new URLSearchParams({ position: state.position, ahead: JSON.stringify(state.ahead) });
  return answered(`${here}/shown`, { method: "POST", body, headers: { Accept: "application/json" } }, gone);
}

/** Asks until there is an answer: true, or false where the address holds no more. */
async function answered(url, asked, gone) {
  for (;;) {
    try {
      const answer = await fetch(url, asked);
      if (answer.ok) return true;
      if (answer.status === 404) {
        gone();
        return false;
      }
      if (answer.status === 400 || answer.status === 422) location.reload();
    } catch {
      // The server is away: what waits here waits until it is back.
    }
    await pause(AGAIN_MS);
  }
}
