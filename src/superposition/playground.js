// The book's widgets as a person meets them. The same text runs as an anywidget where a kernel is
// alive and as a plain script in the built page; it needs no other file and makes no request.
const BLUE = "#2f87c8", ORANGE = "#e08a00", GREY = "#8a8f98";
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const number = (value, digits = 3) => {
  if (!Number.isFinite(value)) return "–";
  return Math.abs(value) >= 0.001 || value === 0 ? String(Number(value.toPrecision(digits))) : value.toExponential(1);
};

// A worker holding the engine, or where workers are not allowed the same engine on this page.
function startSession(receive) {
  try {
    const text = `onmessage = ((s) => (e) => s(e.data))((${superpositionSession})((${superpositionEngine})(), postMessage.bind(self)));`;
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const worker = new Worker(url);
    URL.revokeObjectURL(url);
    worker.onmessage = (event) => receive(event.data);
    return { send: (message) => worker.postMessage(message), stop: () => worker.terminate() };
  } catch {
    const session = superpositionSession(superpositionEngine(), (message) => setTimeout(receive, 0, message));
    return { send: (message) => setTimeout(session, 0, message), stop: () => session({ type: "stop" }) };
  }
}

// Settings in the page's fragment, as in #playground=n:20,m:2&law=alpha:1 ; only where `share` is
// on (the built page), since in a notebook the address belongs to the notebook.
const fragment = {
  read(name) {
    const part = decodeURIComponent(location.hash.slice(1)).split("&").find((p) => p.startsWith(name + "="));
    if (!part) return null;
    const pairs = part.slice(name.length + 1).split(",").map((pair) => pair.split(":"));
    return Object.fromEntries(pairs.map(([key, value]) => [key, Number(value)]).filter(([, v]) => Number.isFinite(v)));
  },
  write(name, values) {
    const rest = location.hash.slice(1).split("&").filter((p) => p.includes("=") && !p.startsWith(name + "="));
    if (values) rest.push(`${name}=${Object.entries(values).map(([k, v]) => `${k}:${v}`).join(",")}`);
    history.replaceState(null, "", rest.length ? "#" + rest.join("&") : location.pathname + location.search);
  },
};

// Sliders with a label, a value and a hint; calls `changed(key)` when the reader moves one.
function sliders(host, fields, values, changed) {
  const inputs = {};
  for (const { key, label, hint, min, max, step } of fields) {
    const row = document.createElement("label");
    row.className = "sp-field";
    row.innerHTML = `<span>${label}</span><input type="range" min="${min}" max="${max}" step="${step}"><output></output><small>${hint}</small>`;
    const input = row.querySelector("input"), output = row.querySelector("output");
    const show = () => {
      output.textContent = String(values[key]).replace("-", "−");
    };
    input.dataset.key = key;
    input.addEventListener("input", () => {
      values[key] = Number(input.value);
      show();
      changed(key);
    });
    inputs[key] = () => {
      input.value = values[key];
      values[key] = Number(input.value); // the browser holds it to min, max and step
      show();
    };
    inputs[key]();
    host.append(row);
  }
  return () => Object.values(inputs).forEach((refresh) => refresh());
}

function button(host, text, act) {
  const b = document.createElement("button");
  b.type = "button";
  b.textContent = text;
  b.addEventListener("click", act);
  host.append(b);
  return b;
}

// Text for screen readers at most every four seconds, and at once where it is final.
function announcer(host) {
  let last = 0;
  return (text, final = false) => {
    if (!final && Date.now() - last < 4000) return;
    last = Date.now();
    host.textContent = text;
  };
}

