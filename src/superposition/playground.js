// The book's widgets as a person meets them. The same text runs as an anywidget where a kernel is
// alive and as a plain script in the built page; it needs no other file and makes no request.
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
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
    <div class="sp-panel" data-panel="norms"></div><div class="sp-panel" data-panel="loss"></div><dl class="sp-values"></dl></div>
    <p class="sp-status" role="status"></p></div>`;
  const part = (name) => el.querySelector(name), canvas = part("canvas"), shape = part("[data-panel=shape] div");
  const say = announcer(part(".sp-status"));
  let running = false, done = false, wait = 0, drawn = 0, waiting = null;

  function draw(next) {
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

  // Every change starts a new model: what is on the screen depends on the settings alone, so a
  // link shows the same to everyone. (A trained model keeps to its regime when γ moves.)
  function changed() {
    if (share) fragment.write(settings.name, values);
    clearTimeout(wait);
    wait = setTimeout(begin, 120, false);
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
