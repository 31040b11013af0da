// anywidget's entry: `model` is the kernel's side of the widget.
function render({ model, el }) {
  const report = (result) => {
    model.set("result", result);
    model.save_changes();
  };
  // JupyterLab's shortcuts take the arrow keys from all but those who ask to keep them.
  el.addEventListener("focusin", ({ target }) =>
    target.setAttribute("data-lm-suppress-shortcuts", ""));
  const KINDS = {
    playground, board, law: measureTheLaw, states: stateSlider, choices: chooseState,
    slope: chooseSlope, cut: theCut,
  };
  return KINDS[model.get("kind")](el, model.get("settings"), false, report);
}
