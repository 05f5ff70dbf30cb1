// A creator's own widget, in its frame: each gift and each combo that is over is told to it, once, in the words of
// StreamElements' custom widgets, so that one made for those works as it is.
//
// What they listen for: https://docs.streamelements.com/overlays/custom-widget-events (onWidgetLoad, onEventReceived,
// onSessionUpdate, the keys of session data), https://docs.streamelements.com/overlays/custom-widget (SE_API,
// widgetDuration, resumeQueue), and for the fields of an event https://c4ldas.github.io/streamelements-api/eventreceived.html.
// Coins are whole numbers without a currency, as bits are: so gifts are told as cheers, never as tips of money.

import { claim } from "./overlay_feed.js";
import { sender, words } from "./overlay_looks.js";
import { Queue } from "./overlay_queue.js";

// Claims of one page, at least so far apart.
const APART_MS = 400;
const IDLE_MS = 20000;
// Events that a widget is told of when it is loaded, and in its session.
const RECENT = 25;
// A widget may hold back the next event for so long.
const LONGEST_HOLD = 60;

const NOBODY = () => ({ name: "", amount: 0, message: "" });

/** Session data with every key that widgets read without asking whether it is there. */
function session() {
  const data = {};
  for (const kind of ["cheer", "tip", "follower", "subscriber", "host", "raid"]) {
    data[`${kind}-latest`] = NOBODY();
    data[`${kind}-recent`] = [];
    for (const span of ["session", "week", "month", "total", "count", "goal"]) data[`${kind}-${span}`] = { amount: 0, count: 0 };
    for (const span of ["session", "weekly", "monthly", "alltime"]) {
      for (const top of ["donation", "donator"]) data[`${kind}-${span}-top-${top}`] = NOBODY();
    }
  }
  return data;
}

function cheer(event, amount) {
  return {
    type: "cheer",
    name: sender(event),
    displayName: sender(event),
    amount,
    message: words(event),
    count: event.count,
    gift: event.gift,
    giftName: event.name,
    _id: event.id,
    activityId: event.id,
    isTest: event.type === "alert.test",
    createdAt: event.at,
    originalEventName: "cheer-latest",
  };
}

export function custom(frame, settings, here, gone) {
  const queue = new Queue(settings.after, settings.ahead);
  const data = session();
  // Coins by sender, and of a combo what was told already: one that goes on is over once more, with all of its coins.
  const bySender = new Map();
  const toldOf = new Map();
  const hold = Math.min(Number(settings.fieldData.widgetDuration) || 0, LONGEST_HOLD) * 1000;
  let told = settings.after;
  let resume = () => {};

  // Its origin is opaque and has no name; nothing but this frame is there to hear it.
  const say = (kind, detail) => frame.contentWindow?.postMessage({ kind, detail }, "*");

  addEventListener("message", (message) => {
    if (message.source === frame.contentWindow && message.data === "resume") resume();
  });

  const loaded = new Promise((resolve) => {
    addEventListener("message", (message) => {
      if (message.source === frame.contentWindow && message.data === "ready") resolve();
    });
  });

  function load() {
    say("onWidgetLoad", {
      channel: { username: settings.creator, displayName: settings.creator, id: settings.creator, providerId: settings.creator, apiToken: "", avatar: "" },
      currency: { code: "", name: "coins", symbol: "" },
      fieldData: settings.fieldData,
      recents: [],
      session: { data, settings: {} },
      overlay: { isEditorMode: false, muted: !settings.sound },
    });
  }

  function hear(position, events) {
    const wanted = [];
    for (const event of events) {
      if (!["gift", "combo.finished", "alert.test"].includes(event.type)) continue;
      if (event.coins < settings.least || Date.parse(event.at) < Date.parse(settings.since)) continue;
      wanted.push({ event, coins: 0, of: `${event.at}/${event.id}/${event.sender}` });
    }
    queue.hear(position, wanted);
    queue.reword(events);
  }

  function tell(event) {
    const of = `${event.id}/${event.sender}`;
    const amount = event.coins - (toldOf.get(of) ?? 0);
    if (event.type === "combo.finished") toldOf.set(of, event.coins);
    const said = cheer(event, amount);
    say("onEventReceived", { listener: "cheer-latest", event: said });
    if (said.isTest) return;
    const sum = (bySender.get(said.name) ?? 0) + amount;
    bySender.set(said.name, sum);
    data["cheer-latest"] = said;
    data["cheer-recent"] = [said, ...data["cheer-recent"]].slice(0, RECENT);
    for (const span of ["session", "week", "month", "total"]) data[`cheer-${span}`].amount += amount;
    data["cheer-count"].count += 1;
    if (amount > data["cheer-session-top-donation"].amount) data["cheer-session-top-donation"] = said;
    if (sum > data["cheer-session-top-donator"].amount) data["cheer-session-top-donator"] = { name: said.name, amount: sum };
    say("onSessionUpdate", { session: data });
  }

  async function run() {
    // It may have been there before anybody here listened.
    say("ready?");
    await loaded;
    load();
    for (;;) {
      const next = await queue.next();
      told = queue.state.position;
      const apart = new Promise((resolve) => setTimeout(resolve, APART_MS));
      if (!(await claim(here, queue.state, gone))) return;
      const held = hold && new Promise((resolve) => ((resume = resolve), setTimeout(resolve, hold)));
      tell(next.event);
      await Promise.all([apart, held]);
    }
  }

  setInterval(() => {
    if (queue.state.position === told) return;
    told = queue.state.position;
    claim(here, queue.state, gone);
  }, IDLE_MS);
  run();
  return hear;
}
