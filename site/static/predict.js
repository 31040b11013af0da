// A prediction is written as a quoted question with a list, and a folded answer after it, which
// Colab and GitHub show as they are. Here the list becomes buttons, and the answer waits for one.
function commitFirst(question) {
  const list = question.querySelector("ul"), answer = question.nextElementSibling;
  if (!list || answer?.tagName !== "DETAILS") return;
  const choices = document.createElement("div"), said = document.createElement("p");
  choices.className = "predict";
  choices.setAttribute("role", "group");
  choices.setAttribute("aria-label", question.querySelector("p").textContent);
  said.setAttribute("role", "status");
  answer.hidden = true;
  const press = (chosen, text) => {
    for (const other of choices.children) other.setAttribute("aria-pressed", other === chosen);
    said.textContent = text;
    answer.hidden = false;
    answer.open = true;
  };
  for (const item of [...list.children, null]) {
    const choice = document.createElement("button");
    choice.type = "button";
    choice.setAttribute("aria-pressed", false);
    if (item) choice.append(...(item.querySelector(":scope > p") ?? item).childNodes);
    else choice.textContent = "just show me";
    const text = item ? `You said: ${choice.textContent.trim()}.` : "";
    choice.addEventListener("click", () => press(choice, text));
    choices.append(choice);
  }
  list.replaceWith(choices, said);
}

addEventListener("DOMContentLoaded", () => {
  for (const question of document.querySelectorAll("blockquote"))
    if (question.querySelector("strong")?.textContent === "Predict.") commitFirst(question);
});
