"""What a wider beam finds on the Multi30k test sentences: ``.venv/bin/python benchmarks/beam_width.py``

Writes results/beam_width_de_en.json: for each α of (9.13) and each beam the BLEU, and the mean length and mean log p of
a translation, by the best stored German–English model in PyTorch. Takes about half an hour on one CPU core.
"""

import json
from pathlib import Path

import torch

from attention.data.batches import pad
from attention.data.multi30k import multi30k
from attention.data.tokenizer import END, decode, encode
from attention.evaluation.bleu import bleu
from attention.pytorch.decoding import beam_search
from attention.translator import Translator, best_model

RESULT = Path(__file__).parents[1] / "results" / "beam_width_de_en.json"
BEAMS, ALPHAS, ROWS, LIMIT = (1, 5, 20, 100), (0.0, 1.0), 3200, 100


def searched(translator, sentences, beam, alpha):
    """The translations, the mean number of their tokens, END included, and the mean of log p."""
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    found, sizes, total = [""] * len(sentences), 0, 0.0
    batch = max(8, min(64, ROWS // beam))
    for first in range(0, len(order), batch):
        chosen = order[first : first + batch]
        source, lengths = map(torch.tensor, pad(encode(translator.tokenizer, [sentences[i] for i in chosen])))
        written, scores = beam_search(translator.model, source, lengths, LIMIT, beam, alpha)
        for i, tokens, score in zip(chosen, written.tolist(), scores.tolist(), strict=True):
            size = tokens.index(END) + 1 if END in tokens else len(tokens)
            found[i], sizes, total = decode(translator.tokenizer, tokens), sizes + size, total + score * size**alpha
    return found, sizes / len(sentences), total / len(sentences)


def main():
    torch.set_num_threads(1)
    translator = Translator("pytorch")
    sources, references = multi30k("test_2016_flickr", "de", "en")
    rows = []
    for alpha in ALPHAS:
        for beam in BEAMS:
            found, length, log_p = searched(translator, sources, beam, alpha)
            score, signature = bleu(found, references)
            rows.append({"alpha": alpha, "beam": beam, "bleu": score, "length": length, "log_p": log_p})
            print(rows[-1], flush=True)
    result = {
        "command": "benchmarks/beam_width.py",
        "model": best_model("de", "en").stem,
        "data": f"Multi30k test_2016_flickr, {len(sources)} sentences",
        "machine": "one CPU core, PyTorch",
        "signature": signature,
        "rows": rows,
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
