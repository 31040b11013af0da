// The board: lamps on the left, the few numbers that keep them in the middle, readings on the
// right.
const BOARD_MOVE = 260; // milliseconds in which needle and bars go to where they belong

// One stop for the tab key; the arrow keys go from button to button.
function roving(host, css) {
  const all = () => [...host.querySelectorAll(css)];
  all().forEach((one, k) => (one.tabIndex = k ? -1 : 0));
  host.addEventListener("keydown", (event) => {
    const buttons = all(), at = buttons.indexOf(event.target), last = buttons.length - 1;
    const [after, before] = [at + 1, at - 1];
    const to = {
      ArrowRight: after, ArrowDown: after, ArrowLeft: before, ArrowUp: before, Home: 0, End: last,
    }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    buttons[(to + buttons.length) % buttons.length].focus();
  });
  host.addEventListener("focusin", ({ target }) => {
    if (all().includes(target)) for (const one of all()) one.tabIndex = one === target ? 0 : -1;
  });
}

// A slider over the board's places, and a button to the next; returns what shows where it stands.
function steering(host, { states, slider, press }, go) {
  let at = 0;
  const plain = slider.replace(/<[^>]+>/g, "");
  host.innerHTML = `<label class="sp-field"><span>${slider}</span>
    <input type="range" min="0" max="${states.length - 1}" step="1" aria-label="${plain}">
    <output aria-live="off"></output></label>`;
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

const countOf = (k, what) => `${k.toLocaleString("en")} ${what}`;

// Words of a cell's author as HTML that shows them and does nothing else.
const asHtml = (words) =>
  Object.assign(document.createElement("i"), { textContent: words })
    .innerHTML.replaceAll('"', "&quot;");

// The board's rooms, empty. `view`: a row a lamp, the strongest readings, or all as a spectrum.
function boardRooms({ n, lamps, frames, strongest }, view) {
  const shown = view === "strongest" ? `the ${strongest} strongest of ${n} readings`
    : countOf(n, "readings");
  const whole = `Board: ${lamps.length} lamps, the numbers that keep them, and ${n} readings`;
  return `<div class="sp" data-widget="board" role="group" aria-label="${whole}">
    <div class="sp-steer"></div>
    <div class="sp-board" data-view="${view}" style="--rows: ${view === "rows" ? n : 1}">
      <span class="sp-head sp-head-lamps">${countOf(n, "lamps")}</span>
      <span class="sp-head sp-head-middle"></span>
      <span class="sp-head sp-head-bars">${shown}</span>
      <div class="sp-middle"></div>
      <div class="sp-lamps" role="group" aria-label="lamps"></div>
      <div class="sp-bars"></div>
      <label class="sp-cutter"><span class="sp-cutter-far">the cut</span>
        <span class="sp-bar"><span class="sp-bar-name">the cut</span>
          <input type="range" min="0" max="1" step="0.01" aria-label="the cut">
          <output aria-live="off"></output></span></label>
    </div>
    <dl class="sp-counters"></dl>
    <div class="sp-story">
      <div class="sp-dots" role="group" aria-label="the story in ${frames.length} steps"></div>
      <p class="sp-sentence" role="status"></p>
    </div></div>`;
}

// Buttons that switch: `press(lamp)` is called. A chip of many has room for its number alone.
function lampButtons(host, names, view, press) {
  return names.map((name, lamp) => {
    const one = button(host, "", () => press(lamp));
    const short = view === "rows" ? name : name.replace(/^lamp (?=\d+$)/, "");
    one.className = "sp-lamp";
    one.innerHTML = `<i class="sp-bulb"></i>${asHtml(short)}`;
    one.setAttribute("aria-label", name);
    return one;
  });
}

// A dot for each step of the story: `tell(frame)` is called.
function storyDots(host, frames, tell) {
  return frames.map((frame, k) => {
    const one = button(host, String(k + 1), () => tell(frame));
    one.setAttribute("aria-label", `Step ${k + 1} of ${frames.length}`);
    return one;
  });
}

// The frame that the board now shows; -1 where it is none of the story.
function frameShown(frames, { on, cut, at }) {
  return frames.findIndex((frame) =>
    frame.at === at && Math.abs(frame.cut - cut) < 0.005
      && frame.on.length === on.size && frame.on.every((lamp) => on.has(lamp)));
}

function board(el, settings, share, report) {
  const { n, per, labels, lamps, states, frames, counters, strongest, top } = settings;
  const view = strongest ? "strongest" : n <= 12 && lamps.length === n ? "rows" : "spectrum";
  const now = { on: new Set(settings.on), cut: settings.cut, at: settings.at };
  const brightness = () => lamps.map((_, lamp) => (now.on.has(lamp) ? 1 : 0));
  let shown = brightness(), shownCut = now.cut, moving = 0;
  const named = (i) => labels[i];
  const part = (css) => el.querySelector(css);

  el.innerHTML = boardRooms(settings, view);
  const barHost = part(".sp-bars"), cutter = part(".sp-cutter input");
  const switches = lampButtons(part(".sp-lamps"), lamps.map(named), view, (lamp) => {
    now.on.has(lamp) ? now.on.delete(lamp) : now.on.add(lamp);
    change();
  });
  const dots = storyDots(part(".sp-dots"), frames, ({ on, cut, at }) => {
    Object.assign(now, { on: new Set(on), cut, at });
    change();
  });
  const steer = states.length > 1 ? steering(part(".sp-steer"), settings, (place) => {
    now.at = place;
    change(false);
  }) : () => {};
  roving(part(".sp-lamps"), "button");
  roving(part(".sp-dots"), "button");
  const barCount = { rows: n, strongest, spectrum: 0 }[view];
  const bars = Array.from({ length: barCount }, () => barRow(barHost));

  function drawMiddle(state, overlaps) {
    const h = middleOf(state, shown, per);
    const said = state.m <= 12 ? [...h].map(twoDigits).join(", ") : "too many to say";
    const drawn = {
      per, labels: lamps.map((i) => asHtml(named(i))), lamps, x: shown, h, overlaps, cut: shownCut,
      words: `The ${state.m} numbers in the middle: ${said}`,
    };
    const drawing = state.m === 2 ? planeDrawing : cellsDrawing;
    part(".sp-middle").innerHTML = drawing(state, drawn);
    part(".sp-head-middle").textContent =
      state.m === 1 ? "1 number" : countOf(state.m, "numbers");
  }

  function drawReadings(overlaps) {
    const lit = new Set([...now.on].map((lamp) => lamps[lamp])), cut = shownCut;
    if (view === "spectrum") {
      const heard = (value, i) => !lit.has(i) && isHeard(readingOf(value, cut));
      const others = [...overlaps].filter(heard).length;
      const words = `${n} readings; ${others} features that nobody switched on are heard`;
      barHost.innerHTML = spectrumDrawing({ n, overlaps, cut, lit, words });
      return;
    }
    const order = [...overlaps.keys()];
    if (view === "strongest") order.sort((a, b) => overlaps[b] - overlaps[a]);
    bars.forEach((bar, k) => {
      const i = order[k];
      bar.show({ label: named(i), overlap: overlaps[i], cut, top, lit: lit.has(i) });
    });
  }

  // Everything that moves is drawn from the lamps' present brightness, so that all moves as one.
  function draw() {
    const state = states[now.at], overlaps = answersOf(state, shown, n, per);
    drawMiddle(state, overlaps);
    drawReadings(overlaps);
  }

  // Words and marks for where the board is going; returns what is reported to Python.
  function say() {
    const frame = frameShown(frames, now);
    const answers = answersOf(states[now.at], brightness(), n, per);
    const readings = [...answers].map((value) => readingOf(value, now.cut));
    const on = [...now.on].sort((a, b) => a - b).map((lamp) => lamps[lamp]);
    // A frame's own words are better than made ones.
    const words = frame >= 0 ? frames[frame].sentence : boardSentence(on, readings, named);
    if (part(".sp-sentence").textContent !== words) part(".sp-sentence").textContent = words;
    dots.forEach((dot, k) => dot.setAttribute("aria-pressed", k === frame));
    switches.forEach((one, lamp) => one.setAttribute("aria-pressed", now.on.has(lamp)));
    steer(now.at);
    part(".sp-counters").innerHTML = Object.entries(counters)
      .map(([what, values]) => counterRow(what, values, now.at)).join("");
    cutter.value = now.cut;
    const cut = now.cut.toFixed(2);
    part(".sp-cutter output").textContent = cut;
    cutter.setAttribute("aria-valuetext", `${cut}, a bias of ${twoDigits(-now.cut)}`);
    return { on, cut: now.cut, state: now.at, readings: n <= 100 ? readings : [] };
  }

  // Lamps and cut go to where they belong in a moment, or at once where motion is unwelcome.
  function change(glide = true) {
    const target = brightness(), from = shown, fromCut = shownCut, began = performance.now();
    cancelAnimationFrame(moving);
    const step = (time) => {
      const passed = Math.min(1, Math.max(0, (time - began) / BOARD_MOVE));
      const t = glide && !calm() ? passed : 1, s = t * t * (3 - 2 * t);
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
  if (!calm()) barHost.classList.add("sp-arrival"); // bars of lamps that are off pulse once
  return () => cancelAnimationFrame(moving);
}
