"""How well a model of language foresees sentences (chapter 8)."""

import numpy as np


def reading_figures(losses, sentences):
    """What is measured of a model on sentences.

    Parameters
    ----------
    losses : function of sentences that gives −log p of each, and the numbers of their pieces, as `Writer.losses`
    sentences : list of str

    Returns
    -------
    figures : sentences, pieces, words (what stands between spaces); loss, the mean for a piece; perplexity, exp of it,
        and word_perplexity, exp of the loss for a word, which does not depend on how words are cut
    """
    lost, counts = losses(sentences)
    pieces, words = int(counts.sum()), sum(len(sentence.split()) for sentence in sentences)
    loss = float(lost.sum()) / pieces
    return {
        "sentences": len(sentences),
        "pieces": pieces,
        "words": words,
        "loss": loss,
        "perplexity": float(np.exp(loss)),
        "word_perplexity": float(np.exp(lost.sum() / words)),
    }
