// Pieces that several widgets of overlays are made of.

export function element(tag, text, kind) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

export const number = new Intl.NumberFormat();

/** How much a gift is made of, by what one piece costs: as everywhere. */
export function tier(each) {
  return each >= 1000 ? "stage" : each >= 100 ? "facets" : each >= 10 ? "spray" : "glint";
}

export const each = (event) => Math.max(1, Math.round(event.coins / event.count));

/** Who sent it. Who did not want to be named has no name here. */
export const sender = (event) => event.sender ?? "Somebody";

/** What may be shown beside it; nothing, where the event does not carry it. */
export const words = (event) => event.words?.text ?? event.message ?? "";

export function art(event, size) {
  const picture = element("img");
  picture.src = `/art/${size}/${each(event)}/${encodeURIComponent(event.gift)}.svg`;
  picture.alt = "";
  return picture;
}

const SVG = "http://www.w3.org/2000/svg";

/** A bar of `done` thousandths. */
export function bar(done) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 1000 10");
  svg.setAttribute("preserveAspectRatio", "none");
  const part = document.createElementNS(SVG, "rect");
  part.setAttribute("width", Math.max(0, Math.min(1000, Math.round(done))));
  part.setAttribute("height", 10);
  svg.append(part);
  return svg;
}
