"""What strangers may hand in: fault → sentence.

Every line goes through the command line: exit code 2, nothing on standard output, one sentence on standard error (after
the usage, where the arguments are wrong), nothing written.
"""

import gzip
import io
import json
import re
import struct
import subprocess
import sys

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save as to_bytes

from attention.__main__ import main
from attention.data.tokenizer import load_tokenizer
from attention.inputs import InputError
from attention.translator import LONGEST, Translator
from attention.weights.store import load
from attention.weights.tables import seq2seq
from tests.translation.conftest import ENGLISH, GERMAN, SIZES


def refused(capsys, folder, *arguments):
    """The one sentence that the command says."""
    before, usage = sorted(folder.rglob("*")), False
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as exit_:  # of argparse
        code, usage = exit_.code, True
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    told, err = re.fullmatch(r"((?:usage: python -m attention(?: .*)?\n(?: .*\n)*)?)(.*\n)", err).groups()
    assert bool(told) == usage
    assert len(err) < 500 + len(str(folder))
    assert sorted(folder.rglob("*")) == before
    return err


def header(content, body=b""):
    """A safetensors file with any header."""
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    return struct.pack("<Q", len(content)) + content + body


def one_tensor(dtype, shape, size, **metadata):
    return header(
        {"__metadata__": metadata, "a": {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}}, bytes(size)
    )


class Model:
    """A model file taken apart, to be put together wrongly."""

    def __init__(self, path):
        self.weights, self.metadata = load(path)
        self.text = None  # of the metadata, where it is not JSON

    def tokenizer(self, change):
        tokenizer = json.loads(self.metadata["tokenizer"])
        change(tokenizer)
        self.metadata["tokenizer"] = json.dumps(tokenizer)

    def bytes(self):
        texts = {name: json.dumps(value) for name, value in self.metadata.items()}
        return to_bytes(self.weights, texts | (self.text or {}))


def without(name):
    return lambda m: m.metadata.pop(name)


def meta(**changes):
    return lambda m: m.metadata.update(changes)


def weight(name, change):
    return lambda m: m.weights.update({name: change(m.weights[name])})


def spoiled(value):
    def change(array):
        array = array.copy()
        array.flat[-1] = value
        return array

    return change


def tokenizer(**changes):
    return lambda m: m.tokenizer(lambda t: t.update(changes))


def pieces(change):
    return lambda m: m.tokenizer(lambda t: change(t["model"]["vocab"]))


def swap(one, other):
    def change(numbers):
        numbers[one], numbers[other] = numbers[other], numbers[one]

    return change


def drop_byte(numbers):
    numbers["instead"] = numbers.pop("Ā")


def renumbered(m):
    m.metadata["sizes"] = {**SIZES, "vocabulary": 400}
    for name in ("embedding", "output_bias"):
        m.weights[name] = np.resize(m.weights[name], (400, *m.weights[name].shape[1:]))


