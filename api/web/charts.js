// Small pictures of figures as SVG: bars by day, and bars by name. What they show stands in a table beside them as well.

import { el } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 720;
const HEIGHT = 200;
const LEFT = 34;
const FOOT = 24;

function shape(tag, attributes, text = "") {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  if (text) node.textContent = text;
  return node;
}

/** A round number at or above `most`, so that the lines of the grid have whole figures. */
export function ceiling(most) {
  if (most <= 4) return 4;
  const unit = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 4, 5, 8, 10].map((times) => times * unit).find((value) => value >= most);
}

/**
 * Bars by day, each made of parts one on top of the other: `days` are {day, values}, `classes` name the parts from below.
 * `told` is what the picture says to whoever cannot see it.
 */
export function dayBars(days, classes, told) {
  const top = ceiling(Math.max(1, ...days.map(({ values }) => values.reduce((a, b) => a + b, 0))));
  const y = (value) => HEIGHT - FOOT - (value / top) * (HEIGHT - FOOT - 10);
  const step = (WIDTH - LEFT) / days.length;
  const picture = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": told, class: "chart" });
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const value = top * share;
    if (!Number.isInteger(value)) continue;
    picture.append(shape("line", { x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value), class: "grid" }));
    picture.append(shape("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, String(value)));
  }
  const every = Math.ceil(days.length / 8);
  days.forEach(({ day, values }, at) => {
    let below = 0;
    values.forEach((value, part) => {
      if (value) {
        const bar = shape("rect", { x: LEFT + at * step + step * 0.15, y: y(below + value), width: step * 0.7, height: y(below) - y(below + value), class: `column ${classes[part]}` });
        picture.append(bar);
      }
      below += value;
    });
    if (at % every === 0) picture.append(shape("text", { x: LEFT + (at + 0.5) * step, y: HEIGHT - 6, "text-anchor": "middle" }, day.slice(5).replace("-", "/").replace(/^0/, "")));
  });
  return picture;
}

/** A table with a head; cells are words or nodes, the first of each row its heading. */
export function figures(caption, header, rows) {
  const head = el("tr", "", header.map((name) => el("th", "", name, { scope: "col" })));
  const body = rows.map(([first, ...rest]) => el("tr", "", [el("th", "", first, { scope: "row" }), ...rest.map((cell) => el("td", "", cell))]));
  return el("div", "scroll", el("table", "figures", [el("caption", "visually-hidden", caption), el("thead", "", head), el("tbody", "", body)]), { tabindex: "0", role: "region", "aria-label": caption });
}
