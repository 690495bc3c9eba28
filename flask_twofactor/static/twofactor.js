// Comforts only: everything works without this file.
(function () {
  "use strict";
  const text = (place) => {
    const items = place.querySelectorAll("code");
    return items.length ? Array.from(items, (item) => item.textContent).join("\n") : place.textContent;
  };
  const mark = (place) => getSelection().selectAllChildren(place);
  const copy = (button, place) => {
    // Without https there is no clipboard: mark the text, so that it can be copied by hand.
    if (!navigator.clipboard) return mark(place);
    navigator.clipboard.writeText(text(place)).then(
      () => { button.textContent = button.dataset.done; },
      () => mark(place),
    );
  };
  const head = (place) => Array.from(place.children, (line) => line.textContent + "\n").join("");
  const download = (button, place) => {
    const lines = head(document.querySelector(button.dataset.head)) + "\n" + text(place) + "\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines], { type: "text/plain" }));
    link.download = button.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  document.querySelectorAll(".tf-needs-script").forEach((place) => { place.hidden = false; });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy],[data-download],[data-print]");
    if (!button) return;
    const place = document.querySelector(button.dataset.copy || button.dataset.download || "body");
    if (button.dataset.copy) copy(button, place);
    else if (button.dataset.download) download(button, place);
    else window.print();
  });
})();
