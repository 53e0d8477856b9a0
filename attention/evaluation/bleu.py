"""BLEU: how many runs of one to four words a translation shares with a person's (chapter 09)."""

from sacrebleu.metrics import BLEU

from attention.inputs import InputError


def bleu(translations, references):
    """Corpus BLEU of detokenised, cased text, with the signature that says how it was computed.

    BLEU = min(1, exp(1 − r/c)) · (p₁ p₂ p₃ p₄)^¼

    Parameters
    ----------
    translations, references : lists of str, one reference for each translation

    Returns
    -------
    score : float, 0 to 100
    signature : str

    Raises
    ------
    InputError : the lists differ in length, or are empty

    Source
    ------
    Papineni, Roukos, Ward and Zhu (2002), "BLEU: a method for automatic evaluation of machine translation";
    Post (2018), "A call for clarity in reporting BLEU scores".
    """
    if len(translations) != len(references) or not references:
        raise InputError(
            "translations and references must be equally many, and at least one: "
            f"got {len(translations)} and {len(references)}"
        )
    metric = BLEU()
    score = metric.corpus_score(translations, [references])
    return score.score, str(metric.get_signature())
