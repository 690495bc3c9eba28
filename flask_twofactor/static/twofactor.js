// Comforts only: everything works without this file.
(function () {
  "use strict";
  const text = (selector) => {
    const place = document.querySelector(selector);
    const items = place.querySelectorAll("code");
    return items.length ? Array.from(items, (item) => item.textContent).join("\n") : place.textContent;
  };
  document.querySelectorAll(".tf-needs-script").forEach((place) => { place.hidden = false; });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy],[data-download],[data-print]");
    if (!button) return;
    if (button.dataset.copy) {
      navigator.clipboard.writeText(text(button.dataset.copy)).then(() => {
        button.textContent = button.dataset.done;
      });
    } else if (button.dataset.download) {
      const link = document.createElement("a");
      const blob = new Blob([text(button.dataset.download) + "\n"], { type: "text/plain" });
      link.href = URL.createObjectURL(blob);
      link.download = button.dataset.name;
      link.click();
      URL.revokeObjectURL(link.href);
    } else {
      window.print();
    }
  });
})();
