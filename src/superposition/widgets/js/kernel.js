// anywidget's entry: `model` is the kernel's side of the widget.
function render({ model, el }) {
  const report = (result) => {
    model.set("result", result);
    model.save_changes();
  };
  // JupyterLab's shortcuts take the arrow keys from all but those who ask to keep them.
  el.addEventListener("focusin", ({ target }) => target.setAttribute("data-lm-suppress-shortcuts", ""));
  const KINDS = { playground, law: measureTheLaw, states: stateSlider, choices: chooseState, slope: chooseSlope, cut: theCut, board };
  const draw = () => KINDS[model.get("kind")](el, model.get("settings"), false, report);
  let stop = draw();
  model.on("change:settings", () => {
    stop();
    stop = draw();
  });
  return () => stop();
}