MODELS = {
    "a weight is missing": (lambda m: m.weights.pop("decoder.query_weight"), "it has no weight 'decoder.query_weight'"),
    "a bias is missing": (lambda m: m.weights.pop("output_bias"), "it has no weight 'output_bias'"),
    "a weight too many": (lambda m: m.weights.update(more=np.zeros(3, np.float32)), "it has a weight 'more', which"),
    "a long name": (lambda m: m.weights.update({"x\n" * 999: np.zeros(3, np.float32)}), r"it has a weight 'x\nx\n"),
    "a bias that would broadcast": (weight("decoder.readout_bias", lambda a: a[:1]), "must have shape (16,): got (1,)"),
    "a scalar": (weight("output_bias", lambda a: np.asarray(a[0])), "must have shape (320,): got ()"),
    "a transposed weight": (weight("decoder.key_weight", lambda a: a.reshape(16, 2, 8)), "shape (16, 16): got (16, 2"),
    "rows as columns": (weight("embedding", lambda a: a.T.copy()), "shape (320, 16): got (16, 320)"),
    "a row too many": (weight("embedding", lambda a: np.vstack([a, a[:1]])), "shape (320, 16): got (321, 16)"),
    "no weights": (lambda m: m.weights.clear(), "it has no weight 'embedding'"),
    "NaN": (weight("decoder.score_weight", spoiled(np.nan)), "its weight 'decoder.score_weight' is not finite"),
    "infinite": (weight("encoder.forward.input_bias", spoiled(-np.inf)), "'encoder.forward.input_bias' is not finite"),
    "too large for float32": (
        weight("output_bias", lambda a: spoiled(1e300)(a.astype(np.float64))),
        "its weight 'output_bias' is not finite",
    ),
    "whole numbers": (weight("output_bias", lambda a: a.astype(np.int64)), "is of type I64, not F16 or F32 or F64"),
    "booleans": (weight("output_bias", lambda a: a > 0), "is of type BOOL"),
    "no model": (without("model"), "it has no 'model'"),
    "no sizes": (without("sizes"), "it has no 'sizes'"),
    "no tokenizer": (without("tokenizer"), "it has no 'tokenizer'"),
    "no alphabet": (without("alphabet"), "it has no 'alphabet'"),
    "no languages": (without("languages"), "it has no 'languages'"),
    "another model": (
        meta(model="Transformer"),
        "a model of the kind 'Transformer', not 'LanguageModel' or 'ResNet' or 'Seq2Seq'",
    ),
    "the model is a number": (meta(model=3), "its 'model' must be a str: got 3"),
    "alphabet null": (meta(alphabet=None), "its 'alphabet' must be a str: got None"),
    "the alphabet is a list": (meta(alphabet=["a"]), "its 'alphabet' must be a str"),
    "the languages are text": (meta(languages="de"), "its 'languages' must be a list"),
    "one language": (meta(languages=["de"]), "its 'languages' must be two"),
    "languages by number": (meta(languages=["de", 1]), "its 'languages' must be two"),
    "the sizes are a list": (meta(sizes=[320, 16, 8]), "its 'sizes' must be a dict"),
    "a size is missing": (meta(sizes={"vocabulary": 320, "width": 16}), "vocabulary, width, encoder_width: got"),
    "a size too many": (meta(sizes=SIZES | {"depth": 2}), "vocabulary, width, encoder_width: got"),
    "a size is negative": (meta(sizes=SIZES | {"width": -16}), "its 'sizes' must be whole numbers"),
    "a size is 0": (meta(sizes=SIZES | {"width": 0}), "its 'sizes' must be whole numbers"),
    "a size is text": (meta(sizes=SIZES | {"width": "16"}), "its 'sizes' must be whole numbers"),
    "a size is a fraction": (meta(sizes=SIZES | {"width": 16.0}), "its 'sizes' must be whole numbers"),
    "a size is true": (meta(sizes=SIZES | {"width": True}), "its 'sizes' must be whole numbers"),
    "another size": (meta(sizes=SIZES | {"width": 17}), "its weight 'embedding' must have shape (320, 17)"),
    "enormous sizes": (
        meta(sizes={"vocabulary": 10**9, "width": 10**6, "encoder_width": 10**6}),
        "must have shape (1000000000, 1000000): got (320, 16)",
    ),
    "metadata that are not JSON": (lambda m: setattr(m, "text", {"format": "pt"}), "its 'format' is not JSON"),
    "metadata nested without end": (lambda m: setattr(m, "text", {"sizes": "[" * 10**5}), "its 'sizes' is not JSON"),
    "metadata without end": (lambda m: setattr(m, "text", {"a": '"' + "x" * 10**7 + '"'}), "longer than 10,000,000"),
    "a tokenizer of nonsense": (meta(tokenizer="nonsense"), "its tokenizer is none that"),
    "a tokenizer of other JSON": (meta(tokenizer="[1, 2]"), "its tokenizer is none that"),
    "a tokenizer of words": (
        tokenizer(model={"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}),
        "see its 'model'",
    ),
    "a tokenizer by likelihood": (
        tokenizer(model={"type": "Unigram", "vocab": [["a", 0.0]], "unk_id": 0}),
        "see its 'model'",
    ),
    "numbers beyond the vocabulary": (pieces(lambda n: n.update(instead=320)), "number its pieces from 0 to 319"),
    "a number left out": (
        pieces(lambda n: n.update({max(n, key=n.get): 320})),
        "number its pieces from 0 to 319",
    ),
    "a number twice": (pieces(lambda n: n.update({max(n, key=n.get): 300})), "number its pieces from 0 to 319"),
    "fewer pieces than the model": (renumbered, "number its pieces from 0 to 399"),
    "PADDING elsewhere": (pieces(swap("<pad>", "a")), "see its 'added_tokens'"),
    "START elsewhere": (pieces(swap("<s>", "a")), "see its 'added_tokens'"),
    "END elsewhere": (pieces(swap("</s>", "a")), "see its 'added_tokens'"),
    "START and END exchanged": (pieces(swap("<s>", "</s>")), "see its 'added_tokens'"),
    "no special pieces": (tokenizer(added_tokens=[]), "see its 'added_tokens'"),
    "a byte that has no piece": (pieces(drop_byte), "must have a piece for every byte"),
    "another normaliser": (tokenizer(normalizer={"type": "Lowercase"}), "another sort than those of this library"),
    "no pre-tokenizer": (tokenizer(pre_tokenizer=None), "see its 'pre_tokenizer'"),
    "no decoder": (tokenizer(decoder=None), "see its 'decoder'"),
    "a tokenizer that cuts off": (
        tokenizer(truncation={"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0}),
        "see its 'truncation'",
    ),
    "pieces left out at random": (lambda m: m.tokenizer(lambda t: t["model"].update(dropout=0.5)), "see its 'model'"),
}


@pytest.mark.parametrize("fault", MODELS)
def test_a_model_put_together_wrongly(capsys, model_file, tmp_path, fault):
    change, sentence = MODELS[fault]
    model = Model(model_file)
    change(model)
    path = tmp_path / "model"
    path.write_bytes(model.bytes())
    said = refused(capsys, tmp_path, "translate", "Ein Hund.", "--model", path)
    assert said.startswith(f"the model file {path} cannot be used: ")
    assert sentence in said


WHOLE = {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}
FILES = {
    "empty": (b"", "it is damaged"),
    "text": (b"not a model", "it is damaged"),
    "a header that says too much": (struct.pack("<Q", 2**62) + b"{}", "it is damaged"),
    "a header that says too little": (struct.pack("<Q", 1) + b"{}", "it is damaged"),
    "a header that is a list": (header([]), "it is damaged"),
    "a header that is not UTF-8": (header(b'{"__metadata__":{"a":"\xff"}}'), "it is damaged"),
    "metadata that are numbers": (header({"__metadata__": {"a": 1}}), "it is damaged"),
    "metadata twice": (header(b'{"__metadata__":{},"__metadata__":{}}'), "it is damaged"),
    "a type of nonsense, at length": (header({"a": WHOLE | {"dtype": "x\n" * 9999}}, bytes(4)), "it is damaged"),
    "more bytes than tensors": (header({"a": WHOLE}, bytes(5)), "it is damaged"),
    "fewer bytes than tensors": (header({"a": WHOLE}, bytes(3)), "it is damaged"),
    "tensors that overlap": (header({"a": WHOLE, "b": WHOLE}, bytes(4)), "it is damaged"),
    "an enormous tensor": (header({"a": WHOLE | {"shape": [10**9, 10**6]}}, bytes(4)), "it is damaged"),
    "a size that overflows": (header({"a": WHOLE | {"shape": [2**63, 4]}}, bytes(4)), "it is damaged"),
    "nothing in it": (header({}), "it has no 'model'"),
    "weights alone": (one_tensor("F16", [2], 4), "it has no 'model'"),
    "bfloat16": (one_tensor("BF16", [2], 4), "its weight 'a' is of type BF16"),
    "8 bits": (one_tensor("F8_E4M3", [2], 2), "its weight 'a' is of type F8_E4M3"),
}


@pytest.mark.parametrize("fault", FILES)
def test_a_file_that_is_no_model(capsys, tmp_path, fault):
    content, sentence = FILES[fault]
    path = tmp_path / "model"
    path.write_bytes(content)
    said = refused(capsys, tmp_path, "translate", "Ein Hund.", "--model", path)
    assert said.startswith(f"the model file {path} cannot be used: {sentence}")


def test_other_places_that_hold_no_model(capsys, tmp_path, model_file):
    assert "it is a folder" in refused(capsys, tmp_path, "translate", "Ein Hund.", "--model", tmp_path)
    assert "cannot be used" in refused(capsys, tmp_path, "translate", "Ein Hund.", "--model", "/dev/zero")
    (tmp_path / "half").write_bytes(model_file.read_bytes()[:-1])
    assert "it is damaged" in refused(capsys, tmp_path, "translate", "Ein Hund.", "--model", tmp_path / "half")
    said = refused(capsys, tmp_path, "translate", "Ein Hund.", "--model", tmp_path / "nowhere")
    assert said == f"there is no model file {tmp_path / 'nowhere'}\n"


@pytest.mark.parametrize("framework", ["tensorflow", "pytorch"])
def test_nothing_is_allocated_for_what_a_file_claims(capsys, model_file, tmp_path, framework):
    model = Model(model_file)
    MODELS["enormous sizes"][0](model)
    (tmp_path / "model").write_bytes(model.bytes())
    arguments = ["translate", "Ein Hund.", "--framework", framework, "--model", tmp_path / "model"]
    assert "must have shape" in refused(capsys, tmp_path, *arguments)


def test_the_tables_of_faults_begin_with_a_model_that_is_right(capsys, model_file, tmp_path):
    """Taken apart and put together it is accepted, in each type that a weight may have, whatever else it tells."""
    model = Model(model_file)
    model.metadata |= {"alphabet": "", "more": None}
    for dtype in (np.float16, np.float32, np.float64):
        model.weights = {name: array.astype(dtype) for name, array in model.weights.items()}
        (tmp_path / "model").write_bytes(model.bytes())
        assert main(["translate", "Ein Hund.", "--model", str(tmp_path / "model")]) == 0
        assert capsys.readouterr().err.startswith("note: training never met E i n")


def test_every_weight_is_looked_at(model_file, tmp_path):
    for name in seq2seq.shapes(**SIZES):
        model = Model(model_file)
        model.weights[name] = spoiled(np.nan)(model.weights[name])
        (tmp_path / "model").write_bytes(model.bytes())
        with pytest.raises(InputError, match=f"'{name}' is not finite"):
            Translator("numpy", tmp_path / "model")


def test_a_stored_tokenizer_is_the_trained_one(corpus):
    text = corpus.tokenizer.to_str()
    assert load_tokenizer(text, 320).to_str() == text


TEXTS = {
    "not UTF-8": (b"Ein Hund.\nB\xe4r\n", "is not text in UTF-8: see its byte 11"),
    "UTF-16": ("Ein Hund.\n".encode("utf-16"), "is not text in UTF-8: see its byte 0"),
    "half characters": (b"Ein \xed\xa0\x80\n", "is not text in UTF-8: see its byte 4"),
    "empty": (b"", "has no sentence in it"),
    "a byte-order mark alone": (b"\xef\xbb\xbf", "has no sentence in it"),
    "blank lines alone": (b"\n  \n\t\r\n", "has no sentence in it"),
    "too large": (b"a" * 10_000_001, "holds more than 10,000,000 bytes of text"),
    "one word without end": (b"Hund.\n" + b"xq" * 10_000 + b"\n", "sentence 2 has 20,"),
    "a line without end": (b"Hund.\n" * 63 + b"ein " * 25_000 + b"\n", "sentence 64 has "),
}


@pytest.mark.parametrize("fault", TEXTS)
def test_a_text_that_cannot_be_translated(capsys, model_file, tmp_path, fault):
    content, sentence = TEXTS[fault]
    path = tmp_path / "source.txt"
    path.write_bytes(content)
    (tmp_path / "reference.txt").write_text("A dog.\n" * content.count(b"\n"), encoding="utf-8")
    arguments = ["--source", path, "--reference", tmp_path / "reference.txt"]
    if "no sentence" in sentence:
        arguments[3] = path
    said = refused(capsys, tmp_path, "evaluate", "--model", model_file, *arguments)
    assert sentence in said
    assert said.startswith(str(path)) or said.startswith("sentence")


def test_a_reference_without_sentences(capsys, model_file, tmp_path):
    (tmp_path / "source.txt").write_text("Ein Hund.\n", encoding="utf-8")
    (tmp_path / "reference.txt").write_text("\n", encoding="utf-8")
    arguments = ["--source", tmp_path / "source.txt", "--reference", tmp_path / "reference.txt"]
    said = refused(capsys, tmp_path, "evaluate", "--model", model_file, *arguments)
    assert said == f"{tmp_path / 'reference.txt'} has no sentence in it\n"


GOOD = gzip.compress(b"Ein Hund.\n" * 1000)
ARCHIVES = {
    "truncated": (GOOD[:-9], "cannot be read: Compressed file ended"),
    "no archive": (b"Ein Hund.\n", "cannot be read: Not a gzipped file"),
    "other bytes in it": (GOOD[:15] + b"\xff\xff\xff" + GOOD[18:], "cannot be read: "),
    "a wrong checksum": (GOOD[:-8] + bytes(8), "cannot be read: CRC check failed"),
}


@pytest.mark.parametrize("fault", ARCHIVES)
def test_an_archive_that_cannot_be_read(capsys, model_file, tmp_path, fault):
    content, sentence = ARCHIVES[fault]
    path = tmp_path / "source.gz"
    path.write_bytes(content)
    said = refused(capsys, tmp_path, "evaluate", "--model", model_file, "--source", path, "--reference", path)
    assert said.startswith(f"{path} {sentence}")


@pytest.mark.parametrize(("path", "sentence"), [(".", "Is a directory"), ("/proc/self/mem", "Input/output error")])
def test_what_is_no_file(capsys, model_file, tmp_path, path, sentence):
    said = refused(capsys, tmp_path, "evaluate", "--model", model_file, "--source", path, "--reference", path)
    assert said == f"{path} cannot be read: {sentence}\n"


def test_what_has_no_end_is_read_to_the_limit_alone(tmp_path):
    """10 GB folded into 10 MB, and a device: in a process of its own, whose memory is measured."""
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(10**7)) * 1000)
    program = """if True:
        import resource, sys
        from attention.data.text import BYTES, read_lines
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for path in sys.argv[1:]:
            try:
                read_lines(path)
            except ValueError as error:
                print(error)
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 8 * BYTES)
    """
    command = [sys.executable, "-c", program, tmp_path / "bomb.gz", "/dev/zero"]
    bomb, device, bounded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert bomb == f"{tmp_path / 'bomb.gz'} holds more than 10,000,000 bytes of text: split it"
    assert device == "/dev/zero holds more than 10,000,000 bytes of text: split it"
    assert bounded == "True"


ARGUMENTS = {
    "no sentence": (["translate", ""], "the sentence is empty"),
    "spaces": (["translate", " \t\n"], "the sentence is empty"),
    "not UTF-8": (["translate", "B\udcffr", "--model", "MODEL"], r"'\udcff' is no character"),
    "half a character": (["translate", "a \ud83d", "--model", "MODEL"], r"'\ud83d' is no character"),
    "one word without end": (["translate", "xq" * 10_000, "--model", "MODEL"], "sentence 1 has 20,"),
    "words without end": (["translate", "Hund " * 1050, "--model", "MODEL"], f"at most {LONGEST:,} are translated"),
    "one of them empty": (["translate", "Hund", " ", "--model", "MODEL"], "the sentence is empty"),
    "the second without end": (["translate", "Hund. " + "xq" * 10_000, "--model", "MODEL"], "sentence 2 has 20,"),
    "standard input beside sentences": (["translate", "Hund", "-"], "- is standard input, and stands alone"),
    "an option that is none": (["translate", "Hund", "--beams", "4"], "unrecognized arguments: --beams 4"),
    "nothing to translate": (["translate"], "required: sentence"),
    "no beam": (["translate", "Hund", "--beam", "0"], "argument --beam: must be a whole number of at least 1: got '0'"),
    "half a beam": (["evaluate", "--beam", "2.5"], "argument --beam: must be a whole number of at least 1: got '2.5'"),
    "a beam too wide": (["translate", "Hund", "--beam", "101"], "argument --beam: must be at most 100: got 101"),
    "a beam without a number": (["translate", "Hund", "--beam"], "argument --beam: expected one argument"),
    "no such device": (["translate", "Hund", "--device", "gpu"], "argument --device: invalid choice: 'gpu'"),
    "a device that NumPy lacks": (
        ["translate", "Hund", "--device", "cuda"],
        "cuda was asked for, but NumPy finds no GPU",
    ),
    "a model without a name": (["translate", "Hund", "--model", ""], "argument --model: must be a path: got ''"),
    "a picture without a name": (
        ["translate", "Hund", "--alignment", ""],
        "argument --alignment: must be a path: got ''",
    ),
    "a source without a name": (["evaluate", "--source", ""], "argument --source: must be a path: got ''"),
    "a reference without a name": (["evaluate", "--reference", ""], "argument --reference: must be a path: got ''"),
    "no such framework": (["translate", "Hund", "--framework", "jax"], "invalid choice: 'jax'"),
    "a picture into no folder": (["translate", "Hund", "--alignment", "nowhere/a.png"], "there is no folder nowhere"),
    "a picture of no kind": (["translate", "Hund", "--alignment", "a.strange"], "must end in .png, .svg or .pdf"),
    "a picture without ending": (["translate", "Hund", "--alignment", "png"], "must end in .png, .svg or .pdf"),
    "no such source": (["evaluate", "--source", "nowhere", "--reference", "x"], "there is no file nowhere"),
    "no source": (["evaluate", "--reference", "x"], "required: --source"),
    "no reference": (["evaluate", "--source", "x"], "required: --reference"),
    "a picture into a folder's place": (
        ["translate", "Hund", "--alignment", "a.png", "--model", "x"],
        "a.png: it is a folder",
    ),
    "a picture of two": (
        ["translate", "Hund", "Hund", "--alignment", "b.png", "--model", "MODEL"],
        "draws one sentence: these are 2",
    ),
    "a picture of two in one": (
        ["translate", "Ein Hund. Eine Frau.", "--alignment", "b.png", "--model", "MODEL"],
        "draws one sentence: these are 2",
    ),
    "training in NumPy": (["train", "translation", "--framework", "numpy"], "--framework: invalid choice: 'numpy'"),
    "no steps": (
        ["train", "translation", "--framework", "pytorch", "--steps", "0"],
        "argument --steps: must be a whole number of at least 1: got '0'",
    ),
    "no such experiment": (["experiment", "dance"], "there is no experiment dance: there are beam_width_de_en"),
    "no command": ([], "required"),
    "another command": (["dance"], "invalid choice: 'dance'"),
}


@pytest.mark.parametrize("fault", ARGUMENTS)
def test_arguments_that_cannot_be_used(capsys, model_file, tmp_path, monkeypatch, fault):
    arguments, sentence = ARGUMENTS[fault]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").mkdir()
    assert sentence in refused(capsys, tmp_path, *(model_file if a == "MODEL" else a for a in arguments))


INPUTS = {
    "nothing": (b"", "standard input has no sentence in it"),
    "blank lines": (b"\n \t\n", "standard input has no sentence in it"),
    "not UTF-8": (b"Hund\nB\xe4r\n", "standard input is not text in UTF-8: see its byte 6"),
    "too large": (b"a" * 10_000_001, "standard input holds more than 10,000,000 bytes of text: split it"),
    "one word without end": (b"Hund.\n" + b"xq" * 10_000 + b"\n", "sentence 2 has 20,"),
}


@pytest.mark.parametrize("fault", INPUTS)
def test_standard_input_that_cannot_be_used(capsys, model_file, tmp_path, monkeypatch, fault):
    content, sentence = INPUTS[fault]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert refused(capsys, tmp_path, "translate", "-", "--model", model_file).startswith(sentence)


def test_standard_input_that_cannot_be_read(capsys, tmp_path, monkeypatch):
    with open("/proc/self/mem", encoding="utf-8") as memory:
        monkeypatch.setattr(sys, "stdin", memory)
        told = refused(capsys, tmp_path, "translate", "-", "--model", "x")
    assert told == "standard input cannot be read: Input/output error\n"
    monkeypatch.setattr(sys, "stdin", None)
    assert refused(capsys, tmp_path, "translate", "-", "--model", "x") == "standard input is closed\n"


def test_the_variable_of_the_device(capsys, model_file, tmp_path, monkeypatch):
    """What it says holds where the option says nothing."""
    monkeypatch.setenv("ATTENTION_DEVICE", "cuda")
    files = [tmp_path / "a", "--reference", tmp_path / "a"]
    (tmp_path / "a").write_text("Ein Hund.\n", encoding="utf-8")
    for command in (["translate", "Ein Hund."], ["evaluate", "--source", *files]):
        said = refused(capsys, tmp_path, *command, "--model", model_file)
        assert said == "device cuda was asked for, but NumPy finds no GPU\n"
        assert main([str(word) for word in [*command, "--model", model_file, "--device", "cpu"]]) == 0
        capsys.readouterr()
    monkeypatch.setenv("ATTENTION_DEVICE", "gpu")
    assert "ATTENTION_DEVICE must be one of" in refused(capsys, tmp_path, *command, "--model", model_file)


def test_bytes_that_are_no_text_as_a_shell_gives_them(model_file):
    command = [sys.executable, "-m", "attention", "translate", b"B\xffr", "--model", model_file]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"'\\udcff' is no character: write the sentence as UTF-8\n"


@pytest.mark.parametrize("error", [ValueError("a fault of ours"), OSError("another")])
def test_a_fault_of_the_program_is_not_called_the_users(model_file, monkeypatch, error):
    def faulty(*_):
        raise error

    monkeypatch.setattr(Translator, "translate", faulty)
    with pytest.raises(type(error), match=str(error)):
        main(["translate", "Ein Hund.", "--model", str(model_file)])


def test_the_limit_of_a_sentence(model_file):
    translator = Translator("numpy", model_file)
    letters = "x" * (LONGEST - 2)  # a space before, END behind
    assert len(translator.encode([letters])[0]) == LONGEST
    with pytest.raises(InputError, match=r"sentence 2 has 1,001 pieces, and at most 1,000 are translated: split it"):
        translator.translate(["Ein Hund.", letters + "x"])


def test_the_files_of_the_library_pass(model_file):
    with safe_open(model_file, "numpy") as file:
        assert set(file.keys()) == set(seq2seq.shapes(**SIZES))
    assert len(Translator("numpy", model_file).translate(GERMAN)) == len(ENGLISH)