// A chart of 320 × 240 units as SVG text. Axes are {from, to, log, label, ticks}.
function chart(x, y, marks, label) {
  const [left, right, top, bottom] = [46, 312, 10, 204];
  const along = (axis, value, a, b) => {
    const f = axis.log ? Math.log : (v) => v;
    return a + ((f(value) - f(axis.from)) / (f(axis.to) - f(axis.from) || 1)) * (b - a);
  };
  const px = (value) => along(x, value, left, right).toFixed(1);
  const py = (value) => along(y, value, bottom, top).toFixed(1);
  const grid = [
    ...x.ticks.map((t) => `<path d="M${px(t)} ${top}V${bottom}" class="sp-grid"/><text x="${px(t)}" y="${bottom + 14}" text-anchor="middle">${number(t)}</text>`),
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

function lossChart(state, label) {
  const losses = state.history.map(([, loss]) => loss).filter((loss) => loss > 0);
  const [from, to] = [Math.min(...losses) / 1.3, Math.max(...losses) * 1.3];
  const x = { from: 0, to: state.steps, ticks: [0, state.steps / 2, state.steps], label: "training step" };
  const y = { from, to, log: true, ticks: logTicks(from, to), label: "loss (held out)" };
  return chart(x, y, (px, py) => line(state.history, px, py, `stroke="${BLUE}" stroke-width="2"`), label);
}

// Feature vectors in the plane, the most frequent ones thick.
function vectorChart({ n, W }, label) {
  const spokes = Array.from({ length: n }, (_, i) => {
    const [x, y] = [160 + 78 * W[2 * i], 120 - 78 * W[2 * i + 1]].map((v) => v.toFixed(1));
    return `<path d="M160 120L${x} ${y}" stroke="${BLUE}" stroke-width="${(1 + 3 / (1 + i / 3)).toFixed(1)}"/><circle cx="${x}" cy="${y}" r="3.5" fill="${ORANGE}"/>`;
  });
  return `<svg viewBox="0 0 320 240" role="img" aria-label="${label}"><circle cx="160" cy="120" r="78" fill="none" class="sp-grid"/>
    <text x="160" y="235" text-anchor="middle">feature vectors; the circle has radius 1</text>${spokes.join("")}</svg>`;
}

function normChart({ n, norms }, label) {
  const top = Math.max(1.5, ...norms);
  const x = { from: 0.5, to: n + 0.5, ticks: [1, Math.round(n / 2), n], label: "feature, most frequent first" };
  const y = { from: 0, to: top, ticks: [0, 0.5, 1, 1.5], label: "length of its vector" };
  return chart(x, y, (px, py) => {
    const width = Math.max(1, (px(2) - px(1)) * 0.8);
    return [...norms].map((v, i) => `<rect x="${(px(i + 1) - width / 2).toFixed(1)}" width="${width.toFixed(1)}" y="${py(v)}" height="${(py(0) - py(v)).toFixed(1)}" fill="${v > 0.5 ? BLUE : ORANGE}"/>`).join("")
      + line([[0.5, 0.5], [n + 0.5, 0.5]], px, py, `stroke="${GREY}" stroke-dasharray="4 3"`);
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

function playground(el, settings, share, report) {
  const fields = [
    { key: "n", label: "features <i>n</i>", hint: "how many things there are to represent", min: 4, max: 100, step: 1 },
    { key: "m", label: "width <i>m</i>", hint: "how many dimensions they must share", min: 1, max: 32, step: 1 },
    { key: "gamma", label: "decay <i>γ</i>", hint: "left of 0 vectors grow, right of 0 they shrink", min: -1, max: 1, step: 0.05 },
    { key: "alpha", label: "skew <i>α</i>", hint: "0: all equally common; 2: a few very common", min: 0, max: 2, step: 0.1 },
    { key: "density", label: "density <i>E</i>", hint: "features active at once, on average", min: 0.1, max: 4, step: 0.1 },
    { key: "seed", label: "seed", hint: "another start, another draw of the data", min: 0, max: 20, step: 1 },
  ];
  const start = { ...settings.values }, values = { ...start, ...(share && fragment.read(settings.name)) };
  for (const key of Object.keys(values)) if (!(key in start)) delete values[key];
  el.innerHTML = `<div class="sp" data-widget="playground"><div class="sp-fields"></div><div class="sp-buttons"></div>
    <div class="sp-panels"><div class="sp-panel" data-panel="shape"><canvas width="2" height="2" role="img"></canvas><div></div></div>
    <div class="sp-panel" data-panel="norms"></div><div class="sp-panel" data-panel="loss"></div></div>
    <dl class="sp-values"></dl><p class="sp-status" role="status"></p></div>`;
  const part = (name) => el.querySelector(name), canvas = part("canvas"), shape = part("[data-panel=shape] div");
  const say = announcer(part(".sp-status"));
  let running = false, done = false, state = null, wait = 0, drawn = 0, waiting = null;

  function draw(next) {
    state = next;
    // Where motion is unwelcome, twice a second is enough to follow what happens.
    if (calm() && !next.done && Date.now() - drawn < 500) return;
    drawn = Date.now();
    const { n, m, loss, represented, overlap, welch, step, steps } = next;
    const kept = `${Math.round(represented * n)} of ${n}`;
    if (m === 2) shape.innerHTML = vectorChart(next, `${n} feature vectors in the plane, ${kept} longer than one half`);
    else {
      drawOverlaps(canvas, next);
      canvas.setAttribute("aria-label", `Matrix of the cosines between ${n} feature vectors; their mean square is ${number(overlap)}`);
      shape.innerHTML = `<span>cosine of each two vectors (blue +, orange −)</span>`;
    }
    canvas.hidden = m === 2;
    part("[data-panel=norms]").innerHTML = normChart(next, `Lengths of the feature vectors by rank of frequency: ${kept} above one half`);
    part("[data-panel=loss]").innerHTML = lossChart(next, `Held-out loss against training step, now ${number(loss)} at step ${step}`);
    const rows = [
      ["step", `${step} / ${steps}`, "step"], ["loss", number(loss), "loss"],
      ["represented <i>φ</i><sub>1/2</sub>", `${number(represented)} (${kept})`, "phi"],
      ["mean squared overlap", number(overlap), "overlap"], ["1/<i>m</i>", number(1 / m), "inverse"],
      ["least possible (Welch)", number(welch), "welch"],
    ];
    part(".sp-values").innerHTML = rows.map(([name, value, key]) => `<div><dt>${name}</dt><dd data-value="${key}">${value}</dd></div>`).join("");
    say(`${next.done ? "Trained" : "Training"}: step ${step} of ${steps}, loss ${number(loss)}, ${kept} features represented, mean squared overlap ${number(overlap)} against 1/m = ${number(1 / m)}.`, next.done);
    if (next.done !== done) setRunning(running && !next.done, next.done);
    if (next.done) report({ loss, represented, overlap, welch, step, ...values });
  }

  // A message is drawn in the next frame, and only the latest.
  const session = startSession((message) => {
    if (!waiting) requestAnimationFrame(() => { draw(waiting); waiting = null; });
    waiting = message;
  });

  function setRunning(on, finished = false) {
    running = on;
    done = finished;
    go.textContent = on ? "Pause" : finished ? "Train again" : "Train";
  }

  function begin(paused) {
    const { gamma, ...rest } = values;
    session.send({ type: "start", settings: { ...rest, weightDecay: gamma, steps: settings.steps }, paused, slices: 120 });
    setRunning(!paused);
  }

  function changed(key) {
    if (share) fragment.write(settings.name, values);
    clearTimeout(wait);
    // γ works on the model as it stands, which is what the reader wants to watch; everything
    // else changes its shape or its data, and starts a new one once the hand rests.
    if (key === "gamma") {
      session.send({ type: "decay", weightDecay: values.gamma, run: true });
      setRunning(true);
    } else wait = setTimeout(begin, 150, false);
  }

  const refresh = sliders(part(".sp-fields"), fields, values, changed);
  const buttons = part(".sp-buttons");
  const go = button(buttons, "Train", () => {
    if (done) return begin(false);
    session.send({ type: running ? "pause" : "run" });
    setRunning(!running);
  });
  button(buttons, "Restart", () => begin(false));
  button(buttons, "Reset", () => {
    Object.assign(values, start);
    refresh();
    if (share) fragment.write(settings.name, null);
    begin(false);
  });
  if (share)
    button(buttons, "Copy link", async () => {
      fragment.write(settings.name, values);
      try {
        await navigator.clipboard.writeText(location.href);
        say("Link copied: it opens this page with these settings.", true);
      } catch {
        say("The link with these settings is now in the address bar.", true);
      }
    });

  // Waits at step 0 until it is on the screen, then runs, unless motion is unwelcome.
  begin(true);
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    if (!calm()) go.click();
  });
  seen.observe(el);
  return () => {
    seen.disconnect();
    session.stop();
  };
}

function measureTheLaw(el, settings, share, report) {
  const fields = [
    { key: "n", label: "features <i>n</i>", hint: "how many things there are to represent", min: 40, max: 100, step: 10 },
    { key: "gamma", label: "decay <i>γ</i>", hint: "left of 0 vectors grow, right of 0 they shrink", min: -1, max: 1, step: 0.1 },
    { key: "alpha", label: "skew <i>α</i>", hint: "0: all equally common; 2: a few very common", min: 0, max: 2, step: 0.1 },
    { key: "seed", label: "seed", hint: "another start, another draw of the data", min: 0, max: 20, step: 1 },
  ];
  const start = { ...settings.values }, values = { ...start, ...(share && fragment.read(settings.name)) };
  for (const key of Object.keys(values)) if (!(key in start)) delete values[key];
  el.innerHTML = `<div class="sp" data-widget="law"><div class="sp-fields"></div><div class="sp-buttons"></div>
    <progress max="1" value="0" aria-label="share of the measurement done"></progress>
    <div class="sp-panels"><div class="sp-panel" data-panel="overlap"></div><div class="sp-panel" data-panel="loss"></div></div>
    <p class="sp-fit" data-value="fit">&nbsp;</p><p class="sp-status" role="status"></p></div>`;
  const part = (name) => el.querySelector(name), say = announcer(part(".sp-status"));
  let rungs = [], began = 0;

  function panel(name, key, label, fit) {
    const points = rungs.map((rung) => [rung.m, rung[key]]).filter(([, v]) => v > 0);
    const ys = [...points.map(([, v]) => v), ...(key === "overlap" ? settings.widths.map((m) => 1 / m) : [])];
    const [low, high] = ys.length ? [Math.min(...ys) / 1.5, Math.max(...ys) * 1.5] : [0.01, 1];
    const x = { from: settings.widths[0] / 1.2, to: settings.widths.at(-1) * 1.2, log: true, ticks: settings.widths, label: "width m" };
    const y = { from: low, to: high, log: true, ticks: logTicks(low, high), label };
    const ends = [x.from, x.to];
    part(`[data-panel=${name}]`).innerHTML = chart(x, y, (px, py) => {
      const law = key === "overlap" ? line(ends.map((m) => [m, 1 / m]), px, py, `stroke="${GREY}" stroke-dasharray="4 3"`)
        + `<text x="${px(ends[1])}" y="${py(1 / ends[1])}" dx="-4" dy="-8" text-anchor="end">1/m</text>` : "";
      const fitted = fit ? line(ends.map((m) => [m, fit.prefactor * m ** fit.exponent]), px, py, `stroke="${BLUE}" stroke-width="2"`) : "";
      return law + fitted + points.map(([m, v]) => `<circle cx="${px(m)}" cy="${py(v)}" r="4" fill="${BLUE}"/>`).join("");
    }, `${label} against width on logarithmic axes: ${points.map(([m, v]) => `${number(v)} at m = ${m}`).join(", ") || "no point yet"}`);
  }

  function finish() {
    const { fitPowerLaw } = superpositionEngine(), m = rungs.map((rung) => rung.m);
    const fits = { overlap: fitPowerLaw(m, rungs.map((r) => r.overlap)), loss: fitPowerLaw(m, rungs.map((r) => r.loss)) };
    panel("overlap", "overlap", "mean squared overlap", fits.overlap);
    panel("loss", "loss", "loss (held out)", fits.loss);
    const text = Object.entries(fits).map(([key, { exponent, interval: [low, high] }]) =>
      `${key === "loss" ? "loss" : "mean squared overlap"} ∝ m^${number(exponent)} (95 % interval ${number(low)} to ${number(high)})`).join("; ").replaceAll("-", "−");
    const seconds = (performance.now() - began) / 1000;
    part("[data-value=fit]").textContent = text;
    say(`Measured in ${seconds.toFixed(1)} s: ${text}.`, true);
    go.disabled = false;
    report({ rungs, fits, seconds, ...values });
  }

  const session = startSession((message) => {
    if (message.type === "progress") part("progress").value = message.share;
    else if (message.type === "rung") {
      rungs.push(message);
      panel("overlap", "overlap", "mean squared overlap");
      panel("loss", "loss", "loss (held out)");
      say(`Width ${message.m}: loss ${number(message.loss)}, mean squared overlap ${number(message.overlap)}.`);
    } else if (message.type === "ladder done") finish();
  });
  const refresh = sliders(part(".sp-fields"), fields, values, () => share && fragment.write(settings.name, values));
  const go = button(part(".sp-buttons"), "Measure the law", () => {
    const { gamma, ...rest } = values;
    rungs = [];
    began = performance.now();
    go.disabled = true;
    part("[data-value=fit]").textContent = "\u00a0";
    session.send({ type: "ladder", widths: settings.widths,
      settings: { ...rest, density: 1, weightDecay: gamma, steps: settings.steps, batch: settings.batch } });
  });
  button(part(".sp-buttons"), "Reset", () => {
    Object.assign(values, start);
    refresh();
    if (share) fragment.write(settings.name, null);
  });
  panel("overlap", "overlap", "mean squared overlap");
  panel("loss", "loss", "loss (held out)");
  return () => session.stop();
}

// A slider over figures that were computed beforehand and travel in the page.
function stateSlider(el, { states, labels, label, name, at = 0 }, share, report) {
  el.innerHTML = `<div class="sp" data-widget="states"><label class="sp-field"><span></span>
    <input type="range" min="0" step="1"><output></output></label><div class="sp-state"></div></div>`;
  const input = el.querySelector("input"), output = el.querySelector("output");
  el.querySelector("span").textContent = label;
  input.max = states.length - 1;
  input.value = (share && fragment.read(name)?.state) || at;
  const show = () => {
    output.textContent = labels[input.value];
    input.setAttribute("aria-valuetext", labels[input.value]);
    el.querySelector(".sp-state").innerHTML = states[input.value];
  };
  input.addEventListener("input", () => {
    show();
    if (share) fragment.write(name, { state: input.value });
    report({ state: Number(input.value) });
  });
  show();
  return () => {};
}

const KINDS = { playground, law: measureTheLaw, states: stateSlider };

// anywidget's entry: `model` is the kernel's side of the widget.
function render({ model, el }) {
  const report = (result) => {
    model.set("result", result);
    model.save_changes();
  };
  const draw = () => KINDS[model.get("kind")](el, model.get("settings"), false, report);
  let stop = draw();
  model.on("change:settings", () => {
    stop();
    stop = draw();
  });
  return () => stop();
}
