// A formula too wide for the screen scrolls by itself, and so has to be reachable by keyboard.
function reachWideFormulas() {
  for (const formula of document.querySelectorAll("div.math")) {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
    else formula.removeAttribute("tabindex");
  }
}
addEventListener("load", reachWideFormulas);
addEventListener("resize", reachWideFormulas);

// Paper is white: a page read in the dark is printed in the light theme, and dark again after.
let read = "light";
addEventListener("beforeprint", () => {
  read = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});
addEventListener("afterprint", () => (document.documentElement.dataset.theme = read));
