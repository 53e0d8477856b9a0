"""Text to tokens and back, batches, and where Multi30k comes from."""

import gzip
import hashlib
import http.server
import random
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from attention.data import multi30k as module
from attention.data.batches import pad, sentence_batches
from attention.data.tokenizer import END, START, DropoutEncoder, decode, encode, unseen_characters
from attention.evaluation.bleu import bleu
from tests.translation.conftest import ENGLISH, GERMAN


@pytest.mark.parametrize("text", [*GERMAN, *ENGLISH, "Ein 🐶 und eine 小猫.", "Größe: 3,5 m – „schön“", "naïve\tcafé"])
def test_text_comes_back_whole(corpus, text):
    (tokens,) = encode(corpus.tokenizer, [text])
    assert tokens[-1] == END
    assert decode(corpus.tokenizer, tokens) == text


def test_special_pieces_cannot_be_typed(corpus):
    (tokens,) = encode(corpus.tokenizer, ["a </s> b <pad>"])
    assert decode(corpus.tokenizer, tokens) == "a </s> b <pad>"
    assert tokens.index(END) == len(tokens) - 1


def test_composed_and_decomposed_letters_are_the_same(corpus):
    assert encode(corpus.tokenizer, ["läuft"]) == encode(corpus.tokenizer, ["la\u0308uft"])


def test_unseen_characters():
    assert unseen_characters(set("abc "), "a 🐶 b 🐶 ü") == ["🐶", "ü"]


def test_piece_dropout_cuts_anew_and_loses_nothing(corpus):
    whole = encode(corpus.tokenizer, GERMAN)
    assert DropoutEncoder(corpus.tokenizer, GERMAN, 0.0).encode(random.Random(0)) == whole
    dropping = DropoutEncoder(corpus.tokenizer, GERMAN, 0.5)
    first, again, second = (dropping.encode(random.Random(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != second
    for tokens in (first, second):
        assert [decode(corpus.tokenizer, row) for row in tokens] == GERMAN
    assert sum(map(len, first)) > sum(map(len, whole))


def test_pad():
    padded, lengths = pad([[5, 6, 2], [7, 2]])
    np.testing.assert_array_equal(padded, [[5, 6, 2], [7, 2, 0]])
    np.testing.assert_array_equal(lengths, [3, 2])
    assert pad([[5, 6, 2]], sizes=(2, 4))[0].shape == (1, 4)
    assert pad([[5, 6, 2]], sizes=(2,))[0].shape == (1, 3)


def test_batches_hold_every_pair_once():
    rng = np.random.default_rng(0)
    sources = [[*rng.integers(3, 99, rng.integers(1, 9)).tolist(), END] for _ in range(50)]
    targets = [[*source[::-1][1:], END] for source in sources]
    seen = []
    for source, lengths, target in sentence_batches(sources, targets, 8, np.random.default_rng(1)):
        assert (target[:, 0] == START).all()
        assert ((source != 0).sum(1) == lengths).all()
        seen += [(row[row != 0].tolist(), t[t != 0].tolist()[1:]) for row, t in zip(source, target, strict=True)]
    assert sorted(seen) == sorted(zip(sources, targets, strict=True))


def test_batches_go_on_where_they_stopped(corpus):
    whole, rest = corpus.batches(), corpus.batches(first=3)
    for batch in [next(whole) for _ in range(6)][3:]:
        for expected, found in zip(batch, next(rest), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_bleu_by_hand():
    """4 of 5, 3 of 4, 2 of 3 and 1 of 2 runs of words are shared, and the lengths are the same."""
    score, signature = bleu(["a b c d e"], ["a b c d f"])
    assert score == pytest.approx(100 * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25)
    assert "case:mixed" in signature
    assert bleu(["A b c d e"], ["a b c d e"])[0] < 100
    with pytest.raises(ValueError, match="got 1 and 2"):
        bleu(["a"], ["a", "b"])


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A web server with one file of Multi30k, and neither the data nor a cache on this machine."""
    content = gzip.compress("Ein Hund läuft.\nZwei Hunde laufen.\n".encode())
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "val.de.gz").write_bytes(content)
    monkeypatch.delenv("ATTENTION_DATA", raising=False)
    monkeypatch.setattr(module.pooch, "os_cache", lambda name: tmp_path / "cache")
    monkeypatch.setattr(module, "CHECKSUMS", {"val.de.gz": hashlib.sha256(content).hexdigest(), "val.en.gz": "0" * 64})
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


def test_download_once_then_cache(server, tmp_path):
    path = module.multi30k_file("val", "de", server)
    assert module.read_lines(path) == ["Ein Hund läuft.", "Zwei Hunde laufen."]
    (tmp_path / "served" / "val.de.gz").unlink()
    assert module.multi30k_file("val", "de", server) == path


def test_a_wrong_download_is_refused(server, tmp_path):
    (tmp_path / "served" / "val.de.gz").write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"val\.de\.gz is missing and could not be fetched"):
        module.multi30k_file("val", "de", server)


def test_without_network_one_sentence(server):
    with pytest.raises(ValueError, match=r"put the file into \$ATTENTION_DATA/multi30k or .*cache") as caught:
        module.multi30k_file("val", "en", "http://127.0.0.1:9/")
    assert "\n" not in str(caught.value)


def test_given_data_come_first_and_are_checked(server, tmp_path, monkeypatch):
    folder = tmp_path / "given" / "multi30k"
    folder.mkdir(parents=True)
    monkeypatch.setenv("ATTENTION_DATA", str(tmp_path / "given"))
    (folder / "val.de.gz").write_bytes((tmp_path / "served" / "val.de.gz").read_bytes())
    assert module.multi30k_file("val", "de", "http://127.0.0.1:9/") == folder / "val.de.gz"
    (folder / "val.de.gz").write_bytes(b"something else")
    with pytest.raises(ValueError, match="is not the official file"):
        module.multi30k_file("val", "de")


def test_no_such_file():
    with pytest.raises(ValueError, match=r"no file val\.xx\.gz"):
        module.multi30k_file("val", "xx")


def test_lines_are_split_at_line_ends_only(tmp_path):
    path = Path(tmp_path, "text.txt")
    path.write_bytes("eins\u2028zwei\r\ndrei\n".encode())
    assert module.read_lines(path) == ["eins\u2028zwei", "drei"]
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="cannot be read as text"):
        module.read_lines(path)
