// A few buttons over figures that were computed beforehand: the reader chooses, and sees.
function chooseState(el, { states, labels, label, name, at = 0 }, share, report) {
  el.innerHTML = `<div class="sp" data-widget="choices" role="group"><p class="sp-status"></p>
    <div class="sp-buttons"></div><div class="sp-state" aria-live="polite"></div></div>`;
  const values = { state: at };
  el.firstChild.setAttribute("aria-label", label);
  el.querySelector("p").textContent = label;
  const buttons = labels.map((text, k) => button(el.querySelector(".sp-buttons"), text, () => {
    values.state = k;
    show();
    if (share) fragment.write(name, k === at ? null : values);
    report(values);
  }));
  const show = () => {
    values.state = Math.max(0, Math.min(Math.round(values.state), states.length - 1));
    buttons.forEach((b, k) => b.setAttribute("aria-pressed", k === values.state));
    el.querySelector(".sp-state").innerHTML = states[values.state];
  };
  if (share) fragment.follow(name, el.firstChild, values, show);
  show();
  return () => {};
}
