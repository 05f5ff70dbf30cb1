"""What a word list finds, however somebody dresses a word up, and what it leaves alone."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riviere.trust.word_filter import LONGEST_ENTRY, MOST_ENTRIES, BadEntry, TooManyEntries, checked, found

FOUND = [
    ("scoundrel", "you Scoundrel!"),
    ("scoundrel", "SCOUNDREL"),
    ("scoundrel", "ｓｃｏｕｎｄｒｅｌ"),
    ("scoundrel", "sc0undr3l"),
    ("scoundrel", "$coundre1"),
    ("scoundrel", "scoooooundrel"),
    ("scoundrel", "s c o u n d r e l"),
    ("scoundrel", "s.c.o.u.n.d.r.e.l"),
    ("scoundrel", "scoun-drel, you"),
    ("scoundrel", "sc\u200boundrel"),
    ("scoundrel", "_scoundrel_"),
    ("scoundrel", "#scoundrel @scoundrel"),
    ("scoundrel", "s\u0301c\u0308oundrel"),
    ("fool", "what a f001"),
    ("café", "the CAFE there"),
    ("cafe", "the café there"),
    ("go away", "go   away now"),
    ("go away", "please GO...AWAY"),
    ("go away", "g o a w a y"),
    ("knave*", "knavery"),
    ("knave*", "a knave"),
    ("坏蛋", "你这个坏蛋啊"),
    ("straße", "STRASSE"),
]
LEFT_ALONE = [
    ("scoundrel", "scoundrels are many"),
    ("ass", "a class passes the assembly"),
    ("bot", "the boot is on the bottom"),
    ("god", "good"),
    ("hil", "up the hill"),
    ("hi", "I was ill at the mill"),
    ("therapist", "the rapist"),
    ("the rapist", "my therapist"),
    ("knave*", "unknaved"),
    ("go away", "go far away"),
    ("scoundrel", ""),
    ("cat", "concatenate the catalogue"),
    ("bad", "b a dog"),
]


@pytest.mark.parametrize(("entry", "text"), FOUND)
def test_a_word_is_found_however_it_is_dressed_up(entry: str, text: str) -> None:
    assert found(checked([entry]), text) == entry


@pytest.mark.parametrize(("entry", "text"), LEFT_ALONE)
def test_innocent_words_are_left_alone(entry: str, text: str) -> None:
    assert found(checked([entry]), text) is None


letters = st.text("abcdefghilmnorstuz", min_size=2, max_size=10)
wrapped = st.sampled_from(["", " ", "! ", " (", "\n", "… "])
LOOKS = {"o": "0", "i": "1", "l": "1", "e": "3", "a": "@", "s": "$"}


@given(letters, wrapped, wrapped, st.data())
def test_every_disguise_of_any_word_is_seen_through(word: str, before: str, after: str, data: st.DataObject) -> None:
    written = ""
    for letter in word:
        letter = data.draw(st.sampled_from([letter, letter.upper(), LOOKS.get(letter, letter), letter + "\u0301"]))
        written += letter
    assert found(checked([word]), before + written + after) == word
    spelt = data.draw(st.sampled_from([" ", ".", "-", "_", " * "])).join(word)
    assert found(checked([word]), before + spelt + after) == word


@given(letters, letters, letters)
def test_no_word_is_found_inside_another(word: str, before: str, after: str) -> None:
    for longer in (before + word, word + after, before + word + after):
        # Unless the longer one is the word itself with a letter drawn out.
        if found(checked([word]), longer) is not None:
            assert any(3 * letter in longer for letter in "abcdefghilmnorstuz"), longer
    assert found(checked([f"{word}*"]), word + after) == f"{word}*"


@given(letters, st.integers(3, 9), st.data())
def test_a_letter_drawn_out_hides_nothing(word: str, times: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    # A run counts as a whole: two letters of one word are drawn out together.
    assert found(checked([word]), word[:at] + word[at] * times + word[at + 1 :]) == word


@given(st.lists(st.text(max_size=12), max_size=6), st.text(max_size=200))
def test_any_text_is_judged_against_any_list(entries: list[str], text: str) -> None:
    try:
        kept = checked(entries)
    except BadEntry:
        return
    assert found(kept, text) in (None, *kept)
    assert checked(kept) == kept
    assert all(found(kept, entry.removesuffix("*")) is not None for entry in kept)


@given(st.lists(letters, min_size=1, max_size=8), letters)
def test_a_list_finds_what_one_of_its_entries_finds(entries: list[str], text: str) -> None:
    kept = checked(entries)
    alone = [entry for entry in kept if found([entry], text) is not None]
    assert found(kept, text) == (alone[0] if alone else None)


def test_no_entry_and_text_keep_it_busy() -> None:
    """A hundred letters that look alike, over two hundred of them: there are more ways than anybody can try."""
    entries = checked(["il" * 45 + "x", "l1" * 45 + "x", "as" * 45 + "x", "a" * 90 + "x"])
    texts = ["i" * 190 + "z ix", "iiiiillll1111" * 14 + "z ix", "a@s$" * 40 + "z asasx", "a." * 90 + "z ax"]
    begun = time.monotonic()
    assert [found(entries, text) for text in texts] == [None] * 4
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("entry", ["", " ", "*", "!?", "a*b", "x" * (LONGEST_ENTRY + 1), "a\x00b", "a\nb"])
def test_what_is_no_entry_is_refused(entry: str) -> None:
    with pytest.raises(BadEntry):
        checked(["fine", entry])


def test_a_list_has_an_end() -> None:
    assert len(checked(f"word {number}" for number in range(MOST_ENTRIES))) == MOST_ENTRIES
    with pytest.raises(TooManyEntries):
        checked(f"word {number}" for number in range(MOST_ENTRIES + 1))
