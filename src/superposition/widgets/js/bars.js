// The right of a board: the readings as bars with one cut line; what lies beyond it is read.
// A row is a name, a track and a number. `top` is the length that fills the track.
function barRow(host) {
  const row = document.createElement("div");
  row.className = "sp-bar";
  row.innerHTML = `<span class="sp-bar-name"></span><span class="sp-track"><i class="sp-below"></i>
    <i class="sp-read"></i><i class="sp-cut"></i></span><b></b>`;
  host.append(row);
  const [name, below, read, line, value] = [".sp-bar-name", ".sp-below", ".sp-read", ".sp-cut", "b"]
    .map((css) => row.querySelector(css));
  const share = (length, top) => `${(100 * Math.max(0, Math.min(length / top, 1))).toFixed(2)}%`;
  return {
    row,
    show({ label, overlap, cut, top, lit }) {
      const reading = readingOf(overlap, cut);
      name.textContent = label;
      row.dataset.lit = lit;
      row.dataset.heard = isHeard(reading);
      below.style.width = share(Math.min(overlap, cut), top);
      read.style.left = line.style.left = share(cut, top);
      read.style.width = share(Math.min(overlap, top) - cut, top);
      line.hidden = cut <= 0;
      value.textContent = isHeard(reading) ? twoDigits(reading) : "0";
    },
  };
}

// Too many for rows: all n readings side by side, in the order of the features.
function spectrumDrawing({ n, overlaps, cut, lit, words }) {
  const [left, right, bottom, height] = [26, 316, 150, 138];
  const top = Math.max(1, ...overlaps), y = (value) => bottom - (Math.max(0, value) / top) * height;
  const width = (wanted) => Math.max(wanted ? 2 : 0.5, ((right - left) / n) * (n > 200 ? 1 : 0.75));
  const bars = (wanted, from, to, attributes) => {
    const path = [...overlaps].map((value, i) => {
      const [low, high] = [from(value), to(value)];
      if (lit.has(i) !== wanted || high <= low) return "";
      const x = left + ((i + 0.5) / n) * (right - left) - width(wanted) / 2;
      const [across, back] = [width(wanted), -width(wanted)].map((w) => w.toFixed(2));
      return `M${x.toFixed(2)} ${y(low).toFixed(1)}h${across}V${y(high).toFixed(1)}h${back}z`;
    });
    return `<path d="${path.join("")}" ${attributes}/>`;
  };
  const below = [() => 0, (value) => Math.min(value, cut)], read = [() => cut, (value) => value];
  const ticks = [0, 0.5, 1].map((t) => `<path d="M${left} ${y(t)}H${right}" class="sp-grid"/>
    <text x="${left - 4}" y="${y(t)}" dy=".35em" text-anchor="end">${t}</text>`);
  const line = cut > 0 ? `<path d="M${left} ${y(cut)}H${right}" class="sp-cut-line"/>` : "";
  return `<svg viewBox="0 0 320 156" role="img" aria-label="${words}">${ticks.join("")}
    ${bars(false, ...below, `class="sp-spectrum sp-under"`)}
    ${bars(true, ...below, `class="sp-spectrum sp-under" data-lit="true"`)}
    ${bars(false, ...read, `class="sp-spectrum" data-lit="false"`)}
    ${bars(true, ...read, `class="sp-spectrum" data-lit="true"`)}${line}</svg>`;
}
