// The middle of a board: for two numbers a plane with the arrows and one needle, else a cell for
// each number, blue where it is positive and orange where it is negative.
function planeDrawing({ arrows }, { per, labels, lamps, x, h, overlaps, cut, words }) {
  const at = (a, b) => `${(100 * a).toFixed(1)} ${(-100 * b).toFixed(1)}`;
  const spoke = (a, b, style) => `<path d="M0 0L${at(a, b)}" ${style}/>`;
  const longest = Math.max(1, ...arrows.map(([a, b]) => Math.hypot(a, b) / per));
  const spokes = arrows.map(([a, b], lamp) => {
    const [u, v] = [a / per, b / per], size = Math.hypot(u, v) || 1, lit = x[lamp] > 0.5;
    const reading = readingOf(overlaps[lamps[lamp]], cut), share = Math.min(reading, 1.6) / size;
    const heard = isHeard(reading) ? spoke((u / size) * share * size, (v / size) * share * size, `class="sp-heard" data-lit="${lit}"`) : "";
    const [lx, ly] = [(u / size) * (size + 0.12), (v / size) * (size + 0.12)];
    const anchor = Math.abs(lx) < 0.3 ? "middle" : lx > 0 ? "start" : "end";
    const name = arrows.length <= 12
      ? `<text x="${(100 * lx).toFixed(1)}" y="${(-100 * ly).toFixed(1)}" dy="${ly > 0.5 ? "-.1em" : ly < -0.5 ? ".8em" : ".35em"}" text-anchor="${anchor}" data-lit="${lit}">${labels[lamp]}</text>` : "";
    return `${spoke(u, v, `class="sp-arrow" data-lit="${lit}"`)}${heard}<circle cx="${(100 * u).toFixed(1)}" cy="${(-100 * v).toFixed(1)}" r="4" class="sp-tip" data-lit="${lit}"/>${name}`;
  });
  const reach = 100 * (longest + 0.3), wide = reach + (arrows.length <= 12 ? 50 : 0);
  const head = Math.hypot(h[0], h[1]), turn = (Math.atan2(h[0], h[1]) * 180) / Math.PI;
  const needle = head > 0.02 ? `<g transform="rotate(${turn.toFixed(1)})" class="sp-needle"><path d="M0 0V${(-100 * head + 10).toFixed(1)}"/><path d="M-7 ${(-100 * head + 13).toFixed(1)}L0 ${(-100 * head).toFixed(1)}L7 ${(-100 * head + 13).toFixed(1)}z"/></g>` : "";
  return `<svg viewBox="${-wide} ${-reach} ${2 * wide} ${2 * reach}" role="img" aria-label="${words}"><circle r="100" class="sp-ring"/>
    ${spokes.join("")}${needle}<circle r="5" class="sp-hub"/></svg>`;
}

function cellsDrawing({ m }, { h, words }) {
  const columns = Math.ceil(Math.sqrt(m)), rows = Math.ceil(m / columns), gap = m > 100 ? 0.06 : 0.12;
  const most = Math.max(1 / Math.sqrt(m), ...[...h].map(Math.abs));
  const cells = [...h].map((value, k) => {
    const colour = value < 0 ? ORANGE : BLUE, strength = Math.abs(value) / most;
    return `<rect x="${(k % columns) + gap / 2}" y="${Math.floor(k / columns) + gap / 2}" width="${1 - gap}" height="${1 - gap}" fill="${colour}" fill-opacity="${strength.toFixed(2)}" class="sp-cell"/>`;
  });
  return `<svg viewBox="0 0 ${columns} ${rows}" role="img" aria-label="${words}">${cells.join("")}</svg>`;
}
