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

  // Rows of data, sparse: row r has features index[start[r] … start[r + 1]) and a weight. Every
  // row forces one active feature, chosen with q_i ∝ p_i^power at evenly spaced quantiles, so a
  // row of features S comes Σ_S q_i/p_i times as often as in the data and is weighed by the
  // inverse; `empty` is the probability of the row without features, which is added exactly.
  class Sampler {
    constructor(p, random, power = 0.85) {
      const cumulate = (a, sum = 0) => a.map((value) => (sum += value));
      const q = p.map((value) => value ** power), total = q.reduce((sum, value) => sum + value, 0);
      // A Poisson number of hits at rate -log(1 - p_i) leaves feature i active with probability
      // exactly p_i: a row needs about as many draws as it has active features, not n.
      const rate = p.map((value) => -Math.log1p(-Math.min(value, 1 - 1e-9)));
      this.random = random;
      this.qOverP = q.map((value, i) => value / total / p[i]);
      this.quantiles = cumulate(q.map((value) => value / total));
      this.hits = cumulate(rate);
      this.rate = this.hits[p.length - 1];
      this.none = Math.exp(-this.rate);
      // Where to start looking in `hits` for a number that falls into slot s of 256.
      this.guide = Int32Array.from({ length: 256 }, (_, s) => {
        const at = this.hits.findIndex((sum) => sum > (s / 256) * this.rate);
        return at < 0 ? p.length - 1 : at;
      });
      this.empty = p.reduce((product, value) => product * (1 - value), 1);
    }

    draw(count) {
      const { random, qOverP, quantiles, hits, rate, none, guide } = this, last = qOverP.length - 1;
      const index = [], value = [], start = [0], weight = new Float64Array(count);
      for (let r = 0, forced = 0, end = 0; r < count; r++) {
        const from = end, u = (r + random()) / count;
        while (forced < last && quantiles[forced] < u) forced++;
        index[end] = forced;
        value[end++] = 2 * random();
        let sum = qOverP[forced];
        let share = none;
        for (let left = random() - none, k = 1; left > 0 && k < 200; left -= share, k++) {
          share *= rate / k;
          const slot = random(), sought = slot * rate;
          let i = guide[(slot * 256) | 0];
          while (i < last && hits[i] < sought) i++;
          let known = false;
          for (let e = from; e < end; e++) known = known || index[e] === i;
          if (known) continue;
          index[end] = i;
          value[end++] = 2 * random();
          sum += qOverP[i];
        }
        start.push(end);
        weight[r] = 1 / (count * sum);
      }
      return { index, value, start, weight, empty: this.empty };
    }
  }

  // Loss summed over features; with `grad`, adds its gradient to grad.W and grad.b. A row has few
  // active features, so outputs are sums of few columns of the Gram matrix W Wᵀ, which is made
  // once for all rows: dearer than W Wᵀ x for one row, far cheaper for hundreds.
  const room = new Map(); // n × n work space, kept from step to step
  function lossOf({ n, m, W, b }, rows, grad) {
    if (!room.has(n)) room.set(n, [new Float64Array(n * n), new Float64Array(n * n)]);
    const [gram, pull] = room.get(n);
    pull.fill(0);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let dot = 0;
        for (let k = 0; k < m; k++) dot += W[i * m + k] * W[j * m + k];
        gram[i * n + j] = gram[j * n + i] = dot;
      }
    }
    const base = new Float64Array(n), error = new Float64Array(n), on = new Int32Array(n);
    const { index, value, start, weight } = rows;
    let loss = 0;
    for (let r = 0; r < weight.length; r++) {
      const from = start[r], to = start[r + 1], second = Math.min(from + 1, to - 1);
      const row0 = index[from] * n, row1 = index[second] * n, x0 = value[from];
      const x1 = second > from ? value[second] : 0; // nearly all rows have one or two features
      base.set(b);
      for (let e = from + 2; e < to; e++)
        for (let j = 0, at = index[e] * n; j < n; j++) base[j] += value[e] * gram[at + j];
      let outputs = 0, squares = 0; // which outputs are on: only these pass a gradient back
      for (let j = 0; j < n; j++) {
        const y = base[j] + x0 * gram[row0 + j] + x1 * gram[row1 + j];
        error[j] = 0;
        if (y > 0) {
          error[j] = y;
          squares += y * y;
          on[outputs++] = j;
        }
      }
      for (let e = from; e < to; e++) {
        const j = index[e], y = error[j];
        squares += (y - value[e]) ** 2 - y * y;
        if (y > 0) error[j] = y - value[e];
      }
      loss += weight[r] * squares;
      if (!grad) continue;
      const twice = 2 * weight[r];
      for (let o = 0; o < outputs; o++) grad.b[on[o]] += twice * error[on[o]];
      for (let e = from; e < to; e++)
        for (let o = 0, at = index[e] * n, w = twice * value[e]; o < outputs; o++)
          pull[at + on[o]] += w * error[on[o]];
    }
    for (let j = 0; j < n; j++) {
      if (b[j] <= 0) continue;
      loss += rows.empty * b[j] * b[j];
      if (grad) grad.b[j] += 2 * rows.empty * b[j];
    }
    for (let i = 0; grad && i < n; i++)
      for (let j = 0; j < n; j++) {
        const both = pull[i * n + j] + pull[j * n + i];
        if (both !== 0) for (let k = 0; k < m; k++) grad.W[i * m + k] += both * W[j * m + k];
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
  // numbers are those of the recipe "converged" in superposition/toy/recipes.py, one update
  // that of superposition/toy/model.py.
  class Trainer {
    // `biasStart`: b begins at mean + std · N(0, 1).
    constructor({ n, m, alpha, density, weightDecay, biasStart, seed = 0, steps = 4000, batch = 512 }) {
      const random = generator(seed);
      Object.assign(this, { n, m, weightDecay, steps, batch, step: 0 });
      this.p = powerLaw(n, alpha, density);
      this.sampler = new Sampler(this.p, random);
      this.W = Float32Array.from({ length: n * m }, () => normal(random) / Math.sqrt(m));
      const { mean, std } = { mean: 0, std: 0, ...biasStart };
      this.b = Float32Array.from({ length: n }, () => mean + (std ? std * normal(random) : 0));
      this.grad = { W: new Float64Array(n * m), b: new Float64Array(n) };
      this.first = new Float64Array(n * m + n);
      this.second = new Float64Array(n * m + n);
    }

    learningRate() {
      const warm = 0.1 * this.steps;
      if (this.step < warm) return (0.02 * (this.step + 1)) / warm;
      return 0.01 * (1 + Math.cos((Math.PI * (this.step - warm)) / (this.steps - warm)));
    }

    advance(count) {
      while (count-- > 0 && this.step < this.steps) this.oneStep();
      return this;
    }

    oneStep() {
      const { n, m, W, b, grad, first, second } = this, rate = this.learningRate();
      for (const part of [grad.W, grad.b]) part.fill(0);
      lossOf(this, this.sampler.draw(this.batch), grad);
      this.decay(rate);
      this.step++;
      const c1 = 1 - 0.9 ** this.step, c2 = 1 - 0.99 ** this.step;
      const adam = (x, g, at) => {
        for (let i = 0; i < x.length; i++) {
          const a = (first[at + i] += 0.1 * (g[i] - first[at + i]));
          const v = (second[at + i] += 0.01 * (g[i] * g[i] - second[at + i]));
          x[i] -= (rate * a) / (c1 * (Math.sqrt(v / c2) + 1e-8));
        }
      };
      adam(W, grad.W, 0);
      adam(b, grad.b, n * m);
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

    // On fresh rows, always the same ones for a count; rare features get more of them.
    heldOutLoss(count = 2048) {
      if (this.heldOut?.weight.length !== count)
        this.heldOut = new Sampler(this.p, generator(987654321), 0.5).draw(count);
      return lossOf(this, this.heldOut);
    }
  }

  // Least squares of log y on log x: y = prefactor · x^exponent; interval of 95 % (Student's t).
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
    return { exponent, interval: [exponent - t * error, exponent + t * error], prefactor: Math.exp(mv - exponent * mu) };
  }

  return { generator, normal, powerLaw, Sampler, lossOf, measure, Trainer, fitPowerLaw };
}
