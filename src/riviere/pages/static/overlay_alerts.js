// Alerts one after the other, the largest first; a combo that grows while it is seen grows where it is.

import { claim } from "./overlay_feed.js";
import { art, each, element, sender, tier, words } from "./overlay_looks.js";
import { Queue } from "./overlay_queue.js";

// A page that showed nothing for a while says how far it has come, so that the next one need not look so far back.
const IDLE_MS = 20000;
// Steps of a combo on show are told to the server together.
const STEPS_MS = 300;
const LEAVE_MS = 250;
// Where many wait, each stays a third of its time.
const MANY = 5;
// A combo may stay this many times as long as one gift.
const LONGEST = 4;

// Hertz, by tier.
const NOTES = { glint: [880], spray: [880, 1175], facets: [659, 880, 1319], stage: [523, 659, 784, 1047] };

const whole = (event) => (event.upto === undefined ? event.coins : each(event) * event.upto);

export function alerts(root, settings, here, gone) {
  const queue = new Queue(settings.after, settings.ahead);
  let told = settings.after;
  let showing = null;
  let steps = null;

  const tell = async () => {
    const state = queue.state;
    told = state.position;
    return claim(here, state, gone);
  };

  function hear(position, events) {
    const wanted = [];
    for (const event of events) {
      if (!["gift", "combo.grew", "alert.test"].includes(event.type)) continue;
      if (whole(event) < settings.least || Date.parse(event.at) < Date.parse(settings.since)) continue;
      wanted.push({ event, coins: whole(event), of: `${event.id}/${event.sender}` });
    }
    queue.hear(position, wanted);
    if (queue.reword(events) && showing) fill(showing);
    grow();
  }

  /** What belongs to the alert on show goes there, and not behind the others. */
  function grow() {
    const more = showing && queue.take(showing.of);
    if (!more) return;
    showing.event = more.event;
    fill(showing);
    showing.until = Math.min(Date.now() + settings.seconds * 1000, showing.end);
    steps ??= setTimeout(() => {
      steps = null;
      tell();
    }, STEPS_MS);
  }

  async function run() {
    for (;;) {
      const next = await queue.next();
      if (!(await tell())) return;
      await show(next);
    }
  }

  async function show(next) {
    const span = (settings.seconds * 1000) / (queue.waiting > MANY ? 3 : 1);
    const kind = tier(each(next.event));
    showing = { ...next, box: element("article", undefined, `alert ${kind}`), until: Date.now() + span, end: Date.now() + span * LONGEST };
    showing.box.dataset.key = next.of;
    fill(showing);
    root.replaceChildren(showing.box);
    if (settings.sound) chime(NOTES[kind]);
    grow();
    while (Date.now() < showing.until) await new Promise((resolve) => setTimeout(resolve, Math.min(100, showing.until - Date.now())));
    const { box } = showing;
    showing = null;
    box.classList.add("leaving");
    await new Promise((resolve) => setTimeout(resolve, LEAVE_MS));
    box.remove();
  }

  setInterval(() => queue.state.position !== told && tell(), IDLE_MS);
  run();
  return hear;
}

function fill({ box, event }) {
  const count = event.upto ?? event.count;
  const line = element("p", undefined, "who");
  line.append(element("b", sender(event)), ` sent ${event.name}`);
  const said = words(event);
  box.replaceChildren(art(event, 160), line);
  if (count > 1) box.append(element("p", `×${count}`, "times"));
  if (said) box.append(element("q", said));
  if (event.type === "alert.test") box.append(element("span", "test", "test"));
}

/** A few notes of our own, so that no file is loaded for them. */
function chime(notes) {
  const context = new AudioContext();
  notes.forEach((hertz, at) => {
    const begins = context.currentTime + at * 0.12;
    const tone = new OscillatorNode(context, { type: "triangle", frequency: hertz });
    const loud = new GainNode(context, { gain: 0 });
    loud.gain.setValueAtTime(0, begins);
    loud.gain.linearRampToValueAtTime(0.2, begins + 0.02);
    loud.gain.exponentialRampToValueAtTime(0.001, begins + 0.6);
    tone.connect(loud).connect(context.destination);
    tone.start(begins);
    tone.stop(begins + 0.6);
  });
  setTimeout(() => context.close(), 2000);
}
