// Choose your slope: two handles on a curve; every window's fit was made by the page's own code.
function chooseSlope(el, settings, share, report) {
  const { widths, values, fits, quantity, least, name } = settings, last = widths.length - 1;
  const at = { from: 0, to: last };
  el.innerHTML = `<div class="sp" data-widget="slope" role="group" aria-label="Choose your slope: ${quantity} against width, and a window of widths">
    <div class="sp-panel"></div>
    <div class="sp-fields"><label class="sp-field"><span>from <i>m</i> =</span><input type="range" min="0" max="${last}" step="1" aria-label="window from width"><output aria-live="off"></output></label>
    <label class="sp-field"><span>to <i>m</i> =</span><input type="range" min="0" max="${last}" step="1" aria-label="window to width"><output aria-live="off"></output></label></div>
    <p class="sp-fit" data-value="fit" role="status"></p><p class="sp-status" data-value="record"></p></div>`;
  const inputs = [...el.querySelectorAll("input")], outputs = [...el.querySelectorAll("output")];
  const part = (value) => el.querySelector(`[data-value=${value}]`);
  const seen = { flattest: null, steepest: null };
  const x = { from: widths[0] / 1.15, to: widths[last] * 1.15, log: true, ticks: widths, label: "width m" };
  const [low, high] = [Math.min(...values) / 1.4, Math.max(...values) * 1.4];
  const y = { from: low, to: high, log: true, ticks: logTicks(low, high), label: quantity };
  const slopeText = (slope) => signed(slope.toFixed(2));

  function draw({ slope, prefactor, r2 }) {
    const inside = (k) => k >= at.from && k <= at.to;
    const ends = [widths[at.from], widths[at.to]];
    el.querySelector(".sp-panel").innerHTML = chart(x, y, (px, py) => {
      const [a, b] = ends.map((m) => Number(px(m)));
      return `<rect x="${a}" y="10" width="${b - a}" height="194" fill="${BLUE}" fill-opacity="0.12"/>`
        + line(ends.map((m) => [m, prefactor * m ** slope]), px, py, `stroke="${ORANGE}" stroke-width="2.5"`)
        + widths.map((m, k) => `<circle cx="${px(m)}" cy="${py(values[k])}" r="4.5" stroke="${BLUE}" fill="${inside(k) ? BLUE : "none"}"/>`).join("");
    }, `${quantity} against width on logarithmic axes; the window from ${ends[0]} to ${ends[1]} has slope ${slopeText(slope)}`);
    part("fit").textContent = `From m = ${ends[0]} to ${ends[1]}: slope ${slopeText(slope)}, R² ${r2.toFixed(4)}.`
      + (r2 > least ? "" : ` R² is not above ${least}: it does not count.`);
  }

  function remember({ slope, r2 }) {
    if (r2 <= least) return;
    if (!seen.flattest || slope > seen.flattest.slope) seen.flattest = { slope, ...at };
    if (!seen.steepest || slope < seen.steepest.slope) seen.steepest = { slope, ...at };
    const say = ({ slope, from, to }) => `${slopeText(slope)} (m = ${widths[from]} to ${widths[to]})`;
    part("record").textContent = `Yours so far, with R² above ${least}: flattest ${say(seen.flattest)}, steepest ${say(seen.steepest)}.`;
  }

  // A window has three widths at least: the handle that is moved pushes the other along.
  function show(moved = 0) {
    at.from = Math.max(0, Math.min(at.from, last - 2));
    at.to = Math.max(2, Math.min(at.to, last));
    if (at.to - at.from < 2) moved === 0 ? (at.to = at.from + 2) : (at.from = at.to - 2);
    [at.from, at.to].forEach((k, i) => {
      inputs[i].value = k;
      outputs[i].textContent = widths[k];
      inputs[i].setAttribute("aria-valuetext", `m = ${widths[k]}`);
    });
    const fit = fits.find((f) => f.from === at.from && f.to === at.to);
    draw(fit);
    remember(fit);
    report({ ...fit, ...seen });
  }

  inputs.forEach((input, i) => input.addEventListener("input", () => {
    at[i ? "to" : "from"] = Number(input.value);
    show(i);
    if (share) fragment.write(name, at);
  }));
  if (share) fragment.follow(name, el.firstChild, at, show);
  show();
  return () => {};
}
