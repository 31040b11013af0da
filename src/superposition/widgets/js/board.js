// The board: lamps on the left, the few numbers that keep them in the middle, readings on the right.
const BOARD_MOVE = 260; // milliseconds in which needle and bars go to where they belong

// One stop for the tab key; the arrow keys go from button to button.
function roving(host, css) {
  const all = () => [...host.querySelectorAll(css)];
  all().forEach((one, k) => (one.tabIndex = k ? -1 : 0));
  host.addEventListener("keydown", (event) => {
    const buttons = all(), at = buttons.indexOf(event.target), last = buttons.length - 1;
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    buttons[(to + buttons.length) % buttons.length].focus();
  });
  host.addEventListener("focusin", ({ target }) => {
    if (all().includes(target)) for (const one of all()) one.tabIndex = one === target ? 0 : -1;
  });
}

// A slider over the board's places, and a button to the next; returns what shows where it stands.
function steering(host, { states, slider, press, name }, go) {
  let at = 0;
  const plain = slider.replace(/<[^>]+>/g, "");
  host.innerHTML = `<label class="sp-field"><span>${slider}</span><input type="range" min="0" max="${states.length - 1}" step="1" aria-label="${plain}"><output aria-live="off"></output></label>`;
  const input = host.querySelector("input"), output = host.querySelector("output");
  input.addEventListener("input", () => go(Number(input.value)));
  if (press) button(host, press, () => go((at + 1) % states.length));
  return (place) => {
    input.value = at = place;
    output.textContent = states[at].label;
    input.setAttribute("aria-valuetext", `${plain} ${states[at].label}`);
  };
}

// A number for the place shown, and what it is of the number at the place before.
function counterRow(what, values, at) {
  const change = at > 0 ? `<b>× ${twoDigits(values[at] / values[at - 1])}</b>` : "";
  return `<div><dt>${what}</dt><dd>${number(values[at])}${change}</dd></div>`;
}

