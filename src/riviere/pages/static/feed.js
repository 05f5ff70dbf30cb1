// A live feed as a page follows it: every event once and in order, through breaks, which the browser makes up for.

/** Calls `heard(event)` for each event, and `state(connected)` when the connection is lost or back. */
export function follow(url, heard, state = () => {}) {
  const source = new EventSource(url);
  let last = null;
  source.onmessage = (message) => {
    const frame = JSON.parse(message.data);
    // A frame that comes twice, as after a break in the wrong moment, is heard once.
    if (last !== null && frame.after !== last && message.lastEventId === last) return;
    last = message.lastEventId;
    for (const event of frame.events) heard(event);
  };
  source.onopen = () => state(true);
  source.onerror = () => {
    state(false);
    // A server that is away answers nothing, and then a browser gives up: come back later, where we were.
    if (source.readyState === EventSource.CLOSED) {
      const again = new URL(url, location);
      if (last !== null) again.searchParams.set("after", last);
      setTimeout(() => follow(again.href, heard, state), 2000);
    }
  };
  addEventListener("pagehide", () => source.close(), { once: true });
}
