"""Chapter 9: what each piece of a translation looked at, and what would come next if it looked elsewhere."""

import numpy as np

from attention.data.batches import pad
from attention.data.tokenizer import START
from attention.diagrams import BLUE, INK, MUTED, Diagram
from attention.explorers.explorer import Explorer
from attention.numpy.recurrent import Seq2Seq
from attention.numpy.softmax import softmax

LEFT, TOP, SIDE, MOST = 92, 92, 33, 10  # of the grid; of a cell; pieces along a side
NEXT, LINE, BAR = 3, 24, 200  # next pieces that are shown; the height of a line and the length of a bar of 1


def alignment(translator, sentences):
    """Sentences, their translations, and the weights between them; one step at a time can be made to look elsewhere.

    Where the step looks at one piece alone, all weight is on it: p_tj = 1 in (9.7), and the rest of the step is as it
    is, with the state that the model's own translation has led to. All numbers are computed here, in float64, for every
    step and every piece: nothing is interpolated.

    Parameters
    ----------
    translator : `attention.translator.Translator` of NumPy
    sentences : German sentences; no sentence and no translation may have more than 10 pieces

    Returns
    -------
    explorer : what a cell shows

    Raises
    ------
    ValueError : a sentence or its translation is too long
    """
    model = Seq2Seq({name: array.astype(np.float64) for name, array in translator.model.weights.items()})
    shown = [_of_sentence(translator, model, sentence) for sentence in sentences]
    first = shown[0]
    likeliest = first["steps"][0]["own"]
    alt = (
        f"A grid: “{sentences[0]}” across, its translation “{''.join(first['target'][:-1]).strip()}” down, a cell "
        f"darker where more weight is. Below it, what the model may write first: {_told(translator, likeliest)}."
    )
    said = [said for one in shown for step in one["steps"] for said in (step["own"], *step["alone"])]
    used = sorted({token for three in said for token, _ in three})
    given = {
        "sentences": shown,
        "pieces": {token: piece.strip() for token, piece in zip(used, translator.pieces(used), strict=True)},
        "grid": [LEFT, TOP, SIDE],
        "bar": BAR,
    }
    return Explorer("alignment", _picture(translator, first), alt, given)


def _of_sentence(translator, model, sentence):
    """The pieces; for each step the weights, and what is likeliest by them, and by each piece looked at alone."""
    rows = translator.encode([sentence])
    tokens = translator.tokens([sentence])[0]
    if max(len(rows[0]), len(tokens)) > MOST:
        told = f"{len(rows[0])} pieces, its translation {len(tokens)}: at most {MOST} are shown"
        raise ValueError(f"{sentence!r} has {told}")
    memory, state = model.encode(*pad(rows))
    steps = []
    for token in [START, *tokens[:-1]]:
        step = lambda memory, token=token, state=state: model.step(np.array([token]), state, memory)
        alone = [likeliest(step(memory._replace(mask=one[None]))[0]) for one in np.eye(len(rows[0]), dtype=bool)]
        logits, state, weights = step(memory)
        looked = np.round(1000 * weights[0]).astype(int).tolist()  # thousandths too
        steps.append({"weights": looked, "own": likeliest(logits), "alone": alone})
    return {"source": translator.pieces(rows[0]), "target": translator.pieces(tokens), "steps": steps}


def likeliest(logits):
    """The likeliest next tokens by logits (1, V), each with its probability in thousandths."""
    p = softmax(logits)[0]  # (1, V) -> (V,)
    return [[token, round(1000 * float(p[token]))] for token in np.argsort(-p, kind="stable")[:NEXT].tolist()]


def _told(translator, likeliest):
    return ", ".join(f"{translator.pieces([token])[0].strip()} {share / 1000:.2f}" for token, share in likeliest)


def _picture(translator, first):
    bottom = TOP + MOST * SIDE
    picture = Diagram("a translation and what it looked at", bottom + 36 + NEXT * LINE)
    T, S = len(first["target"]), len(first["source"])
    for place in range(MOST):
        x, y = LEFT + (place + 0.5) * SIDE, TOP + (place + 0.5) * SIDE
        words = [part[place].strip() if place < len(part) else "" for part in (first["source"], first["target"])]
        picture.parts.append(
            f'<text class="read" x="{x + 4:g}" y="{TOP - 6}" transform="rotate(-55 {x + 4:g} {TOP - 6})">'
            f"{words[0]}</text>"
            f'<text class="written" x="{LEFT - 8}" y="{y + 5:g}" text-anchor="end">{words[1]}</text>'
        )
    picture.parts.append(f'<g class="weights" fill="{BLUE}" stroke="{INK}" stroke-width="0.3">')
    for t, s in np.ndindex(MOST, MOST):
        there = t < T and s < S
        shade = 0.0009 * first["steps"][t]["weights"][s] if there else 0
        picture.parts.append(
            f'<path d="M{LEFT + s * SIDE} {TOP + t * SIDE}h{SIDE}v{SIDE}h-{SIDE}z" fill-opacity="{round(shade, 2):g}" '
            f'stroke-opacity="{there:d}"/>'
        )
    picture.parts.append("</g>")
    picture.parts.append(
        f'<rect class="here" x="{LEFT}" y="{TOP}" width="{S * SIDE}" height="{SIDE}" fill="none" stroke="{INK}" '
        'stroke-width="3"/>'
    )
    picture.text(LEFT, bottom + 16, "what comes next:", "left", MUTED)
    for number, (token, share) in enumerate(first["steps"][0]["own"]):
        (piece,), probability = translator.pieces([token]), share / 1000
        y = bottom + 30 + number * LINE
        picture.parts.append(
            f'<text class="next" x="{LEFT - 8}" y="{y + 16}" text-anchor="end">{piece.strip()}</text>'
            f'<rect class="bar" x="{LEFT}" y="{y + 3}" width="{BAR * probability:.1f}" height="{LINE - 6}" '
            f'fill="{BLUE}"/>'
            f'<text class="share" x="{LEFT + BAR + 12}" y="{y + 16}">{probability:.3f}</text>'
        )
    return picture
