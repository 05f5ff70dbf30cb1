"""Whether a text has a word of a list in it, however it is dressed up. Pure.

An entry is a word or a phrase. It is found whatever its case and accents, with look-alikes (0 o, 1 i l, 3 e, @ a, $ s),
with letters drawn out (three or more of one), and with something between its letters ("b.ad", "b a d"). It is not found
inside a longer word, unless the entry ends with * ("bad*" finds "badly"). Scripts that write no spaces between words
are the exception: there an entry is found wherever it stands.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final

from riviere.errors import RiviereError
from riviere.money import shown

#: Entries of a list, and characters of an entry.
MOST_ENTRIES: Final = 1_000
LONGEST_ENTRY: Final = 100

#: Lists whose patterns are kept, so that they are not made again with every look at a busy stream.
_LISTS_KEPT: Final = 256

_ALIKE: Final = ("o0", "il1", "e3", "a@", "s$")
_CLASS: Final = {letter: alike for alike in _ALIKE for letter in alike}
_ONE: Final = str.maketrans({letter: alike[0] for alike in _ALIKE for letter in alike})

#: What may stand between two letters of a word that is spelt out, between the others, and between two words.
_SPELT: Final = 3
_BESIDE: Final = 2
_APART: Final = 5

_UNSPACED: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_MARKS: Final = ("Mn", "Me", "Cf")


class BadEntry(RiviereError):
    """{got} is no entry of a word list: write 1 to {most} characters with a letter or a digit, * at the end only."""

    code = "bad_word_entry"


class TooManyEntries(RiviereError):
    """A word list has at most {most:,} entries, not {got:,}."""

    code = "too_many_entries"


def checked(entries: Iterable[str]) -> list[str]:
    """A list as it is kept: each entry once, in order. Raises BadEntry and TooManyEntries."""
    kept = sorted({entry.strip() for entry in entries})
    if len(kept) > MOST_ENTRIES:
        raise TooManyEntries(most=MOST_ENTRIES, got=len(kept))
    for entry in kept:
        if len(entry) > LONGEST_ENTRY or "*" in entry[:-1] or not _skeleton(_folded(entry)) or not _fit(entry):
            raise BadEntry(got=shown(entry), most=LONGEST_ENTRY)
    return kept


def found(entries: Iterable[str], text: str) -> str | None:
    """The first entry of a checked list that the text has in it, or None."""
    folded = _folded(text)
    bones = _skeleton(folded)
    for entry, entry_bones in _prepared(tuple(entries)):
        # Almost every entry ends here: what is drawn out, dressed up or spelt out has the same bones.
        if entry_bones in bones and _is_in(entry, folded):
            return entry
    return None


def _fit(entry: str) -> bool:
    """Whether the database can keep it."""
    return all(unicodedata.category(letter) not in ("Cc", "Cs") for letter in entry)


def _folded(text: str) -> str:
    """Without case, accents, widths, and marks that nobody sees."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(letter for letter in plain if unicodedata.category(letter) not in _MARKS)


def _skeleton(folded: str) -> str:
    """Letters and digits alone, look-alikes as one, each run as one letter."""
    letters = (letter for letter in folded.translate(_ONE) if letter.isalnum())
    return "".join(letter for letter, _ in groupby(letters))


@lru_cache(_LISTS_KEPT)
def _prepared(entries: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((entry, _skeleton(_folded(entry))) for entry in entries)


@lru_cache(4 * MOST_ENTRIES)
def _words(entry: str) -> tuple[str, ...]:
    """The words of an entry, folded."""
    folded = _folded(entry.removesuffix("*"))
    return tuple("".join(word) for apart, word in groupby(folded, _is_between) if not apart)


def _is_in(entry: str, folded: str) -> bool:
    """Whether a folded text has an entry in it.

    It goes through the text with all places that it may have come to at once: a pattern that tries one after the other
    could be kept busy for hours by who writes both the entry and the text.
    """
    words = _words(entry)
    open_begin, open_end = _UNSPACED.match(words[0]), entry.endswith("*") or _UNSPACED.match(words[-1][-1])
    same = _repeats(folded)
    for begin, letter in enumerate(folded):
        if letter not in _like(words[0][0]) or not (open_begin or begin == 0 or not folded[begin - 1].isalnum()):
            continue
        ends = _phrase(folded, same, begin, words)
        if any(open_end or end == len(folded) or not folded[end].isalnum() for end in ends):
            return True
    return False


def _phrase(folded: str, same: Sequence[int], begin: int, words: Sequence[str]) -> set[int]:
    """Where the words, begun at one place, may end: their letters together, or each for itself."""
    close, spelt = {begin}, {begin}
    for number, word in enumerate(words):
        if number:
            close = {after for at in close if (after := _over(folded, at, _APART)) > at}
            spelt = {after for at in spelt if (after := _over(folded, at, _APART)) > at}
        close = _together(folded, same, close, word)
        spelt = {end for at in spelt if (end := _letters(folded, at, word, 1, _SPELT)) is not None}
    return close | spelt


def _together(folded: str, same: Sequence[int], begins: set[int], word: str) -> set[int]:
    """Where a word may end: each run of a letter as often as it is written, or three times and more."""
    places = begins
    for number, (letter, run) in enumerate(groupby(word)):
        times = len([*run])
        if number:
            places = {_over(folded, at, _BESIDE, spaces=False) for at in places}
        drawn_out = {
            at + same[at]
            for at in places
            if at < len(folded) and folded[at] in _like(letter) and same[at] >= max(3, times)
        }
        written = (_letters(folded, at, letter * times, 0, _BESIDE, spaces=False) for at in places)
        places = drawn_out | {end for end in written if end is not None}
    return places


def _letters(folded: str, at: int, letters: str, least: int, most: int, *, spaces: bool = True) -> int | None:
    """Where these letters end that begin here, with so much between each two of them; None where they are not here."""
    for number, letter in enumerate(letters):
        if number:
            after = _over(folded, at, most, spaces=spaces)
            if after - at < least:
                return None
            at = after
        if at == len(folded) or folded[at] not in _like(letter):
            return None
        at += 1
    return at


def _over(folded: str, at: int, most: int, *, spaces: bool = True) -> int:
    """Behind what stands between letters, `most` of it at the most."""
    end = min(len(folded), at + most)
    while at < end and _is_between(folded[at]) and (spaces or not folded[at].isspace()):
        at += 1
    return at


def _is_between(letter: str) -> bool:
    return not letter.isalnum() and letter not in _CLASS


def _repeats(folded: str) -> list[int]:
    """How often the letter of each place stands there from that place on."""
    same = [1] * len(folded)
    for at in reversed(range(len(folded) - 1)):
        if folded[at] == folded[at + 1]:
            same[at] += same[at + 1]
    return same


def _like(letter: str) -> str:
    return _CLASS.get(letter, letter)
