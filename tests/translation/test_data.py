"""Text to tokens and back, batches, and where Multi30k comes from."""

import contextlib
import gzip
import hashlib
import http.server
import os
import pty
import random
import re
import select
import threading
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from attention.data import multi30k as module
from attention.data import text
from attention.data.batches import pad, sentence_batches
from attention.data.tokenizer import (
    END,
    PADDING,
    SPECIAL,
    START,
    DropoutEncoder,
    decode,
    encode,
    train_tokenizer,
    unseen_characters,
)
from attention.evaluation.bleu import bleu
from attention.inputs import InputError
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


def test_a_word_is_the_same_pieces_wherever_it_stands(corpus):
    first, second, twice = encode(corpus.tokenizer, ["Hund", "läuft", "Hund läuft"])
    assert [*first[:-1], *second] == twice


def test_sentences_may_come_one_by_one(corpus):
    assert encode(corpus.tokenizer, iter(GERMAN)) == encode(corpus.tokenizer, GERMAN)


def test_half_characters_are_refused(corpus):
    with pytest.raises(InputError, match=r"^'\\ud83d' is no character: write the sentence as UTF-8$"):
        encode(corpus.tokenizer, ["Hund", "x \ud83d"])


def test_decoding_ends_at_the_first_end(corpus):
    (tokens,) = encode(corpus.tokenizer, ["Ein Hund"])
    assert decode(corpus.tokenizer, [*tokens, *tokens]) == "Ein Hund"
    assert decode(corpus.tokenizer, tokens[:-1]) == "Ein Hund"
    assert decode(corpus.tokenizer, [END]) == ""
    assert decode(corpus.tokenizer, [START, *tokens[:-1], PADDING]) == "Ein Hund"


def test_the_tokenizer_has_the_pieces_it_should(corpus):
    for size in (259, 270):
        tokenizer = train_tokenizer(iter(GERMAN), size)
        numbers = tokenizer.get_vocab()
        assert sorted(numbers.values()) == list(range(size))
        assert [tokenizer.id_to_token(number) for number in range(3)] == SPECIAL == ["<pad>", "<s>", "</s>"]
        text = "".join(map(chr, range(1, 0x500)))  # in the letters of no training sentence
        text = unicodedata.normalize("NFC", text)
        assert decode(tokenizer, encode(tokenizer, [f"a{text}z"])[0]) == f"a{text}z"
    assert len(encode(tokenizer, GERMAN)[0]) < len(encode(train_tokenizer(GERMAN, 259), GERMAN)[0])
    assert train_tokenizer(["ab ab ac"], 260).token_to_id("Ġa") == 259  # the most frequent pair, in the first word too


def test_training_draws_nothing_on_a_terminal():
    screen, terminal = pty.openpty()
    kept = os.dup(2)
    os.dup2(terminal, 2)
    try:
        train_tokenizer(GERMAN * 100, 270)
    finally:
        os.dup2(kept, 2)
    assert select.select([screen], [], [], 0)[0] == []
    for number in (screen, terminal, kept):
        os.close(number)


def test_unseen_characters():
    assert unseen_characters(set("abc "), "a 🐶 b 🐶 ü") == ["🐶", "ü"]
    assert unseen_characters(set("lä"), "la\u0308") == []
    assert unseen_characters("", "") == []


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


def test_without_dropout_a_word_is_cut_in_training_as_in_translating():
    """Merges go by their rank, not from the left, and letters are composed first."""
    words = ["".join(random.Random(i).choices("abcü", k=7)) for i in range(60)]
    tokenizer = train_tokenizer(words, 300)
    texts = [*words, *(unicodedata.normalize("NFD", word) for word in words)]
    assert texts[0] != texts[60] or "ü" not in texts[0]
    assert DropoutEncoder(tokenizer, texts, 0.0).encode(random.Random(0)) == encode(tokenizer, texts)


