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
      if (e.scrollWidth > e.clientWidth) e.tabIndex = 0;
      else e.removeAttribute("tabindex");
    }
  };
  reachable();
  addEventListener("resize", reachable);
  addEventListener("change", reachable); // of a tab
  addEventListener("toggle", reachable, true); // of a hint

  // The menu of downloads closes when the reader goes on.
  const menu = document.querySelector(".downloads");
  addEventListener("click", (event) => menu?.contains(event.target) || menu?.removeAttribute("open"));
  addEventListener("keydown", (event) => event.key === "Escape" && menu?.removeAttribute("open"));

  // The way back to the top is offered to who scrolls up.
  const top = document.querySelector("#pst-back-to-top");
  let before = 0;
  addEventListener("scroll", () => {
    top.style.display = scrollY < before && scrollY > innerHeight ? "block" : "none";
    before = scrollY;
  }, { passive: true });
  top.addEventListener("click", () => scrollTo(0, 0));
});
