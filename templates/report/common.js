/* What all sections share: the data, numbers in words, elements, colours. Plain scripts, put one after the other. */
"use strict";

const root = document.documentElement;
root.dataset.errors = "";
addEventListener("error", event => { root.dataset.errors += event.message + "; "; });

const page = JSON.parse(document.getElementById("data").textContent);
const world = page.title.world, grid = page.title.grid, axes = page.title.axes;
const noHardware = "Not predicted: no hardware is known for this strategy. Name a preset or rates in its target.hardware, " +
  "or give --hardware; rankc calibrate measures this machine, and --hardware this-machine takes that.";

/* ---- numbers in words */

const thousands = number => Math.round(number).toString().replace(/\B(?=(\d{3})+$)/g, ",");
const digits = number => number.toFixed(number >= 100 || number === 0 ? 0 : number >= 10 ? 1 : 2);

/* The number with the largest unit that leaves at least 1 of it. */
function scaled(number, units, step) {
  let unit = 0;
  while (unit + 1 < units.length && number >= step) {
    number /= step;
    unit++;
  }
  return (unit === 0 && Number.isInteger(number) ? number : digits(number)) + " " + units[unit];
}
const bytes = number => scaled(number, ["B", "KiB", "MiB", "GiB", "TiB"], 1024);
const time = nanoseconds => scaled(nanoseconds, ["ns", "µs", "ms", "s"], 1000);
const rate = (number, unit) => scaled(number, ["", "k", "M", "G", "T", "P", "E"], 1000) + unit;
const tokenRate = number => rate(number, "").trim() + " tokens/s";
const percent = share => (share > 0 && share < 0.001 ? (share * 100).toPrecision(2) : digits(share * 100)) + " %";
const counted = (count, noun) => thousands(count) + " " + noun + (count === 1 ? "" : /ss$|ch$/.test(noun) ? "es" : "s");

/* "0-30 by 2, 64": numbers as runs that go up by the same step; more than 1 takes three to be a run. */
function ranges(numbers) {
  const runs = [];
  for (let i = 0; i < numbers.length;) {
    const step = numbers[i + 1] - numbers[i];
    let end = i + 1;
    while (step > 0 && end < numbers.length && numbers[end] - numbers[end - 1] === step)
      end++;
    if (step > 1 && end - i < 3)
      end = i + 1;
    runs.push(end === i + 1 ? `${numbers[i]}` : `${numbers[i]}-${numbers[end - 1]}${step > 1 ? ` by ${step}` : ""}`);
    i = end;
  }
  return runs.join(", ");
}

/* ---- elements: texts become text nodes, so no name of a strategy is ever read as HTML */

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined)
      node.setAttribute(name, value);
  node.append(...children.flat(Infinity));
  return node;
}
const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

const section = id => document.getElementById(id);
const paragraph = (text, name) => el("p", name ? { class: name } : {}, text);
const pairs = list => el("dl", {}, list.map(([word, value]) => [el("dt", {}, word), el("dd", {}, value)]));

/* `columns`: names; one that starts with "#" holds numbers. */
function table(caption, columns, rows, sums) {
  const names = columns.map(name => name.replace(/^#/, ""));
  const kinds = columns.map(name => name[0] === "#" ? { class: "number" } : {});
  const cellAt = (cell, i) => el("td", { "data-column": names[i], ...kinds[i] }, cell);
  const line = (row, attributes) => el("tr", attributes, row.map(cellAt));
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption }, el("table", {},
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, names.map((name, i) => el("th", { scope: "col", ...kinds[i] }, name)))),
    el("tbody", {}, rows.map(row => line(row, {})), sums ? line(sums, { class: "sum" }) : [])));
}
const folded = (summary, ...children) => el("details", {}, el("summary", {}, summary), ...children);

/* Buttons of which one is pressed. */
function choice(label, options, pressed, pick) {
  const buttons = options.map(option => el("button", { type: "button", "aria-pressed": option === pressed }, option));
  for (const button of buttons)
    button.addEventListener("click", () => {
      for (const other of buttons)
        other.setAttribute("aria-pressed", other === button);
      pick(button.textContent);
    });
  return el("fieldset", {}, el("legend", {}, label), buttons);
}

/* Calls draw(width) now, whenever the width of the element changes, and with paper's width before printing. */
const drawings = [], paperWidth = 680;
function drawToWidth(element, draw) {
  let drawn = 0;
  const redraw = width => {
    if (width > 0 && width !== drawn)
      draw(drawn = width);
  };
  drawings.push(redraw);
  redraw(Math.floor(element.clientWidth));
  const follow = () => matchMedia("print").matches || redraw(Math.floor(element.clientWidth));
  new ResizeObserver(() => requestAnimationFrame(follow)).observe(element); /* not within its own notification */
}

/* ---- colours: Okabe and Ito's eight, told apart by the colour-blind; viridis for more values than that */

const palette = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#f0e442", "#8a8f96"];
const viridis = ["#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];

const channels = colour => [1, 3, 5].map(at => parseInt(colour.slice(at, at + 2), 16));
function between(colours, share) {
  const place = share * (colours.length - 1), low = Math.min(Math.floor(place), colours.length - 2);
  const [from, to] = [channels(colours[low]), channels(colours[low + 1])];
  return "#" + from.map((c, i) => Math.round(c + (to[i] - c) * (place - low)).toString(16).padStart(2, "0")).join("");
}
const colourOf = (value, values) => values <= palette.length ? palette[value] : between(viridis, value / (values - 1));

/* Black or white, whichever is read better on the colour. */
function inkOn(colour) {
  const [red, green, blue] = channels(colour).map(c => (c / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 ? "#000000" : "#ffffff";
}
const gradient = colours => el("span", { class: "gradient", style: `background:linear-gradient(90deg,${colours})` });
const swatch = (colour, text) => el("li", {}, el("span", { class: "swatch", style: `background:${colour}` }), text);