def test_pad():
    padded, lengths = pad([[5, 6, 2], [7, 2]])
    np.testing.assert_array_equal(padded, [[5, 6, 2], [7, 2, 0]])
    np.testing.assert_array_equal(lengths, [3, 2])


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


def test_batches_are_shuffled_and_so_is_who_shares_one():
    sources = [[100 + i, END] for i in range(20)]
    targets = [[3] * (1 + i // 10) + [END] for i in range(20)]  # ten of a length

    def of(rng):
        found = [(target.shape[1], frozenset(source[:, 0])) for source, _, target in
                 sentence_batches(sources, targets, 5, rng)]  # fmt: skip
        return [length for length, _ in found], {shared for _, shared in found}

    in_order = of(None)
    assert in_order == ([3, 3, 4, 4], {frozenset(range(first, first + 5)) for first in (100, 105, 110, 115)})
    drawn = [of(np.random.default_rng(seed)) for seed in range(5)]
    assert any(lengths != [3, 3, 4, 4] for lengths, _ in drawn)
    assert len({str(lengths) for lengths, _ in drawn}) > 1
    assert len({frozenset(shared) for _, shared in drawn}) == 5


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


CONTENT = gzip.compress("Ein Hund läuft.\nZwei Hunde laufen.\n".encode())


class Handler(http.server.BaseHTTPRequestHandler):
    """A web server that serves val.de.gz at /right/, and misbehaves in the way that the address names."""

    asked, sent = 0, 0

    def do_GET(self):
        type(self).asked += 1
        getattr(self, self.path.split("/")[1])()

    def log_message(self, *_):
        pass

    def start(self, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send(self, content, length=None):
        self.start(Content_Length=str(len(content) if length is None else length))
        self.wfile.write(content)

    def right(self):
        self.send(CONTENT)

    def other(self):
        self.send(b"something else")

    def nothing(self):
        self.send(b"")

    def login(self):
        self.start(Content_Type="text/html")
        self.wfile.write(b"<html>Please log in</html>")

    def truncated(self):
        self.send(CONTENT[:-4], len(CONTENT))

    def cut(self):
        self.start()
        self.wfile.write(CONTENT[:-4])

    def longer(self):
        self.send(CONTENT + b"more")

    def folded(self):
        self.start(Content_Encoding="gzip")
        self.wfile.write(gzip.compress(CONTENT))

    def obliging(self):
        self.folded() if "gzip" in self.headers["Accept-Encoding"] else self.right()

    def missing(self):
        self.start(404)

    def broken(self):
        self.start(500)

    def moved(self):
        here = f"http://localhost:{self.server.server_port}"  # another host than 127.0.0.1
        self.start(302, Location=f"{here}/right/val.de.gz")

    def moved_to_other(self):
        self.start(302, Location="/other/val.de.gz")

    def moved_to_a_file(self):
        self.start(302, Location="file:///etc/hostname")

    def loop(self):
        self.start(302, Location=self.path)

    def gibberish(self):
        self.wfile.write(b"\x00\xff\r\n\r\n")

    def silent(self):
        self.server.over.wait(20)

    def trickle(self):
        self.start()
        while not self.server.over.wait(0.02):
            self.wfile.write(b"x")

    def endless(self):
        self.start()
        while True:
            self.wfile.write(bytes(2**16))
            type(self).sent += 2**16

    def handle(self):
        with contextlib.suppress(ConnectionError):
            super().handle()


@pytest.fixture(scope="module")
def running():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.over = threading.Event()
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.over.set()
        running.shutdown()


@pytest.fixture
def server(running, tmp_path, monkeypatch):
    """The address of the web server, with neither the data nor a cache on this machine."""
    monkeypatch.delenv("ATTENTION_DATA", raising=False)
    monkeypatch.setattr(module.pooch, "os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(module, "CHECKSUMS", {"val.de.gz": hashlib.sha256(CONTENT).hexdigest()})
    return running


@pytest.mark.parametrize("way", ["right", "moved", "obliging"])
def test_download_once_then_cache(server, tmp_path, monkeypatch, caplog, way):
    asked = Handler.asked
    monkeypatch.setattr(module.pooch.get_logger(), "handlers", [caplog.handler])
    path = module.multi30k_file("val", "de", f"{server}/{way}/")
    assert path == tmp_path / "cache" / "attention-course" / "multi30k" / "val.de.gz"
    assert text.read_lines(path) == ["Ein Hund läuft.", "Zwei Hunde laufen."]
    asked_once = Handler.asked
    assert asked_once > asked
    assert module.multi30k_file("val", "de", f"{server}/{way}/") == path
    assert Handler.asked == asked_once
    assert not caplog.records  # pooch has nothing to say


def test_a_damaged_cache_is_fetched_again(server, tmp_path):
    path = module.multi30k_file("val", "de", f"{server}/right/")
    path.write_bytes(CONTENT[:9])
    assert module.multi30k_file("val", "de", f"{server}/right/").read_bytes() == CONTENT


NOT_OFFICIAL = "what came is not the official file: its SHA-256 differs"
DOWNLOADS = {
    "other": NOT_OFFICIAL,
    "nothing": NOT_OFFICIAL,
    "login": NOT_OFFICIAL,
    "truncated": "ProtocolError",
    "cut": NOT_OFFICIAL,
    "longer": NOT_OFFICIAL,
    "folded": NOT_OFFICIAL,
    "missing": "the server answers 404",
    "broken": "the server answers 500",
    "moved_to_other": NOT_OFFICIAL,
    "moved_to_a_file": "InvalidSchema",
    "loop": "TooManyRedirects",
    "gibberish": "ConnectionError",
    "silent": "ReadTimeout",
    "trickle": "it was not here after 0.3 seconds",
    "endless": "what comes is larger than 10,000,000 bytes",
}


@pytest.mark.parametrize("fault", DOWNLOADS)
def test_a_download_that_fails(server, tmp_path, monkeypatch, fault):
    if fault in ("silent", "trickle"):
        monkeypatch.setattr(module, "QUIET", 0.1)
        monkeypatch.setattr(module, "SECONDS", 0.3)
    begun = time.monotonic()
    with pytest.raises(InputError) as caught:
        module.multi30k_file("val", "de", f"{server}/{fault}/")
    said = str(caught.value)
    assert f"val.de.gz is missing and could not be fetched from {server}/{fault}/ ({DOWNLOADS[fault]}" in said
    assert said.endswith(f"put the file into $ATTENTION_DATA/multi30k or {tmp_path}/cache/attention-course/multi30k")
    assert "\n" not in said
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert Handler.sent < 5e7
    assert time.monotonic() - begun < 4


def test_nobody_answers(server):
    with pytest.raises(InputError, match=r"could not be fetched from http://127.0.0.1:9/ \(ConnectionError\)"):
        module.multi30k_file("val", "de", "http://127.0.0.1:9/")


def test_a_cache_that_cannot_be_made(server, tmp_path):
    (tmp_path / "cache").touch()
    with pytest.raises(InputError, match=r"could not be fetched .* \(Not a directory\)"):
        module.multi30k_file("val", "de", f"{server}/right/")


def test_two_at_the_same_time(server):
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(module.multi30k_file, "val", "de", f"{server}/right/") for _ in range(4)]
        assert {job.result().read_bytes() for job in jobs} == {CONTENT}
    assert [path.name for path in jobs[0].result().parent.iterdir()] == ["val.de.gz"]


def test_the_checksums_are_written_as_they_are_computed():
    assert all(re.fullmatch("[0-9a-f]{64}", checksum) for checksum in module.CHECKSUMS.values())
    assert len(set(module.CHECKSUMS.values())) == 9


def test_the_patience_with_servers():
    """What the tests above make shorter."""
    assert (module.QUIET, module.SECONDS) == (10, 120)
    assert module.ADDRESS.startswith("https://")


def test_given_data_come_first_and_are_checked(server, tmp_path, monkeypatch):
    folder = tmp_path / "given" / "multi30k"
    folder.mkdir(parents=True)
    monkeypatch.setenv("ATTENTION_DATA", str(tmp_path / "given"))
    assert module.multi30k_file("val", "de", f"{server}/right/").is_relative_to(tmp_path / "cache")
    file = folder / "val.de.gz"
    file.write_bytes(CONTENT)
    assert module.multi30k_file("val", "de", f"{server}/missing/") == file
    file.write_bytes(b"something else")
    with pytest.raises(InputError, match=f"^{file} is not the official file of Multi30k: its SHA-256 differs$"):
        module.multi30k_file("val", "de", f"{server}/right/")
    file.unlink()
    file.mkdir()
    with pytest.raises(InputError, match=f"^{file} cannot be read: Is a directory$"):
        module.multi30k_file("val", "de", f"{server}/right/")


def test_the_languages_come_in_the_order_asked_for(tmp_path, monkeypatch):
    (tmp_path / "multi30k").mkdir()
    sums = {}
    for language in ("de", "en"):
        content = gzip.compress(f"{language}\n".encode())
        (tmp_path / "multi30k" / f"test.{language}.gz").write_bytes(content)
        sums[f"test.{language}.gz"] = hashlib.sha256(content).hexdigest()
    monkeypatch.setenv("ATTENTION_DATA", str(tmp_path))
    monkeypatch.setattr(module, "CHECKSUMS", sums)
    assert module.multi30k("test", "en", "de") == [["en"], ["de"]]


@pytest.mark.parametrize("name", [("val", "xx"), ("../val", "de"), ("/etc/val", "de")])
def test_no_such_file(server, name):
    with pytest.raises(InputError, match=r"no file .*: the files are val\.de\.gz"):
        module.multi30k_file(*name, f"{server}/right/")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("eins\nzwei\n", ["eins", "zwei"]),
        ("eins\nzwei", ["eins", "zwei"]),
        ("eins\r\nzwei\r\n", ["eins", "zwei"]),
        ("\n\neins\n \n\n", ["", "", "eins", " ", ""]),
        ("\ufeffeins\n\ufeffzwei\n", ["eins", "\ufeffzwei"]),
        ("eins\u2028zwei\u2029drei\x0bvier\x0cfünf\x85\n", ["eins\u2028zwei\u2029drei\x0bvier\x0cfünf\x85"]),
        ("a\rb\r\r\nc\0\x1b\n", ["a\rb\r", "c\0\x1b"]),
        ("", []),
        ("\n", [""]),
    ],
)
def test_lines_are_split_at_line_ends_only(tmp_path, content, expected):
    (tmp_path / "text").write_bytes(content.encode())
    (tmp_path / "text.gz").write_bytes(gzip.compress(content.encode()))
    assert text.read_lines(tmp_path / "text") == expected
    assert text.read_lines(str(tmp_path / "text.gz")) == expected


def test_the_limit_of_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "BYTES", 10)
    (tmp_path / "text").write_bytes(b"123456789\n")
    assert text.read_lines(tmp_path / "text") == ["123456789"]
    (tmp_path / "text").write_bytes("12345678äöü\n".encode())  # the limit is in the middle of a letter
    with pytest.raises(InputError, match="text holds more than 10 bytes of text: split it"):
        text.read_lines(tmp_path / "text")


def test_every_split_is_there_in_three_languages():
    with pytest.raises(InputError) as refused:
        module.multi30k_file("train", "it")
    files = [
        f"{split}.{language}.gz" for split in ("test_2016_flickr", "train", "val") for language in ("de", "en", "fr")
    ]
    assert str(refused.value) == f"Multi30k has no file train.it.gz: the files are {', '.join(files)}"
