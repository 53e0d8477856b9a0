// What the theme leaves for a keyboard and a screen reader.
addEventListener("load", () => {
  // A name that differs from the words that can be seen is read aloud instead of them.
  for (const e of document.querySelectorAll("button[aria-label], summary[aria-label], a[aria-label]")) {
    const seen = e.innerText.trim().replace(/\s+/g, " ").toLowerCase();
    if (seen && !e.getAttribute("aria-label").toLowerCase().includes(seen)) e.removeAttribute("aria-label");
  }
  const title = document.querySelector(".sidebar-primary-items__start > .sidebar-primary-item");
  title?.setAttribute("role", "navigation");
  title?.setAttribute("aria-label", "Home");

  // What scrolls inside itself must be reachable without a mouse.
  const reachable = () => {
    for (const e of document.querySelectorAll("article span.math")) {
      e.classList.toggle("wide", e.firstElementChild.getBoundingClientRect().width > e.closest("p, li, td, dd")?.clientWidth);
    }
    for (const e of document.querySelectorAll("article :is(div.math, span.math.wide, pre, .pst-scrollable-table-container, .output)")) {
      if (e.scrollWidth > e.clientWidth + 1) e.tabIndex = 0;
      else e.removeAttribute("tabindex");
    }
  };
  reachable();
  addEventListener("resize", reachable);
});
