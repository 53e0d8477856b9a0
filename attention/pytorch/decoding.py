"""From a trained model to sentences: the best next token, or the best few sentences at once (chapter 09)."""

import torch
from optree import tree_map

from attention.data.tokenizer import END, PADDING, START
from attention.shapes import check_sizes


@torch.no_grad()
def greedy(model, source, lengths, limit):
    """Write the likeliest token, again and again, until END or `limit` tokens.

    y_t = argmax_v p(v | y_<t, x)

    Parameters
    ----------
    model : Seq2Seq
    source : (B, S) int, padded
    lengths : (B,) int
    limit : int, the largest T

    Returns
    -------
    tokens : (B, T) int; PADDING after END
    weights : (B, T, S), what each token looked at

    Raises
    ------
    TypeError, ValueError : `limit` is not a whole number of at least 1
    """
    check_sizes(1, limit=limit)
    memory, state = model.encode(source, lengths)
    tokens = torch.full((len(source),), START, device=source.device)
    written, looked = [], []
    done = torch.zeros_like(tokens, dtype=torch.bool)
    while len(written) < limit and not done.all():
        logits, state, weights = model.step(tokens, state, memory)
        tokens = torch.where(done, PADDING, logits.argmax(dim=-1))  # (B, V) -> (B,)
        done = done | (tokens == END)
        written.append(tokens)
        looked.append(weights)
    return torch.stack(written, dim=1), torch.stack(looked, dim=1)  # T × (B,) -> (B, T), T × (B, S) -> (B, T, S)


@torch.no_grad()
def beam_search(model, source, lengths, limit, beam=5, alpha=1.0):
    """Keep the `beam` likeliest beginnings of every sentence, and choose the best ending by likelihood per length.

    score(y) = log p(y | x) / |y|^α

    Parameters
    ----------
    model, source, lengths, limit : as for `greedy`; memory and state may be nested, every array in them with B first
    beam : int, K
    alpha : float, 0 for no correction; without one, short sentences win

    Returns
    -------
    tokens : (B, T) int; PADDING after END
    scores : (B,)

    Raises
    ------
    TypeError, ValueError : `limit` or `beam` is not a whole number of at least 1

    Source
    ------
    Graves (2012), "Sequence transduction with recurrent neural networks"; for the length,
    Wu et al. (2016), "Google's neural machine translation system", section 7.
    """
    check_sizes(1, limit=limit, beam=beam)
    memory, state = model.encode(source, lengths)
    memory, state = tree_map(lambda part: part.repeat_interleave(beam, dim=0), (memory, state))  # (B, …) -> (B·K, …)
    B, device = len(source), source.device
    first = torch.arange(B, device=device)[:, None] * beam  # (B, 1), where the beams of a sentence begin
    written = torch.full((B, beam, 1), START, device=device)
    total = torch.full((B, beam), -torch.inf, device=device)  # in the type of the logits once there are some
    total[:, 0] = 0  # all beams are alike at first: only one may grow
    size = torch.zeros_like(total, dtype=torch.long)
    done = torch.zeros_like(total, dtype=torch.bool)
    for _ in range(limit):
        logits, state, _ = model.step(written[..., -1].flatten(), state, memory)
        log_p = torch.log_softmax(logits, dim=-1).unflatten(0, (B, beam))  # (B·K, V) -> (B, K, V)
        stay = torch.full_like(log_p[0, 0], -torch.inf)
        stay[PADDING] = 0  # what is done goes on with PADDING, at no cost
        candidates = total[..., None] + torch.where(done[..., None], stay, log_p)  # (B, K, V)
        total, best = largest(candidates.flatten(1), beam)  # (B, K·V) -> (B, K)
        parent, token = best // log_p.shape[-1], best % log_p.shape[-1]  # (B, K)
        state = rows(state, (first + parent).flatten())
        written = torch.cat([written.take_along_dim(parent[..., None], 1), token[..., None]], dim=-1)  # (B, K, 1 + T)
        size, done = size.gather(1, parent) + ~done.gather(1, parent), done.gather(1, parent) | (token == END)
        if done.all():
            break
    scores, best = (total / size.to(total.dtype) ** alpha).max(dim=-1)  # (B, K) -> (B,)
    return written[torch.arange(B, device=device), best, 1:], scores


def rows(tree, which):
    """The rows `which` of every array in a memory or a state."""
    return tree_map(lambda part: part[which], tree)


def largest(candidates, count):
    """The `count` largest of each row (B, K·V) and their places, in order; of equal ones, unlike `topk`, the first."""
    left, found = candidates.clone(), []
    for _ in range(count):
        found.append(left.max(dim=-1, keepdim=True))
        left.scatter_(1, found[-1].indices, -torch.inf)
    values, places = zip(*found, strict=True)
    return torch.cat(values, dim=1), torch.cat(places, dim=1)
