// What a worker (or, without workers, the page itself) does with messages from a widget. Work is
// cut into slices so that the next message is heard within a few hundredths of a second.
function superpositionSession(engine, post) {
  "use strict";
  let trainer = null, timer = 0, history = [], perSlice = 1;

  function snapshot(glance = false) {
    const { n, m, step, steps } = trainer, { norms, represented, overlap, welch } = engine.measure(trainer);
    const loss = trainer.heldOutLoss();
    history.push([step, loss]);
    const done = step >= steps && !glance;
    post({ type: "state", n, m, step, steps, W: trainer.W.slice(), norms, represented, overlap, welch,
      loss, history: history.slice(), done, glance });
    return done;
  }

  function slice() {
    const began = Date.now();
    for (let k = 0; k < perSlice && Date.now() - began < 60; k += 5) trainer.advance(5);
    timer = snapshot() ? 0 : setTimeout(slice, 33);
  }

  // A short training whose end alone is shown.
  function glance() {
    const began = Date.now();
    while (trainer.step < trainer.steps && Date.now() - began < 60) trainer.advance(5);
    if (trainer.step < trainer.steps) timer = setTimeout(glance, 0);
    else snapshot(true);
  }

  // A model of each width, trained twice: once for half the steps, since what the last doubling
  // took off the loss says how far from converged a rung still is (as superposition.toy does).
  function ladder(job) {
    const { widths, settings } = job, began = Date.now(), m = widths[job.at];
    const steps = job.half ? settings.steps : settings.steps / 2;
    trainer = trainer || new engine.Trainer({ ...settings, m, steps });
    while (trainer.step < steps && Date.now() - began < 60) trainer.advance(5);
    if (trainer.step >= steps && !job.half) job.half = trainer.heldOutLoss(20000);
    else if (trainer.step >= steps) {
      const { overlap, welch, represented } = engine.measure(trainer), loss = trainer.heldOutLoss(20000);
      const gain = (0.5 * (job.half - loss)) / loss;
      post({ type: "rung", m, loss, overlap, welch, represented, gain });
      job.half = 0;
      job.at++;
    }
    const part = (job.half ? 1 / 3 : 0) + ((trainer.step % steps) / settings.steps) * (2 / 3);
    if (trainer.step >= steps) trainer = null;
    post({ type: "progress", share: (job.at + part) / widths.length });
    if (job.at < widths.length) timer = setTimeout(ladder, 0, job);
    else post({ type: "ladder done" });
  }

  return (message) => {
    clearTimeout(timer);
    timer = 0;
    if (message.type === "start") {
      trainer = new engine.Trainer({ ...message.settings, steps: message.glance || message.settings.steps });
      history = [];
      if (message.glance) return glance();
      perSlice = Math.max(5, Math.ceil(trainer.steps / message.slices));
      if (snapshot() || message.paused) return;
      timer = setTimeout(slice, 33);
    } else if (message.type === "run" && trainer && trainer.step < trainer.steps) slice();
    else if (message.type === "ladder") {
      trainer = null;
      ladder({ ...message, at: 0, half: 0 });
    }
  };
}

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
