// The page of results.  Its index holds places (extensions/section_search.py): "page#section" becomes a link to the
// section.  The link carries what is to be marked there, by word stems: "embeddings" marks "embedding" too.  Of equal
// hits the one comes first whose heading says little else.
Scorer.score = (result) => {
  const { docnames, titles } = Search._index;
  const words = splitQuery(document.querySelector("input[name=q]").value.toLowerCase());
  const stems = words.filter((word) => !stopwords.includes(word)).map((word) => {
    const stem = new Stemmer().stemWord(word);
    return word.startsWith(stem) ? stem : word;
  });
  const [page, section] = result[0].split("#");
  result[1] = titles[docnames.indexOf(result[0])];
  result[0] = page;
  result[2] = `?highlight=${encodeURIComponent(stems.join(" "))}#${section}`;
  const heading = splitQuery(result[1].toLowerCase().split(" › ").at(-1));
  return result[4] + stems.filter((stem) => heading.some((word) => word.startsWith(stem))).length / heading.length;
};

Documentation.addTranslations({
  locale: "en",
  plural_expr: "n == 1 ? 0 : 1",
  messages: {
    "Search finished, found ${resultCount} page(s) matching the search query.": "Places found: ${resultCount}",
    "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.":
      "No section and no entry of the glossary has all of these words.",
  },
});
