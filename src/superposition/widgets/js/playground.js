// The playground: the toy model, trained as the reader watches and as the reader moves its settings.
const GLANCE = 400; // steps of the short training shown while a setting moves: about 0.2 s

const BIAS_STARTS = [{ mean: 0, std: 0 }, { mean: 0, std: 1 }, { mean: -0.3, std: 0 }];
const BIAS = { label: "bias starts at", options: ["0", "N(0, 1), as published", "−0.3"] };
const SHORT = { n: "n", m: "m", gamma: "γ", alpha: "α", density: "E", seed: "seed", bias: "bias from" };

function playground(el, settings, share, report) {
  const start = { ...settings.values }, values = { ...start };
  el.innerHTML = `<div class="sp" data-widget="playground" role="group" aria-label="Playground: a toy model that trains here">
    <div class="sp-fields"></div>
    <div class="sp-panels"><div class="sp-panel" data-panel="norms"></div><div class="sp-panel" data-panel="shape"></div>
    <div class="sp-panel" data-panel="loss"></div><dl class="sp-values"></dl></div>
    <div class="sp-buttons"></div><details class="sp-more"><summary>More: size, frequencies, where the bias starts</summary><div class="sp-fields"></div></details>
    <p class="sp-status" role="status"></p></div>`;
  const part = (name) => el.querySelector(name), shape = part("[data-panel=shape]");
  shape.innerHTML = `<canvas width="2" height="2" role="img"></canvas><div></div>`;
  const canvas = part("canvas"), told = part(".sp-status"), say = announcer(told);
  let running = false, done = false, glancing = false, moved = false, wait = 0, drawn = 0, waiting = null;
  let shown = null, ghost = null, run = { ...values }; // the run drawn last, the one before, and its settings

  function draw(next) {
    // Where motion is unwelcome, twice a second is enough to follow what happens.
    if (calm() && !next.done && Date.now() - drawn < 500) return;
    drawn = Date.now();
    const { n, m, loss, represented, overlap, welch, step, steps } = next;
    const kept = `${Math.round(represented * n)} of ${n}`;
    // In the plane the arrows say it all; elsewhere lengths and overlaps are drawn apart.
    const plane = m === 2, words = shape.querySelector("div");
    el.firstChild.toggleAttribute("data-plane", plane);
    if (plane) words.innerHTML = vectorChart(next, step ? `${kept} kept` : "not trained yet", `${n} feature vectors in the plane, ${kept} longer than one half`);
    else {
      drawOverlaps(canvas, next);
      canvas.setAttribute("aria-label", `Matrix of the cosines between ${n} feature vectors; their mean square is ${number(overlap)}`);
      words.innerHTML = `<span>cosine of each two vectors (blue +, orange −)</span>`;
    }
    canvas.hidden = plane;
    part("[data-panel=norms]").innerHTML = normChart(next, step ? `${kept} kept` : "not trained yet", `Lengths of the feature vectors by rank of frequency: ${kept} above one half`);
    if (!next.glance) {
      shown = next;
      const before = ghost ? `; grey, with ${ghost.words}: ${number(ghost.loss)} at step ${ghost.step}` : "";
      part("[data-panel=loss]").innerHTML = lossChart(next, `Held-out loss against training step, now ${number(loss)} at step ${step}${before}`, ghost);
    }
    const rows = [
      ["step", next.glance ? `${step} (a glance)` : `${step} / ${steps}`, "step"], ["loss", number(loss), "loss"],
      ["kept (longer than ½), <i>φ</i>", `${number(represented)} (${kept})`, "phi"],
      ["mean squared overlap", number(overlap), "overlap"], ["1/<i>m</i>", number(1 / m), "inverse"],
      ["least possible (Welch)", number(welch), "welch"],
    ];
    part(".sp-values").innerHTML = rows.map(([name, value, key]) => `<div${["overlap", "inverse", "welch"].includes(key) ? ' class="sp-extra"' : ""}><dt>${name}</dt><dd data-value="${key}">${value}</dd></div>`).join("");
    const passing = () => told.toggleAttribute("data-passing", !(next.done && !next.glance) && told.textContent.includes(" step "));
    if (next.glance) return passing();
    say(`${next.done ? "Trained" : "Training"}: step ${step} of ${steps}, loss ${number(loss)}, ${kept} kept, mean squared overlap ${number(overlap)} against 1/m = ${number(1 / m)}.`, next.done);
    passing(); // it is for the ear while numbers move: what it says is up to four seconds old
    if (next.done !== done) setRunning(running && !next.done, next.done);
    if (next.done) report({ loss, represented, overlap, welch, step, ...values });
  }

  // A message is drawn in the next frame, and only the latest.
  const session = startSession((message) => {
    if (!waiting) requestAnimationFrame(() => { draw(waiting); waiting = null; });
    waiting = message;
    if (message.glance) glancing = false;
    if (message.glance && moved) glance();
  });

  function setRunning(on, finished = false) {
    running = on;
    done = finished;
    go.textContent = on ? "Pause" : finished ? "Train again" : "Train";
  }

  function train(how) {
    const { gamma, bias, ...rest } = values;
    session.send({ type: "start", settings: { ...rest, weightDecay: gamma, biasStart: BIAS_STARTS[bias], steps: settings.steps }, slices: 120, ...how });
  }

  function begin(paused) {
    clearTimeout(wait);
    glancing = moved = false;
    wait = 0;
    if (shown?.step) ghost = { history: shown.history, loss: shown.loss, step: shown.step, words: difference(run) };
    shown = null;
    run = { ...values };
    train({ paused });
    setRunning(!paused);
  }

  // What a run had that the settings no longer have.
  function difference(old) {
    const others = Object.keys(old).filter((key) => old[key] !== values[key]);
    const words = others.map((key) => `${SHORT[key]} ${key === "bias" ? BIAS.options[old.bias] : `= ${signed(old[key])}`}`);
    return words.join(", ") || "the run before";
  }

  // One at a time: what moves meanwhile is looked at next.
  function glance() {
    moved = glancing;
    if (!glancing) train({ glance: Math.min(GLANCE, settings.steps) });
    glancing = true;
  }

  // Every change starts a new model: what is on the screen depends on the settings alone, so a
  // link shows the same to everyone. (A trained model keeps to its regime when γ moves.) While
  // the slider moves the reader sees models trained briefly; where it rests, the whole training.
  function changed() {
    refresh();
    if (share) fragment.write(settings.name, values);
    clearTimeout(wait);
    wait = setTimeout(begin, 300, false);
    setRunning(true);
    glance();
  }

  const { density, gamma, ...others } = FIELDS, more = part(".sp-more .sp-fields");
  const rows = [sliders(part(".sp-fields"), settings.name, { density, gamma }, values, changed),
    sliders(more, settings.name, others, values, changed), chooser(more, "bias", BIAS, values, changed)];
  const refresh = () => rows.forEach((row) => row());
  // A link may set what stands under "more".
  const reveal = () => {
    refresh();
    if ([...Object.keys(others), "bias"].some((key) => values[key] !== start[key])) part(".sp-more").open = true;
  };
  if (share) fragment.follow(settings.name, el.firstChild, values, () => { reveal(); begin(false); });
  reveal();
  el.firstChild.toggleAttribute("data-plane", values.m === 2);
  const buttons = part(".sp-buttons");
  const go = button(buttons, "Train", () => {
    if (done || wait) return begin(!done);
    session.send({ type: running ? "pause" : "run" });
    setRunning(!running);
  });
  button(buttons, "Reset settings", () => {
    Object.assign(values, start);
    refresh();
    if (share) fragment.write(settings.name, null);
    begin(false);
  });
  if (share) linkButton(buttons, settings.name, values, say);

  // Waits at step 0 until its pictures are on the screen, then runs, unless motion is unwelcome.
  begin(true);
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    if (!calm() && !running && !done) go.click();
  }, { threshold: 0.5 });
  seen.observe(shape);
  return () => {
    seen.disconnect();
    clearTimeout(wait);
    session.stop();
  };
}