function board(el, settings, share, report) {
  const { n, per, labels, lamps, states, frames, counters, strongest, top } = settings;
  const rows = !strongest && n <= 12 && lamps.length === n;
  const now = { on: new Set(settings.on), cut: settings.cut, at: settings.at };
  let shown = lamps.map((_, lamp) => (now.on.has(lamp) ? 1 : 0)), shownCut = now.cut, moving = 0;
  const text = (words) => Object.assign(document.createElement("i"), { textContent: words }).innerHTML.replaceAll('"', "&quot;");
  const named = (i) => labels[i], count = (k, what) => `${k.toLocaleString("en")} ${what}`;
  const part = (css) => el.querySelector(css);

  el.innerHTML = `<div class="sp" data-widget="board" role="group" aria-label="Board: ${lamps.length} lamps, the numbers that keep them, and ${n} readings">
    <div class="sp-steer"></div>
    <div class="sp-board" data-view="${rows ? "rows" : strongest ? "strongest" : "spectrum"}" style="--rows: ${rows ? n : 1}">
      <span class="sp-head sp-head-lamps">${count(n, "lamps")}</span><span class="sp-head sp-head-middle"></span><span class="sp-head sp-head-bars">${strongest ? `the ${strongest} strongest of ${n} readings` : count(n, "readings")}</span>
      <div class="sp-middle"></div><div class="sp-lamps" role="group" aria-label="lamps"></div><div class="sp-bars"></div>
      <label class="sp-cutter"><span class="sp-cutter-far">the cut</span><span class="sp-bar"><span class="sp-bar-name">the cut</span><input type="range" min="0" max="1" step="0.01" aria-label="the cut"><output aria-live="off"></output></span></label>
    </div>
    <dl class="sp-counters"></dl>
    <div class="sp-story"><div class="sp-dots" role="group" aria-label="the story in ${frames.length} steps"></div><p class="sp-sentence" role="status"></p></div></div>`;
  const middle = part(".sp-middle"), barHost = part(".sp-bars"), cutter = part(".sp-cutter input");

  const lampButtons = lamps.map((feature, lamp) => {
    const one = button(part(".sp-lamps"), "", () => {
      now.on.has(lamp) ? now.on.delete(lamp) : now.on.add(lamp);
      change();
    });
    one.className = "sp-lamp";
    // A chip of many has no room for more than its number.
    one.innerHTML = `<i class="sp-bulb"></i>${text(rows ? named(feature) : named(feature).replace(/^lamp (?=\d+$)/, ""))}`;
    one.setAttribute("aria-label", named(feature));
    return one;
  });
  const dots = frames.map((frame, k) => {
    const one = button(part(".sp-dots"), String(k + 1), () => {
      now.on = new Set(frame.on);
      now.cut = frame.cut;
      now.at = frame.at;
      change();
    });
    one.setAttribute("aria-label", `Step ${k + 1} of ${frames.length}`);
    return one;
  });
  const steer = states.length > 1 ? steering(part(".sp-steer"), settings, (place) => {
    now.at = place;
    change(false);
  }) : () => {};
  roving(part(".sp-lamps"), "button");
  roving(part(".sp-dots"), "button");
  const bars = rows || strongest ? Array.from({ length: rows ? n : strongest }, () => barRow(barHost)) : [];

  // The frame that the board now shows, if it is one: its own words are better than made ones.
  function frameNow() {
    return frames.findIndex((f) => f.at === now.at && Math.abs(f.cut - now.cut) < 0.005 && f.on.length === now.on.size && f.on.every((lamp) => now.on.has(lamp)));
  }

  // Everything that moves is drawn from the lamps' present brightness, so that all moves as one.
  function draw() {
    const state = states[now.at], h = middleOf(state, shown, per), overlaps = answersOf(state, shown, n, per);
    const lit = new Set([...now.on].map((lamp) => lamps[lamp])), cut = shownCut;
    const numbers = [...h].map(twoDigits), words = `The ${state.m} numbers in the middle: ${state.m <= 12 ? numbers.join(", ") : "too many to say"}`;
    const view = { per, labels: lamps.map((i) => text(named(i))), lamps, x: shown, h, overlaps, cut, words };
    middle.innerHTML = state.m === 2 ? planeDrawing(state, view) : cellsDrawing(state, view);
    part(".sp-head-middle").textContent = state.m === 1 ? "1 number" : count(state.m, "numbers");
    const order = rows || !strongest ? null : [...overlaps.keys()].sort((a, b) => overlaps[b] - overlaps[a]);
    bars.forEach((bar, k) => {
      const feature = order ? order[k] : k;
      bar.show({ label: named(feature), overlap: overlaps[feature], cut, top, lit: lit.has(feature) });
    });
    if (!bars.length) {
      const heard = [...overlaps].filter((v, i) => !lit.has(i) && isHeard(readingOf(v, cut))).length;
      barHost.innerHTML = spectrumDrawing({ n, overlaps, cut, lit, words: `${n} readings; ${heard} features that nobody switched on are heard` });
    }
  }

  function say() {
    const state = states[now.at], x = lamps.map((_, lamp) => (now.on.has(lamp) ? 1 : 0)), frame = frameNow();
    const readings = [...answersOf(state, x, n, per)].map((value) => readingOf(value, now.cut));
    const on = [...now.on].sort((a, b) => a - b).map((lamp) => lamps[lamp]);
    const words = frame >= 0 ? frames[frame].sentence : boardSentence(on, readings, named);
    if (part(".sp-sentence").textContent !== words) part(".sp-sentence").textContent = words;
    dots.forEach((dot, k) => dot.setAttribute("aria-pressed", k === frame));
    lampButtons.forEach((one, lamp) => one.setAttribute("aria-pressed", now.on.has(lamp)));
    steer(now.at);
    part(".sp-counters").innerHTML = Object.entries(counters).map(([what, values]) => counterRow(what, values, now.at)).join("");
    cutter.value = now.cut;
    part(".sp-cutter output").textContent = now.cut.toFixed(2);
    cutter.setAttribute("aria-valuetext", `${now.cut.toFixed(2)}, a bias of ${twoDigits(-now.cut)}`);
    return { on, cut: now.cut, state: now.at, readings: n <= 100 ? readings : [] };
  }

  // Lamps and cut go to where they belong in a moment, or at once where motion is unwelcome.
  function change(glide = true) {
    const target = lamps.map((_, lamp) => (now.on.has(lamp) ? 1 : 0)), from = shown, fromCut = shownCut, began = performance.now();
    cancelAnimationFrame(moving);
    const step = (time) => {
      const t = glide && !calm() ? Math.min(1, Math.max(0, (time - began) / BOARD_MOVE)) : 1, s = t * t * (3 - 2 * t);
      shown = target.map((x, lamp) => from[lamp] + s * (x - from[lamp]));
      shownCut = fromCut + s * (now.cut - fromCut);
      draw();
      el.firstChild.toggleAttribute("data-moving", t < 1);
      if (t < 1) moving = requestAnimationFrame(step);
    };
    step(began);
    report(say());
  }

  cutter.addEventListener("input", () => {
    now.cut = Number(cutter.value);
    change(false);
  });
  part(".sp-cutter").hidden = !settings.cutter;
  part(".sp-board").style.setProperty("--top", top);
  draw();
  say();
  if (!calm() && bars.length) barHost.classList.add("sp-arrival"); // the bars of others pulse once
  return () => cancelAnimationFrame(moving);
}
