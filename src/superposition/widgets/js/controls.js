// What the book's widgets share: settings in the page's address, sliders, buttons, and words for
// screen readers. Like the rest it needs no other file and makes no request.
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
// Settings in the page's fragment, as in #playground=n:20,m:2&law=alpha:1 ; only where `share` is
// on (the built page), since in a notebook the address belongs to the notebook.
const fragment = {
  parts() {
    try {
      return decodeURIComponent(location.hash.slice(1)).split("&").filter((part) => part.includes("="));
    } catch {
      return []; // an address cut off within a character says nothing
    }
  },
  read(name) {
    const part = this.parts().find((p) => p.startsWith(name + "="));
    if (!part) return null;
    const pairs = part.slice(name.length + 1).split(",").map((pair) => pair.split(":"));
    return Object.fromEntries(pairs.filter(([, v]) => v?.trim() && Number.isFinite(Number(v))).map(([k, v]) => [k, Number(v)]));
  },
  write(name, values) {
    const rest = this.parts().filter((p) => !p.startsWith(name + "="));
    if (values) rest.push(`${name}=${Object.entries(values).map(([k, v]) => `${k}:${v}`).join(",")}`);
    history.replaceState(null, "", rest.length ? "#" + rest.join("&") : location.pathname + location.search);
  },
  // Puts what the address says into `values`, now and when the address is changed by hand; a link
  // that is followed brings the widget into view (going back or reloading leaves the page be).
  follow(name, el, values, changed) {
    const take = () => {
      const found = this.read(name) ?? {};
      const known = Object.keys(found).filter((key) => key in values);
      for (const key of known) values[key] = found[key];
      return known.length > 0;
    };
    const show = () => el.scrollIntoView({ block: "start" });
    const followed = performance.getEntriesByType("navigation")[0]?.type === "navigate";
    if (take() && followed) addEventListener("load", () => requestAnimationFrame(show));
    addEventListener("hashchange", () => {
      if (!take()) return;
      changed();
      show();
    });
  },
};

const FIELDS = {
  n: { label: "features <i>n</i>", hint: "how many things there are to represent", min: 4, max: 100, step: 1 },
  m: { label: "width <i>m</i>", hint: "how many dimensions they must share", min: 1, max: 32, step: 1 },
  gamma: { label: "decay <i>γ</i>", hint: "γ < 0 pulls arrows to length 1, γ > 0 to 0", min: -1, max: 1, step: 0.05 },
  alpha: { label: "skew <i>α</i>", hint: "0: all equally common; 2: a few very common", min: 0, max: 2, step: 0.1 },
  density: { label: "density <i>E</i>", min: 0.1, max: 4, step: 0.1, hint: ({ n, alpha, density }) => {
    let most = 0; // the first feature cannot be there more often than always
    for (let i = 1; i <= n; i++) most += i ** -alpha;
    return density > most ? `held at ${number(most)}: the first feature is then always there` : "features active at once, on average";
  } },
  seed: { label: "seed", hint: "another start, another draw of the data", min: 0, max: 20, step: 1 },
};
const signed = (value) => String(value).replace("-", "−");

// Sliders with a label, a value and a hint; calls `changed()` when the reader moves one. Returns
// what shows `values` anew. A screen reader hears the slider's own value, so the one beside it is silent.
function sliders(host, name, fields, values, changed) {
  const rows = Object.entries(fields).map(([key, { label, hint, min, max, step }]) => {
    const row = document.createElement("label"), words = `sp-${name}-${key}`;
    row.className = "sp-field";
    row.innerHTML = `<span>${label}</span><input type="range" min="${min}" max="${max}" step="${step}" data-key="${key}"
      aria-label="${label.replace(/<[^>]+>/g, "")}" aria-describedby="${words}"><output aria-live="off"></output><small id="${words}"></small>`;
    const [input, output, small] = ["input", "output", "small"].map((tag) => row.querySelector(tag));
    input.addEventListener("input", () => {
      values[key] = Number(input.value);
      rows.forEach((refresh) => refresh());
      changed();
    });
    host.append(row);
    return () => {
      input.value = values[key];
      values[key] = Number(input.value); // the browser holds it to min, max and step
      output.textContent = signed(values[key]);
      small.textContent = typeof hint === "function" ? hint(values) : hint;
    };
  });
  const refresh = () => rows.forEach((row) => row());
  refresh();
  return refresh;
}

// One of several, under a label; like `sliders` it returns what shows `values` anew.
function chooser(host, key, { label, options }, values, changed) {
  const row = document.createElement("label");
  row.className = "sp-field";
  row.innerHTML = `<span>${label}</span><select data-key="${key}">${options.map((text, k) => `<option value="${k}">${text}</option>`).join("")}</select>`;
  const select = row.querySelector("select");
  select.addEventListener("change", () => {
    values[key] = Number(select.value);
    changed();
  });
  host.append(row);
  const refresh = () => {
    if (!options[values[key]]) values[key] = 0; // an address may say anything
    select.value = values[key];
  };
  refresh();
  return refresh;
}

function button(host, text, act) {
  const b = document.createElement("button");
  b.type = "button";
  b.textContent = text;
  b.addEventListener("click", act);
  host.append(b);
  return b;
}

function linkButton(host, name, values, say) {
  button(host, "Copy link", async () => {
    fragment.write(name, values);
    try {
      await navigator.clipboard.writeText(location.href);
      say("Link copied: it opens this page with these settings.", true);
    } catch {
      say("The link with these settings is now in the address bar.", true);
    }
  });
}

// Text for screen readers at most every four seconds, and at once where it is final.
function announcer(host) {
  let last = 0;
  return (text, final = false) => {
    if (!final && Date.now() - last < 4000) return;
    last = Date.now();
    host.textContent = text;
    if (final) host.removeAttribute("data-passing"); // which a widget sets where the text is old
  };
}
