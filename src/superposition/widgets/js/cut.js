// The cut: drag the bias over the histogram of interference; both costs were computed by the page.
function theCut(el, settings, share, report) {
  const { sets, name } = settings, at = { set: 0, cut: settings.at ?? 0 };
  el.innerHTML = `<div class="sp" data-widget="cut" role="group" aria-label="The cut: what a bias removes of the signal and lets through of the interference">
    <div class="sp-buttons" role="group" aria-label="which arrows"></div>
    <div class="sp-panels"><div class="sp-panel" data-panel="histogram"></div><div class="sp-panel" data-panel="costs"></div></div>
    <label class="sp-field"><span>cut, −<i>b</i></span><input type="range" min="0" step="1" aria-label="cut, the bias with its sign turned"><output aria-live="off"></output></label>
    <p class="sp-fit" role="status"></p></div>`;
  const input = el.querySelector("input"), said = el.querySelector("[role=status]");
  input.max = sets[0].cuts.length - 1;
  const top = Math.max(...sets.flatMap((s) => s.lost.map((v, k) => v + s.heard[k])));
  const buttons = sets.map((set, k) => button(el.querySelector(".sp-buttons"), set.label, () => {
    at.set = k;
    changed();
  }));

  function histogram({ edges, share: shares, label }, cut) {
    const x = { from: edges[0], to: edges.at(-1), ticks: [-1, -0.5, 0, 0.5, 1].filter((t) => t >= edges[0] && t <= edges.at(-1)), label: "interference, h·W of what is absent" };
    const y = { from: 0, to: Math.max(...sets.flatMap((s) => s.share)) * 1.05, ticks: [], label: "how often" };
    return chart(x, y, (px, py) => shares.map((v, k) => {
      const heard = (edges[k] + edges[k + 1]) / 2 > cut;
      return `<rect x="${px(edges[k])}" width="${(px(edges[k + 1]) - px(edges[k]) - 0.5).toFixed(1)}" y="${py(v)}" height="${(py(0) - py(v)).toFixed(1)}" fill="${heard ? ORANGE : GREY}"/>`;
    }).join("") + `<path d="M${px(cut)} 10V204" stroke="currentColor" stroke-width="2"/><text x="${Number(px(cut)) + 5}" y="22">heard →</text>`,
    `Histogram of the interference of ${label}; what lies above the cut is heard`);
  }

  function costs({ lost, heard }, k) {
    const rows = [["signal lost", lost[k], BLUE], ["interference heard", heard[k], ORANGE], ["loss, their sum", lost[k] + heard[k], GREY]];
    return `<svg viewBox="0 0 320 240" role="img" aria-label="${rows.map(([what, v]) => `${what} ${number(v)}`).join(", ")}">`
      + rows.map(([what, v, colour], i) => `<text x="12" y="${38 + 70 * i}">${what}</text><rect x="12" y="${46 + 70 * i}" height="24" width="${(230 * v / top).toFixed(1)}" fill="${colour}"/><text x="${18 + 230 * v / top}" y="${63 + 70 * i}">${number(v)}</text>`).join("") + "</svg>";
  }

  function show() {
    at.set = Math.max(0, Math.min(Math.round(at.set), sets.length - 1));
    const set = sets[at.set];
    input.value = at.cut;
    at.cut = Number(input.value);
    const cut = set.cuts[at.cut], loss = set.lost[at.cut] + set.heard[at.cut];
    buttons.forEach((b, k) => b.setAttribute("aria-pressed", k === at.set));
    el.querySelector("output").textContent = cut.toFixed(2);
    input.setAttribute("aria-valuetext", cut.toFixed(2));
    el.querySelector("[data-panel=histogram]").innerHTML = histogram(set, cut);
    el.querySelector("[data-panel=costs]").innerHTML = costs(set, at.cut);
    const sums = set.lost.map((v, k) => v + set.heard[k]), best = sums.indexOf(Math.min(...sums));
    said.textContent = `${set.label}, cut ${cut.toFixed(2)}: signal lost ${number(set.lost[at.cut])}, interference heard ${number(set.heard[at.cut])}, loss ${number(loss)}.`
      + (at.cut === best ? " This is the best cut for these arrows." : "");
    report({ label: set.label, cut, lost: set.lost[at.cut], heard: set.heard[at.cut], loss, best: set.cuts[best] });
  }

  function changed() {
    show();
    if (share) fragment.write(name, at);
  }
  input.addEventListener("input", () => {
    at.cut = Number(input.value);
    changed();
  });
  if (share) fragment.follow(name, el.firstChild, at, show);
  show();
  return () => {};
}
