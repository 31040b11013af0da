// A slider over figures that were computed beforehand and travel in the page.
function stateSlider(el, { states, labels, label, name, at = 0 }, share, report) {
  el.innerHTML = `<div class="sp" data-widget="states" role="group"><label class="sp-field"><span></span>
    <input type="range" min="0" step="1"><output aria-live="off"></output></label><div class="sp-state"></div></div>`;
  const input = el.querySelector("input"), output = el.querySelector("output"), values = { state: at };
  el.querySelector("span").textContent = label;
  el.firstChild.setAttribute("aria-label", `Computed figures: ${label}`);
  input.setAttribute("aria-label", label);
  input.max = states.length - 1;
  // As wide as the longest label, so that nothing moves when the label changes.
  output.style.minWidth = `${Math.max(...labels.map((text) => text.length)) * 0.55}em`;
  const show = () => {
    input.value = values.state;
    values.state = Number(input.value);
    output.textContent = labels[values.state];
    input.setAttribute("aria-valuetext", labels[values.state]);
    el.querySelector(".sp-state").innerHTML = states[values.state];
  };
  input.addEventListener("input", () => {
    values.state = Number(input.value);
    show();
    if (share) fragment.write(name, values.state === at ? null : values);
    report(values);
  });
  if (share) fragment.follow(name, el.firstChild, values, show);
  show();
  return () => {};
}
