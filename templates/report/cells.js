/* A grid of cells in an SVG, for the rank map and the traffic matrix: one path a colour however many cells there are, a
 * cursor that the arrow keys move, and which cell is under the pointer. */

const box = (x, y, width, height) => `M${x} ${y}h${width}v${height}h${-width}z`;

class Cells {
  /* options: columns, count, label, at(index) on cursor moves, over(index or -1) on hover. */
  constructor(options) {
    Object.assign(this, options);
    this.cursor = -1;
    this.cells = svg("g", { class: "cells" });
    this.marks = svg("g", { "pointer-events": "none" });
    this.svg = svg("svg", { tabindex: 0, role: "application", "aria-label": this.label }, this.cells, this.marks);
    this.svg.addEventListener("pointermove", event => this.over(this.indexAt(event)));
    this.svg.addEventListener("pointerleave", () => this.over(-1));
    this.svg.addEventListener("click", event => this.move(this.indexAt(event)));
    this.svg.addEventListener("keydown", event => this.key(event));
  }

  layout(columns, size) {
    this.columns = columns;
    this.size = size;
    const width = columns * size, height = Math.ceil(this.count / columns) * size;
    fill(this.svg, { viewBox: `0 0 ${width} ${height}`, width, height }, []);
  }

  indexAt(event) {
    const frame = this.svg.getBoundingClientRect(), rows = Math.ceil(this.count / this.columns);
    const column = Math.floor((event.clientX - frame.left) / frame.width * this.columns);
    const row = Math.floor((event.clientY - frame.top) / frame.height * rows);
    const index = row * this.columns + column;
    return column >= 0 && column < this.columns && row >= 0 && index < this.count ? index : -1;
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns }[event.key];
    const ends = { Home: 0, End: this.count - 1, Escape: -1 };
    if (step === undefined && !(event.key in ends))
      return;
    event.preventDefault();
    const to = step === undefined ? ends[event.key] : this.cursor < 0 ? 0 : this.cursor + step;
    if (to < this.count && (to >= 0 || event.key === "Escape"))
      this.move(to);
  }

  move(index) {
    this.cursor = index;
    this.at(index);
  }

  box(index, inset = 0) {
    const { columns, size } = this, side = size - 2 * inset;
    return box(index % columns * size + inset, Math.floor(index / columns) * size + inset, side, side);
  }

  /* styleOf(index): the attributes of the cell's path, as one of few objects; null leaves the cell out. */
  paint(styleOf) {
    const paths = new Map(), gap = this.size >= 8 ? 0.5 : 0.25;
    for (let i = 0; i < this.count; i++) {
      const style = styleOf(i);
      if (style)
        paths.set(style, (paths.get(style) || "") + this.box(i, gap));
    }
    this.cells.replaceChildren(...Array.from(paths, ([style, d]) => svg("path", { d, ...style })));
  }
}
