// How things stand: a creator's goals, and the first supporters of a stream, or else of a day. The page says how they stood as it
// was made, and events what changed since.

import { bar, element, number } from "./overlay_looks.js";

const SHOWN = 5;

// Who a test shows.
const PRETENDED = [
  { supporter: "Mika", diamonds: "600" },
  { supporter: "Juno", diamonds: "210" },
  { supporter: "Sol", diamonds: "85.5" },
];

/** Something made up for a while, and then how things stand by then. */
function testing(root, settings, box, draw) {
  root.replaceChildren(box, element("span", "test", "test"));
  setTimeout(draw, settings.seconds * 1000);
}

function goalBox({ title, gift, target, progress, state }) {
  const box = element("section");
  const [done, all] = [Number(progress), Number(target)];
  const share = all > 0 ? Math.min(1, done / all) : 0;
  const line = element("p");
  line.append(element("b", title ?? "Goal"), element("span", `${number.format(done)} of ${number.format(all)} ${gift ?? "diamonds"}`));
  box.append(line, bar(share * 1000));
  box.classList.toggle("reached", state === "reached" || share === 1);
  return box;
}

/** Events of type "goal": {id, state, title, gift, target, progress}. */
export function goal(root, settings) {
  const goals = new Map([...settings.standing].reverse().map((one) => [one.id, one]));
  const draw = () => root.replaceChildren(...[...goals.values()].map(goalBox));
  draw();
  return (_, events) => {
    for (const event of events) {
      if (event.type === "alert.test") {
        testing(root, settings, goalBox({ title: "A goal", target: "1000", progress: "710" }), draw);
        continue;
      }
      if (event.type !== "goal") continue;
      if (event.state === "closed") goals.delete(event.id);
      else goals.set(event.id, event);
      draw();
    }
  };
}

function boardBox(top) {
  const list = element("ol", undefined, "rows");
  top.slice(0, SHOWN).forEach((one, at) => {
    const row = element("li");
    row.append(element("span", `${one.rank ?? at + 1}`, "rank"), element("b", one.supporter ?? one.name ?? "Somebody"));
    if (one.diamonds !== undefined) row.append(element("strong", number.format(Number(one.diamonds))));
    list.append(row);
  });
  return list;
}

/** Events of type "leaderboard": {top: [{rank, supporter, diamonds}]}. */
export function supporters(root, settings) {
  let top = settings.standing;
  const draw = () => root.replaceChildren(...(top.length ? [boardBox(top)] : []));
  draw();
  return (_, events) => {
    for (const event of events) {
      if (event.type === "alert.test") {
        testing(root, settings, boardBox(PRETENDED), draw);
        continue;
      }
      if (event.type !== "leaderboard") continue;
      top = event.top ?? [];
      draw();
    }
  };
}
