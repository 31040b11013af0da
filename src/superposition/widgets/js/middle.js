// The middle of a board: for two numbers a plane with the arrows and one needle, else a cell for
// each number, blue where it is positive and orange where it is negative.
function planeDrawing({ arrows }, { per, labels, lamps, x, h, overlaps, cut, words }) {
  const at = (a, b) => `${(100 * a).toFixed(1)} ${(-100 * b).toFixed(1)}`;
  const spoke = (a, b, style) => `<path d="M0 0L${at(a, b)}" ${style}/>`;
  const longest = Math.max(1, ...arrows.map(([a, b]) => Math.hypot(a, b) / per));
  const spokes = arrows.map(([a, b], lamp) => {
    const [u, v] = [a / per, b / per], size = Math.hypot(u, v) || 1, lit = x[lamp] > 0.5;
    const reading = readingOf(overlaps[lamps[lamp]], cut), share = Math.min(reading, 1.6) / size;
    const marked = (kind) => `class="${kind}" data-lit="${lit}"`;
    const heard = isHeard(reading) ? spoke(u * share, v * share, marked("sp-heard")) : "";
    const [lx, ly] = [(u / size) * (size + 0.12), (v / size) * (size + 0.12)];
    const anchor = Math.abs(lx) < 0.3 ? "middle" : lx > 0 ? "start" : "end";
    const drop = ly > 0.5 ? "-.1em" : ly < -0.5 ? ".8em" : ".35em";
    const name = arrows.length <= 12
      ? `<text x="${(100 * lx).toFixed(1)}" y="${(-100 * ly).toFixed(1)}" dy="${drop}"
        text-anchor="${anchor}" data-lit="${lit}">${labels[lamp]}</text>` : "";
    const [cx, cy] = [100 * u, -100 * v].map((value) => value.toFixed(1));
    const tip = `<circle cx="${cx}" cy="${cy}" r="4" ${marked("sp-tip")}/>`;
    return `${spoke(u, v, marked("sp-arrow"))}${heard}${tip}${name}`;
  });
  const reach = 100 * (longest + 0.3), wide = reach + (arrows.length <= 12 ? 50 : 0);
  const head = Math.hypot(h[0], h[1]), turn = (Math.atan2(h[0], h[1]) * 180) / Math.PI;
  const [point, barb, shaft] = [0, 13, 10].map((less) => (-100 * head + less).toFixed(1));
  const needle = head > 0.02 ? `<g transform="rotate(${turn.toFixed(1)})" class="sp-needle">
    <path d="M0 0V${shaft}"/><path d="M-7 ${barb}L0 ${point}L7 ${barb}z"/></g>` : "";
  const room = `${-wide} ${-reach} ${2 * wide} ${2 * reach}`;
  return `<svg viewBox="${room}" role="img" aria-label="${words}"><circle r="100" class="sp-ring"/>
    ${spokes.join("")}${needle}<circle r="5" class="sp-hub"/></svg>`;
}

function cellsDrawing({ m }, { h, words }) {
  const columns = Math.ceil(Math.sqrt(m)), rows = Math.ceil(m / columns);
  const gap = m > 100 ? 0.06 : 0.12, side = 1 - gap;
  const most = Math.max(1 / Math.sqrt(m), ...[...h].map(Math.abs));
  const cells = [...h].map((value, k) => {
    const [x, y] = [k % columns, Math.floor(k / columns)].map((at) => at + gap / 2);
    const colour = value < 0 ? ORANGE : BLUE, strength = (Math.abs(value) / most).toFixed(2);
    return `<rect x="${x}" y="${y}" width="${side}" height="${side}" fill="${colour}"
      fill-opacity="${strength}" class="sp-cell"/>`;
  });
  const room = `0 0 ${columns} ${rows}`;
  return `<svg viewBox="${room}" role="img" aria-label="${words}">${cells.join("")}</svg>`;
}
