// The playground: the toy model, trained as the reader watches and as the reader moves its settings.
const GLANCE = 400; // steps of the short training shown while a setting moves: about 0.2 s

function playground(el, settings, share, report) {
  const start = { ...settings.values }, values = { ...start };
  // Lengths first, where "how many are kept" is the question; in the plane the arrows themselves.
  const panels = ["norms", "shape"];
  if (start.m === 2) panels.reverse();
  el.innerHTML = `<div class="sp" data-widget="playground" role="group" aria-label="Playground: a toy model that trains here">
    <div class="sp-fields"></div><div class="sp-buttons"></div>
    <div class="sp-panels">${panels.map((name) => `<div class="sp-panel" data-panel="${name}"></div>`).join("")}
    <div class="sp-panel" data-panel="loss"></div><dl class="sp-values"></dl></div><p class="sp-status" role="status"></p></div>`;
  const part = (name) => el.querySelector(name), shape = part("[data-panel=shape]");
  shape.innerHTML = `<canvas width="2" height="2" role="img"></canvas><div></div>`;
  const canvas = part("canvas"), say = announcer(part(".sp-status"));
  let running = false, done = false, glancing = false, moved = false, wait = 0, drawn = 0, waiting = null;

  function draw(next) {
    // Where motion is unwelcome, twice a second is enough to follow what happens.
    if (calm() && !next.done && Date.now() - drawn < 500) return;
    drawn = Date.now();
    const { n, m, loss, represented, overlap, welch, step, steps } = next;
    const kept = `${Math.round(represented * n)} of ${n}`;
    const plane = m === 2, words = shape.querySelector("div");
    if (plane) words.innerHTML = vectorChart(next, `${n} feature vectors in the plane, ${kept} longer than one half`);
    else {
      drawOverlaps(canvas, next);
      canvas.setAttribute("aria-label", `Matrix of the cosines between ${n} feature vectors; their mean square is ${number(overlap)}`);
      words.innerHTML = `<span>cosine of each two vectors (blue +, orange −)</span>`;
    }
    canvas.hidden = plane;
    part("[data-panel=norms]").innerHTML = normChart(next, step ? `${kept} kept` : "not trained yet", `Lengths of the feature vectors by rank of frequency: ${kept} above one half`);
    if (!next.glance) part("[data-panel=loss]").innerHTML = lossChart(next, `Held-out loss against training step, now ${number(loss)} at step ${step}`);
    const rows = [
      ["step", next.glance ? `${step} (a glance)` : `${step} / ${steps}`, "step"], ["loss", number(loss), "loss"],
      ["represented <i>φ</i><sub>1/2</sub>", `${number(represented)} (${kept})`, "phi"],
      ["mean squared overlap", number(overlap), "overlap"], ["1/<i>m</i>", number(1 / m), "inverse"],
      ["least possible (Welch)", number(welch), "welch"],
    ];
    part(".sp-values").innerHTML = rows.map(([name, value, key]) => `<div><dt>${name}</dt><dd data-value="${key}">${value}</dd></div>`).join("");
    if (next.glance) return;
    say(`${next.done ? "Trained" : "Training"}: step ${step} of ${steps}, loss ${number(loss)}, ${kept} features represented, mean squared overlap ${number(overlap)} against 1/m = ${number(1 / m)}.`, next.done);
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
    const { gamma, ...rest } = values;
    session.send({ type: "start", settings: { ...rest, weightDecay: gamma, steps: settings.steps }, slices: 120, ...how });
  }

  function begin(paused) {
    clearTimeout(wait);
    glancing = moved = false;
    wait = 0;
    train({ paused });
    setRunning(!paused);
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
    if (share) fragment.write(settings.name, values);
    clearTimeout(wait);
    wait = setTimeout(begin, 300, false);
    setRunning(true);
    glance();
  }

  if (share) fragment.follow(settings.name, el.firstChild, values, () => { refresh(); begin(false); });
  const refresh = sliders(part(".sp-fields"), settings.name, FIELDS, values, changed), buttons = part(".sp-buttons");
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
  seen.observe(part(".sp-panel"));
  return () => {
    seen.disconnect();
    clearTimeout(wait);
    session.stop();
  };
}
