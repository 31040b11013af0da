// The toy model y = ReLU(W Wᵀ x + b), trained in the reader's browser: numbers only, no page.
// One function, so that its own text can be started as a worker (see playground.js); its methods
// are those of superposition.toy, which tests/browser/test_agreement.py holds it to.
function superpositionEngine() {
  "use strict";
  // sfc32: small, fast, seedable. Returns a function drawing from [0, 1).
  function generator(seed) {
    let a = 0x9e3779b9 ^ seed, b = 0x243f6a88, c = 0xb7e15162, d = 1;
    const next = () => {
      const t = (((a + b) | 0) + d) | 0;
      d = (d + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = ((c << 21) | (c >>> 11)) + t | 0;
      return (t >>> 0) / 4294967296;
    };
    for (let i = 0; i < 16; i++) next();
    return next;
  }

  function normal(random) {
    return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  }

  // p_i ∝ i^-alpha with sum `density`, which is lowered where p_1 would pass 1.
  function powerLaw(n, alpha, density) {
    const p = Float64Array.from({ length: n }, (_, i) => Math.pow(i + 1, -alpha));
    const total = p.reduce((sum, value) => sum + value, 0);
    return p.map((value) => (value * Math.min(density, total)) / total);
  }

  // The features other than `forced` that are active in one row, skipping from one candidate to
  // the next by geometric steps at rate p[i], thinned to the true rate (p never rises with i).
  function appendActive(rows, p, forced, random) {
    for (let i = 0; i < p.length; i++) {
      const rate = p[i];
      if (rate < 1) i += Math.floor(Math.log(1 - random()) / Math.log1p(-rate));
      if (i < p.length && i !== forced && random() * rate < p[i]) {
        rows.index.push(i);
        rows.value.push(2 * random());
      }
    }
    rows.start.push(rows.index.length);
  }

  // Rows of data, sparse: row r has features index[start[r] … start[r + 1]) and a weight. Every
  // row forces one active feature, chosen with q_i ∝ p_i^0.85 at evenly spaced quantiles, so a
  // row of features S comes Σ_S q_i/p_i times as often as in the data and is weighed by the
  // inverse; `empty` is the probability of the row without features, which is added exactly.
  class Sampler {
    constructor(p, random) {
      const q = p.map((value) => value ** 0.85), total = q.reduce((sum, value) => sum + value, 0);
      let sum = 0;
      this.p = p;
      this.random = random;
      this.odds = q.map((value, i) => value / total / p[i]);
      this.quantiles = q.map((value) => (sum += value / total));
      this.empty = p.reduce((product, value) => product * (1 - value), 1);
    }

    draw(count) {
      const { p, random, odds, quantiles } = this;
      const rows = { index: [], value: [], start: [0], weight: new Float64Array(count), empty: this.empty };
      for (let r = 0, forced = 0; r < count; r++) {
        const u = (r + random()) / count;
        while (forced < p.length - 1 && quantiles[forced] < u) forced++;
        rows.index.push(forced);
        rows.value.push(2 * random());
        appendActive(rows, p, forced, random);
        let sum = 0;
        for (let e = rows.start[r]; e < rows.start[r + 1]; e++) sum += odds[rows.index[e]];
        rows.weight[r] = 1 / (count * sum);
      }
      return rows;
    }
  }

  // Loss summed over features; with `grad`, adds its gradient to grad.W and grad.b.
  function lossOf(model, rows, grad) {
    const { n, m, W, b } = model, h = new Float64Array(m), back = new Float64Array(m);
    const x = new Float64Array(n);
    let loss = 0;
    for (let r = 0; r < rows.weight.length; r++) {
      const from = rows.start[r], to = rows.start[r + 1], w = rows.weight[r];
      h.fill(0);
      back.fill(0);
      for (let e = from; e < to; e++) {
        const i = rows.index[e], row = i * m;
        x[i] = rows.value[e];
        for (let k = 0; k < m; k++) h[k] += x[i] * W[row + k];
      }
      for (let j = 0, row = 0; j < n; j++, row += m) {
        let y = b[j];
        for (let k = 0; k < m; k++) y += W[row + k] * h[k];
        const error = (y > 0 ? y : 0) - x[j];
        if (error !== 0) loss += w * error * error;
        if (y > 0 && grad) {
          const g = 2 * w * error;
          grad.b[j] += g;
          for (let k = 0; k < m; k++) {
            grad.W[row + k] += g * h[k];
            back[k] += g * W[row + k];
          }
        }
      }
      for (let e = from; e < to; e++) {
        const i = rows.index[e], row = i * m;
        if (grad) for (let k = 0; k < m; k++) grad.W[row + k] += x[i] * back[k];
        x[i] = 0;
      }
    }
    for (let j = 0; j < n; j++) {
      if (b[j] <= 0) continue;
      loss += rows.empty * b[j] * b[j];
      if (grad) grad.b[j] += 2 * rows.empty * b[j];
    }
    return loss;
  }

  function measure(model) {
    const { n, m, W } = model, norms = new Float64Array(n), gram = new Float64Array(m * m);
    let kept = 0, represented = 0;
    for (let i = 0; i < n; i++) {
      let square = 0;
      for (let k = 0; k < m; k++) square += W[i * m + k] ** 2;
      norms[i] = Math.sqrt(square);
      if (norms[i] > 0.5) represented++;
      if (square === 0) continue;
      kept++;
      for (let k = 0; k < m; k++)
        for (let l = 0; l < m; l++) gram[k * m + l] += (W[i * m + k] * W[i * m + l]) / square;
    }
    const squares = gram.reduce((sum, value) => sum + value * value, 0);
    return {
      norms,
      represented: represented / n,
      overlap: kept > 1 ? Math.max(0, (squares - kept) / (kept * (kept - 1))) : 0,
      welch: n > m ? (n - m) / (m * (n - 1)) : 0,
    };
  }

  // Adam with decoupled, signed decay of the rows of W; a warm-up, then a cosine to zero. The
  // numbers are those of the protocol "converged" of superposition.toy.
  class Trainer {
    constructor({ n, m, alpha, density, weightDecay, seed = 0, steps = 4000, batch = 256 }) {
      const random = generator(seed);
      Object.assign(this, { n, m, weightDecay, steps, batch, step: 0, adamSteps: 0 });
      this.p = powerLaw(n, alpha, density);
      this.sampler = new Sampler(this.p, random);
      this.W = Float32Array.from({ length: n * m }, () => normal(random) / Math.sqrt(m));
      this.b = new Float32Array(n);
      this.grad = { W: new Float64Array(n * m), b: new Float64Array(n) };
      this.first = new Float64Array(n * m + n);
      this.second = new Float64Array(n * m + n);
      this.heldOut = new Sampler(this.p, generator(987654321)).draw(4096);
    }

    // A new schedule from the weights as they are, as when the reader moves the dial of decay.
    restart(weightDecay = this.weightDecay) {
      this.weightDecay = weightDecay;
      this.step = 0;
    }

    learningRate() {
      const warm = 0.1 * this.steps;
      if (this.step < warm) return (0.02 * (this.step + 1)) / warm;
      return 0.01 * (1 + Math.cos((Math.PI * (this.step - warm)) / (this.steps - warm)));
    }

    advance(count) {
      for (; count > 0 && this.step < this.steps; count--) this.oneStep();
      return this;
    }

    oneStep() {
      const { n, m, W, b, grad, first, second } = this, size = n * m, rate = this.learningRate();
      grad.W.fill(0);
      grad.b.fill(0);
      lossOf(this, this.sampler.draw(this.batch), grad);
      this.decay(rate);
      this.step++;
      this.adamSteps++;
      const c1 = 1 - 0.9 ** this.adamSteps, c2 = 1 - 0.99 ** this.adamSteps;
      for (let i = 0; i < size + n; i++) {
        const g = i < size ? grad.W[i] : grad.b[i - size];
        first[i] += 0.1 * (g - first[i]);
        second[i] += 0.01 * (g * g - second[i]);
        const move = (rate * first[i]) / c1 / (Math.sqrt(second[i] / c2) + 1e-8);
        if (i < size) W[i] -= move;
        else b[i - size] -= move;
      }
    }

    // γ >= 0: W_i *= 1 - ηγ. γ < 0: W_i += ηγ W_i (1 - 1/|W_i|), which draws |W_i| towards 1.
    decay(rate) {
      const { n, m, W, weightDecay } = this;
      for (let i = 0; i < n; i++) {
        let factor = 1 - rate * weightDecay;
        if (weightDecay < 0) {
          let square = 1e-24;
          for (let k = 0; k < m; k++) square += W[i * m + k] ** 2;
          factor = 1 + rate * weightDecay * (1 - 1 / Math.sqrt(square));
        }
        for (let k = 0; k < m; k++) W[i * m + k] *= factor;
      }
    }

    heldOutLoss() {
      return lossOf(this, this.heldOut);
    }
  }

  // Least squares of log y on log x: y = prefactor · x^exponent, with a two-sided interval of
  // Student's t (quantile `t` for the degrees of freedom, 97.5 % unless told).
  function fitPowerLaw(x, y) {
    const u = x.map(Math.log), v = y.map(Math.log), n = u.length;
    if (n < 3) throw new Error("a fit with an interval needs at least three points");
    const mean = (a) => a.reduce((sum, value) => sum + value, 0) / n;
    const mu = mean(u), mv = mean(v);
    const sxx = mean(u.map((value) => (value - mu) ** 2)) * n;
    const exponent = (mean(u.map((value, i) => (value - mu) * (v[i] - mv))) * n) / sxx;
    const rest = v.map((value, i) => value - mv - exponent * (u[i] - mu));
    const error = Math.sqrt((mean(rest.map((r) => r * r)) * n) / (n - 2) / sxx);
    const t = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228][Math.min(n - 3, 9)];
    return {
      exponent,
      interval: [exponent - t * error, exponent + t * error],
      prefactor: Math.exp(mv - exponent * mu),
    };
  }

  return { generator, normal, powerLaw, Sampler, lossOf, measure, Trainer, fitPowerLaw };
}

