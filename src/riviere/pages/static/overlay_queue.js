// What is still to be shown: largest first, nothing lost, and each thing once, also by a page that is loaded again.

// Alerts that may be shown before older ones; the server keeps no more of them.
const MOST_AHEAD = 150;
// Names of what was heard that are kept, in case it is heard again.
const KEPT = 5000;

/** What an event is called: a step of a combo is one of its own. No name of a person is in it. */
export const keyOf = (event) => `${event.at}/${event.id}/${event.upto ?? ""}`;

/** A step of a combo has the words of the one before, where it brings none. */
function stay(event, before) {
  if (before?.words && !event.words) event.words = before.words;
}

/** What has no words of its own, as a combo that is over, gets none. */
function reword(event, said) {
  const beside = said.gift === event.id && said.sender === event.sender;
  if (said.type === "words.shown" && beside && "words" in event) event.words = said.words;
  else if (said.type === "words.withheld" && said.ids.includes(event.words?.id)) event.words = null;
  else return false;
  return true;
}

export class Queue {
  #position;
  #known;
  #ahead;
  #messages = [];
  #waiting = new Map();
  #number = 0;
  #last = null;
  #wake = null;

  /** Everything up to `position` was shown, and what is called `ahead` behind it. */
  constructor(position, ahead) {
    this.#position = position;
    this.#ahead = new Set(ahead);
    this.#known = new Set(ahead);
  }

  /** A message of the feed: `wanted` are its events that are to be shown, each with what it belongs to and its coins. */
  hear(position, wanted) {
    const message = { position, keys: new Set(), all: [] };
    this.#messages.push(message);
    for (const { event, of, coins } of wanted) {
      const key = keyOf(event);
      message.all.push(key);
      if (this.#known.has(key)) continue;
      this.#known.add(key);
      message.keys.add(key);
      const one = this.#waiting.get(of) ?? { of, keys: [], number: this.#number++ };
      stay(event, one.event);
      this.#waiting.set(of, Object.assign(one, { event, coins, keys: [...one.keys, key] }));
    }
    for (const key of this.#known) {
      if (this.#known.size <= KEPT) break;
      this.#known.delete(key);
    }
    this.#settle();
    this.#wake?.();
  }

  /** The next one to be shown, taken out; waits until there is one. */
  async next() {
    while (this.#waiting.size === 0) {
      await new Promise((resolve) => (this.#wake = resolve));
    }
    const waiting = [...this.#waiting.values()];
    const inTurn = this.#ahead.size >= MOST_AHEAD;
    const first = waiting.reduce((best, one) => {
      const before = inTurn || one.coins === best.coins ? one.number < best.number : one.coins > best.coins;
      return before ? one : best;
    });
    return this.take(first.of);
  }

  /** What waits of one thing, taken out: it counts as shown from now on. */
  take(of) {
    const one = this.#waiting.get(of);
    if (!one) return null;
    this.#waiting.delete(of);
    if (this.#last?.of === of) stay(one.event, this.#last.event);
    this.#last = one;
    for (const key of one.keys) {
      this.#ahead.add(key);
      for (const message of this.#messages) message.keys.delete(key);
    }
    this.#settle();
    return one;
  }

  /** How many wait. */
  get waiting() {
    return this.#waiting.size;
  }

  /** Words that may be shown by now or no more, for what waits and what was taken out last: whether any changed. */
  reword(events) {
    let changed = false;
    for (const one of [this.#last, ...this.#waiting.values()]) {
      for (const said of events) if (one && reword(one.event, said)) changed = true;
    }
    return changed;
  }

  /** What was shown, for the server to keep. */
  get state() {
    return { position: this.#position, ahead: [...this.#ahead] };
  }

  #settle() {
    while (this.#messages.length && this.#messages[0].keys.size === 0) {
      const { position, all } = this.#messages.shift();
      this.#position = position;
      for (const key of all) this.#ahead.delete(key);
    }
  }
}
