// Drawings as SVG text (and one canvas), in the page's own colours.
const BLUE = "#2f87c8", ORANGE = "#e08a00", GREY = "#8a8f98";
const number = (value, digits = 3) => {
  if (!Number.isFinite(value)) return "–";
  return Math.abs(value) >= 0.001 || value === 0 ? String(Number(value.toPrecision(digits))) : value.toExponential(1);
};

// A chart of 320 × 240 units as SVG text. Axes are {from, to, log, label, ticks}.
function chart(x, y, marks, label) {
  const [left, right, top, bottom] = [46, 304, 10, 204];
  const along = (axis, value, a, b) => {
    const f = axis.log ? Math.log : (v) => v;
    return a + ((f(value) - f(axis.from)) / (f(axis.to) - f(axis.from) || 1)) * (b - a);
  };
  const px = (value) => along(x, value, left, right).toFixed(1);
  const py = (value) => along(y, value, bottom, top).toFixed(1);
  const grid = [
    ...x.ticks.map((t) => `<path d="M${px(t)} ${top}V${bottom}" class="sp-grid"/><text x="${px(t)}" y="${bottom + 14}" text-anchor="middle">${String(t).replace("-", "−")}</text>`),
    ...y.ticks.map((t) => `<path d="M${left} ${py(t)}H${right}" class="sp-grid"/><text x="${left - 5}" y="${py(t)}" dy=".35em" text-anchor="end">${number(t)}</text>`),
  ];
  return `<svg viewBox="0 0 320 240" role="img" aria-label="${label}">${grid.join("")}
    <text x="${(left + right) / 2}" y="235" text-anchor="middle">${x.label}</text>
    <text transform="translate(9 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${y.label}</text>
    ${marks(px, py)}</svg>`;
}

const line = (points, px, py, style) =>
  points.length ? `<path d="M${points.map(([x, y]) => `${px(x)} ${py(y)}`).join("L")}" fill="none" ${style}/>` : "";

function logTicks(from, to) {
  const ticks = [], thin = Math.log10(to / from) > 1.6 ? [1] : [1, 2, 5];
  for (let e = Math.floor(Math.log10(from)); e <= Math.ceil(Math.log10(to)); e++)
    for (const lead of thin) if (lead * 10 ** e >= from && lead * 10 ** e <= to) ticks.push(lead * 10 ** e);
  return ticks;
}

// The run before stays behind as a grey ghost; its words say what was different.
function lossChart(state, label, ghost) {
  const runs = [ghost?.history ?? [], state.history];
  const losses = runs.flat().map(([, loss]) => loss).filter((loss) => loss > 0);
  const [from, to] = [Math.min(...losses) / 1.3, Math.max(...losses) * 1.3];
  const x = { from: 0, to: state.steps, ticks: [0, state.steps / 2, state.steps], label: "training step" };
  const y = { from, to, log: true, ticks: logTicks(from, to), label: "loss (held out)" };
  return chart(x, y, (px, py) => line(runs[0], px, py, `stroke="${GREY}" stroke-width="2" data-ghost="true"`)
    + line(state.history, px, py, `stroke="${BLUE}" stroke-width="2"`)
    + (ghost ? `<text x="304" y="22" text-anchor="end">grey: ${ghost.words}</text>` : ""), label);
}

// Feature vectors in the plane, the most frequent ones thick.
function vectorChart({ n, W }, said, label) {
  const spokes = Array.from({ length: n }, (_, i) => {
    const [x, y] = [160 + 78 * W[2 * i], 120 - 78 * W[2 * i + 1]].map((v) => v.toFixed(1));
    return `<path d="M160 120L${x} ${y}" stroke="${BLUE}" stroke-width="${(1 + 3 / (1 + i / 3)).toFixed(1)}"/><circle cx="${x}" cy="${y}" r="3.5" fill="${ORANGE}"/>`;
  });
  return `<svg viewBox="0 0 320 240" role="img" aria-label="${label}"><circle cx="160" cy="120" r="78" fill="none" class="sp-grid"/>
    <text x="160" y="235" text-anchor="middle">feature vectors; the circle has radius 1</text>${spokes.join("")}
    <text x="316" y="16" text-anchor="end" class="sp-said">${said}</text></svg>`;
}

function normChart({ n, norms }, words, label) {
  const top = Math.max(1.5, ...norms);
  const x = { from: 0.5, to: n + 0.5, ticks: [1, Math.round(n / 2), n], label: "feature, most frequent first" };
  // The words stand above the longest bar, in the uppermost eighth.
  const y = { from: 0, to: top * 8 / 7, ticks: [0, 0.5, 1, 1.5], label: "length of its vector" };
  return chart(x, y, (px, py) => {
    const width = Math.max(1, (px(2) - px(1)) * 0.8);
    return [...norms].map((v, i) => `<rect x="${(px(i + 1) - width / 2).toFixed(1)}" width="${width.toFixed(1)}" y="${py(v)}" height="${(py(0) - py(v)).toFixed(1)}" fill="${v > 0.5 ? BLUE : ORANGE}"/>`).join("")
      + line([[0.5, 0.5], [n + 0.5, 0.5]], px, py, `stroke="${GREY}" stroke-dasharray="4 3"`)
      + `<text x="304" y="22" text-anchor="end" class="sp-said">${words}</text>`;
  }, label);
}

// |cos| of every two feature vectors on a canvas: a dark square means that the two interfere.
function drawOverlaps(canvas, { n, m, W, norms }) {
  const image = new ImageData(n, n), unit = W.map((w, at) => w / (norms[Math.floor(at / m)] || 1));
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let dot = 0;
      for (let k = 0; k < m; k++) dot += unit[i * m + k] * unit[j * m + k];
      const rgb = dot < 0 ? [224, 138, 0] : [47, 135, 200];
      const both = norms[i] > 0.05 && norms[j] > 0.05 ? Math.abs(dot) : 0;
      image.data.set([...rgb, 255 * Math.min(1, both)], 4 * (i * n + j));
    }
  canvas.width = canvas.height = n;
  canvas.getContext("2d").putImageData(image, 0, 0);
}