// What a worker (or, without workers, the page itself) does with messages from a widget. Work is
// cut into slices so that the next message is heard within a few hundredths of a second.
function superpositionSession(engine, post) {
  "use strict";
  let trainer = null, timer = 0, history = [], perSlice = 1;

  function snapshot() {
    const { n, m, step, steps } = trainer, { norms, represented, overlap, welch } = engine.measure(trainer);
    const loss = trainer.heldOutLoss();
    history.push([step, loss]);
    const done = step >= steps;
    post({ type: "state", n, m, step, steps, W: trainer.W.slice(), norms, represented, overlap, welch,
      loss, history: history.slice(), done });
    return done;
  }

  function slice() {
    const began = Date.now();
    for (let k = 0; k < perSlice && Date.now() - began < 60; k += 5) trainer.advance(5);
    timer = snapshot() ? 0 : setTimeout(slice, 33);
  }

  function ladder({ widths, settings }, at = 0) {
    const began = Date.now();
    trainer = trainer || new engine.Trainer({ ...settings, m: widths[at] });
    while (trainer.step < trainer.steps && Date.now() - began < 60) trainer.advance(5);
    if (trainer.step >= trainer.steps) {
      const { overlap, welch, represented } = engine.measure(trainer);
      post({ type: "rung", m: widths[at], loss: trainer.heldOutLoss(), overlap, welch, represented });
      trainer = null;
      at++;
    }
    const part = at + (trainer ? trainer.step / trainer.steps : 0);
    post({ type: "progress", share: part / widths.length });
    if (at < widths.length) timer = setTimeout(() => ladder({ widths, settings }, at), 0);
    else post({ type: "ladder done" });
  }

  return (message) => {
    const running = timer !== 0;
    clearTimeout(timer);
    timer = 0;
    if (message.type === "start") {
      trainer = new engine.Trainer(message.settings);
      history = [];
      perSlice = Math.max(5, Math.ceil(trainer.steps / message.slices));
      if (snapshot() || message.paused) return;
      timer = setTimeout(slice, 33);
    } else if (message.type === "decay" && trainer) {
      trainer.restart(message.weightDecay);
      history = [];
      if (running || message.run) slice();
    } else if (message.type === "run" && trainer && trainer.step < trainer.steps) slice();
    else if (message.type === "ladder") {
      trainer = null;
      ladder(message);
    }
  };
}
