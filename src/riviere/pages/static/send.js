/** Sends a form without leaving the page; answers {ok, said}, where what went wrong is in `said.detail`. */
export async function send(form) {
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" } });
    return { ok: answer.ok, said: await answer.json() };
  } catch {
    return { ok: false, said: { detail: "The server cannot be reached. Try again in a moment." } };
  }
}
