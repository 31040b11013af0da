// Measure the law: a ladder of widths, trained and fitted in the reader's browser.
const TOLERANCE = 0.03; // a rung has converged if twice its steps would change the loss by less

function measureTheLaw(el, settings, share, report) {
  const { n, gamma, alpha, seed } = FIELDS;
  const fields = { n: { ...n, min: 40, step: 10 }, gamma: { ...gamma, step: 0.1 }, alpha, seed };
  const start = { ...settings.values }, values = { ...start };
  el.innerHTML = `<div class="sp" data-widget="law" role="group" aria-label="Measure the law: a ladder of models that trains here">
    <div class="sp-fields"></div><div class="sp-buttons"></div>
    <progress max="1" value="0" aria-label="share of the measurement done"></progress>
    <div class="sp-panels"><div class="sp-panel" data-panel="overlap"></div><div class="sp-panel" data-panel="loss"></div></div>
    <p class="sp-fit" data-value="fit" role="status">&nbsp;</p><p class="sp-status" role="status"></p></div>`;
  const part = (name) => el.querySelector(name), say = announcer(part(".sp-status"));
  let rungs = [], began = 0, run = values; // the settings of the measurement shown

  const welch = (m) => (run.n - m) / (m * (run.n - 1));

  function panel(key, label, fit) {
    const points = rungs.map((rung) => [rung.m, rung[key], rung.gain]).filter(([, v]) => v > 0);
    const { widths } = settings, ends = [widths[0] / 1.2, widths.at(-1) * 1.2];
    const ys = [...points.map(([, v]) => v), ...(key === "overlap" ? ends.flatMap((m) => [1 / m, welch(m)]) : [])];
    const [low, high] = ys.length ? [Math.min(...ys) / 1.4, Math.max(...ys) * 1.4] : [0.01, 1];
    const x = { from: ends[0], to: ends[1], log: true, ticks: widths, label: "width m" };
    const y = { from: low, to: high, log: true, ticks: logTicks(low, high), label };
    const steps = Array.from({ length: 30 }, (_, k) => ends[0] * (ends[1] / ends[0]) ** (k / 29));
    part(`[data-panel=${key}]`).innerHTML = chart(x, y, (px, py) => {
      const laws = key === "loss" ? "" : line(ends.map((m) => [m, 1 / m]), px, py, `stroke="${GREY}" stroke-dasharray="6 3"`)
        + line(steps.map((m) => [m, welch(m)]), px, py, `stroke="${GREY}" stroke-dasharray="1 3" stroke-width="2"`)
        + '<text x="306" y="22" text-anchor="end">dashed 1/m · dotted Welch bound</text>';
      const fitted = fit ? line(steps.map((m) => [m, fit.prefactor * m ** fit.exponent]), px, py, `stroke="${BLUE}" stroke-width="2"`) : "";
      return laws + fitted + points.map(([m, v, gain]) => `<circle cx="${px(m)}" cy="${py(v)}" r="4" stroke="${BLUE}" fill="${Math.abs(gain) < TOLERANCE ? BLUE : "none"}"/>`).join("");
    }, `${label} against width on logarithmic axes: ${points.map(([m, v]) => `${number(v)} at m = ${m}`).join(", ") || "no point yet"}`);
  }

  function draw(fits = {}) {
    panel("overlap", "mean squared overlap", fits.overlap);
    panel("loss", "loss (held out)", fits.loss);
  }

  function finish() {
    const { fitPowerLaw } = superpositionEngine(), m = rungs.map((rung) => rung.m);
    const fits = { overlap: fitPowerLaw(m, rungs.map((r) => r.overlap)), loss: fitPowerLaw(m, rungs.map((r) => r.loss)) };
    const bound = fitPowerLaw(m, m.map(welch)), seconds = (performance.now() - began) / 1000;
    const law = (name, { exponent, interval: [low, high] }) =>
      `${name} ∝ m<sup>${number(exponent)}</sup> (95 % interval ${number(low)} to ${number(high)})`.replaceAll("-", "−");
    draw(fits);
    const open = rungs.filter((rung) => Math.abs(rung.gain) >= TOLERANCE).map((rung) => rung.m);
    part("[data-value=fit]").innerHTML = `${law("mean squared overlap", fits.overlap)}; ${law("loss", fits.loss)}. `
      + `Over these widths the Welch bound for ${run.n} features falls as m<sup>${number(bound.exponent).replace("-", "−")}</sup>; it tends to 1/m for m far below n. `
      + (rungs.every((rung) => rung.represented === 1) ? `All ${run.n} features are represented at every width.`
        : `Represented, of ${run.n} features: ${rungs.map((rung) => `${Math.round(rung.represented * run.n)} at m = ${rung.m}`).join(", ")}.`)
      + (open.length ? ` Not yet converged (hollow): m = ${open.join(", ")}.` : " All converged.");
    say(`Measured in ${seconds.toFixed(1)} s.`, true);
    go.disabled = false;
    report({ rungs, fits, seconds, ...run });
  }

  const session = startSession((message) => {
    if (message.type === "progress") part("progress").value = message.share;
    else if (message.type === "rung") {
      rungs.push(message);
      draw();
      say(`Width ${message.m}: loss ${number(message.loss)}, mean squared overlap ${number(message.overlap)}.`);
    } else if (message.type === "ladder done") finish();
  });

  // What is shown belongs to its settings: when they move, it goes.
  function clear(words) {
    session.send({ type: "stop" });
    rungs = [];
    run = { ...values };
    go.disabled = false;
    part("progress").value = 0;
    part("[data-value=fit]").textContent = "\u00a0";
    draw();
    say(words, true);
  }

  function changed() {
    if (share) fragment.write(settings.name, values);
    clear("Press the button to measure with these settings.");
  }

  if (share) fragment.follow(settings.name, el.firstChild, values, () => { refresh(); changed(); });
  const refresh = sliders(part(".sp-fields"), settings.name, fields, values, changed), buttons = part(".sp-buttons");
  const go = button(buttons, "Measure the law", () => {
    clear("Measuring: a model of each width, twice.");
    began = performance.now();
    go.disabled = true;
    const { gamma: weightDecay, ...rest } = run;
    session.send({ type: "ladder", widths: settings.widths,
      settings: { ...rest, density: 1, weightDecay, steps: settings.steps } });
  });
  button(buttons, "Reset settings", () => {
    Object.assign(values, start);
    refresh();
    changed();
    if (share) fragment.write(settings.name, null);
  });
  if (share) linkButton(buttons, settings.name, values, say);
  draw();
  return () => session.stop();
}
