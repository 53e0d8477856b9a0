// Marks what was searched for, on the page that a hit leads to; Escape takes the marks away.
const stems = new URLSearchParams(location.search).get("highlight")?.match(/[\p{L}\p{N}]+/gu);
if (stems && CSS.highlights) {
  const word = new RegExp(`(?<![\\p{L}\\p{N}])(${stems.join("|")})\\p{L}*`, "giu");
  const texts = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
  const marks = new Highlight();
  while (texts.nextNode()) {
    for (const found of texts.currentNode.data.matchAll(word)) {
      const mark = document.createRange();
      mark.setStart(texts.currentNode, found.index);
      mark.setEnd(texts.currentNode, found.index + found[0].length);
      marks.add(mark);
    }
  }
  CSS.highlights.set("search", marks);
  addEventListener("keydown", (event) => event.key === "Escape" && CSS.highlights.delete("search"));
}
