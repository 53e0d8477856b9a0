"""Texts cut into sentences, what may have been left uncut, and texts of another language."""

import os
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention.data.language import unlike
from attention.data.multi30k import multi30k
from attention.data.sentences import doubts, split_sentences
from tests.translation.conftest import ENGLISH, GERMAN

SENTENCES = {  # | where a sentence ends
    "Zwei Hunde spielen im Schnee.| Eine Frau schaut zu.": [],
    "Ein Hund läuft!| Ist er braun?| Ja.": [],
    "Ein Hund läuft.|Eine Frau geht.": [],
    "ein hund läuft.| eine frau schaut zu.": [],
    "EIN HUND LÄUFT.| EINE FRAU SCHAUT ZU.": [],
    "Zwei Hunde spielen.| 3 Frauen schauen zu.": [],
    "Zwei Hunde spielen!| 3 Frauen schauen zu.": [],
    "„Komm!“ ruft ein Mann.| „Ja.“| Sie geht.": [],
    "Ein Mann (mit Hut.) steht da.| Er singt.": [],
    "Ein Hund... läuft weg.| Ein Mann ... steht.": [],
    "Ein Mann, z. B. ein Koch, d. h. einer, der kocht.": [],
    "Ein Tier, z.B. ein Hund.| Es läuft.": [],
    "Dr. Müller liest.| Frau Prof. Dr. Maier sitzt.": ["Dr.", "Prof.", "Dr."],
    "Hunde, Katzen usw. spielen.": [],
    "Hunde usw. Eine Frau schaut zu.": ["usw."],
    "Der 3. Hund läuft am 3. Mai.": ["3.", "3."],
    "Er kommt am 12. Dann geht er.": ["12."],
    "Nr. 5 lebt.": ["Nr."],
    "Es sind 3!| Es sind vier.": [],
    "Ein Bild von 1990.| Ein Mann steht.": [],
    "Es kostet 3.50 Euro.| Viel!": [],
    "Er sieht A. Müller.": [],
    "Ein Hund": [],
    "": [],
}


@pytest.mark.parametrize("marked", SENTENCES)
def test_sentences(marked):
    text = marked.replace("|", "")
    sentences = split_sentences(text, "de")
    assert sentences == [part.strip() for part in marked.split("|") if part]
    assert [place for sentence in sentences for place in doubts(sentence)] == SENTENCES[marked]
    assert split_sentences("  " + text.replace(" ", "\t\n ") + "\n", "de") == sentences


def test_the_language_decides():
    assert len(split_sentences("He is 3. She is 5.", "en")) == 2
    assert len(split_sentences("He is 3. She is 5.", "de")) == 1
    assert split_sentences("Hunde usw. Eine Frau.", "de") == ["Hunde usw. Eine Frau."]
    assert split_sentences("Hunde usw. Eine Frau.", "en") == ["Hunde usw.", "Eine Frau."]
    for nobodys in ("no such language", "", "../x", "\ud83d"):
        assert len(split_sentences("Ein Hund läuft. Eine Frau.", nobodys)) == 2


@given(st.text(st.sampled_from("aB1ß. !?…„“()'\"\n\x85🐶\ud83d\0\u0301"), max_size=40), st.sampled_from(["de", "en"]))
def test_nothing_is_lost(text, language):
    sentences = split_sentences(text, language)
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(sentence == " ".join(sentence.split()) != "" for sentence in sentences)


def test_texts_of_another_language():
    assert unlike([*GERMAN, "Baum in Berlin"], "de") == unlike(ENGLISH, "en") == []
    assert unlike([*GERMAN, *ENGLISH], "de") == ENGLISH
    assert unlike([*ENGLISH, *GERMAN], "en") == GERMAN
    nonsense = "asdf jklö asdf jklö"
    assert unlike([nonsense, "A dog", "asdf jklö"], "de") == [nonsense]  # two words are not judged
    assert unlike(ENGLISH, "a language of nobody") == []
    assert unlike([], "de") == []


@pytest.mark.skipif("ATTENTION_DATA" not in os.environ, reason="needs $ATTENTION_DATA")
def test_what_was_measured_on_captions():
    """The figures of `unlike`, and that no caption of these is cut."""
    german, english, french = multi30k("val", "de", "en", "fr")
    draw = random.Random(0).choice
    drawn = [" ".join("".join(draw("abcdefghijklmnopqrstuvwxyz") for _ in w) for w in text.split()) for text in german]
    starts = {n: [" ".join(text.split()[:n]) for text in german] for n in (2, 3)}
    found = [len(unlike(texts, "de")) / 1014 for texts in (german, english, french, drawn, starts[3], starts[2])]
    assert [round(share, 3) for share in found] == [0, 1, 1, 0.998, 0.003, 0]
    assert max(len(split_sentences(text, "de")) for text in [*german, *multi30k("test_2016_flickr", "de")[0]]) == 1
