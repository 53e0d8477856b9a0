// What is wrong with a page as it stands in the browser, as {kind: [what]}.  All tabs are shown while it is measured.
() => {
    const style = document.createElement("style");
    style.textContent = ".framework-tabs > .sd-tab-content { display: block !important; }";
    const show = all => { all ? document.head.append(style) : style.remove(); dispatchEvent(new Event("resize")); };
    const start = e => e.outerHTML.slice(0, 200);
    const number = image => image.closest("figure")?.querySelector("figcaption .caption-number");

    show(true);
    const all = [...document.querySelectorAll("body *:not(math *)")].filter(e => e.checkVisibility());
    const article = all.filter(e => e.closest("article"));
    const wide = article.filter(e => e.clientWidth > 1 && e.scrollWidth > e.clientWidth + 1).map(e => [e, getComputedStyle(e)]);
    const scrolling = wide.filter(([e, s]) => ["auto", "scroll"].includes(s.overflowX));
    const wrong = {
        sideways: document.documentElement.scrollWidth > innerWidth ? ["the page scrolls sideways"] : [],
        cut: wide.filter(([e, s]) => s.overflowX === "hidden" || s.overflowX === "clip").map(([e]) => start(e)),
        unreachable: scrolling.filter(([e]) => e.tabIndex < 0).map(([e]) => start(e)),
        unmarked: scrolling.filter(([e, s]) => !s.backgroundImage.includes("gradient")).map(([e]) => start(e)),
        code: scrolling.filter(([e]) => innerWidth >= 1280 && e.matches("pre")).map(([e]) => e.innerText),
        unset: [...document.querySelectorAll("merror, .math:not(:has(> math))")].map(start),
        pictures: article.filter(e => e.matches("img") && !(e.alt.trim() && number(e))).map(start),
        unsized: article.filter(e => e.matches("img:not([width][height])")).map(start),
        icons: all.filter(e => e.matches("[class*=' fa-']") && !getComputedStyle(e).maskImage.includes("svg")).map(start),
        moving: all.filter(e => {
            const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(e);
            return /[1-9]/.test(transitionDuration) || animationName !== "none" || scrollBehavior === "smooth";
        }).map(start),
    };
    show(false);
    return wrong;
}
