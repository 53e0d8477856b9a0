// What looks the same with the keyboard's focus as without.  Tab has been pressed, so that the browser shows the focus.
() => {
    const look = e => {
        const { outline, outlineStyle, border, borderStyle, boxShadow, backgroundColor, textDecorationLine } = getComputedStyle(e);
        const lines = [outlineStyle === "none" || outline, borderStyle === "none" || border];
        return [...lines, boxShadow, backgroundColor, textDecorationLine].join();
    };
    const stops = [...document.querySelectorAll("a[href], button, input, summary, [tabindex]")]
        .filter(e => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({ visibilityProperty: true }));
    const unseen = stops.filter(e => {
        const shown = e.matches(".framework-tabs > input") ? e.nextElementSibling : e;
        document.activeElement.blur();
        const before = look(shown);
        e.focus({ preventScroll: true });
        return document.activeElement === e && look(shown) === before;
    });
    document.activeElement.blur();
    return stops.length ? unseen.map(e => e.outerHTML.slice(0, 200)) : ["nothing can be focused"];
}
