"""Words by which one escalation is found by another, or by people who look for it.

A word is kept as a *mark*: a short hash of its stem. So what an index holds is the same in every
database, whatever the language; and what an index may leave behind of a row that is gone (an
erasure) is no word that anybody wrote.
"""

import base64
import hashlib
import re
from functools import lru_cache
from unicodedata import combining, normalize

#: Words taken of one text; more say nothing new.
MOST = 400

#: Where one word ends and the next begins within a name, as in `ConnectionReset`.
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+")
_DIGIT = re.compile(r"\d")

#: Endings, longest first, of words that are one to whoever looks for them.
_ENDINGS = ("ings", "ions", "ers", "ing", "ion", "ies", "ed", "er", "es", "s", "e")

#: What is left of a word has at least so many letters.
_STEM = 4

#: Words that tell nothing apart.
_NOISES = (
    "a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "did", "do", "does",
    "for", "from", "had", "has", "have", "if", "in", "into", "is", "it", "its", "no", "not", "of",
    "on", "or", "our", "so", "than", "that", "the", "their", "then", "there", "these", "they",
    "this", "to", "was", "we", "were", "when", "which", "who", "will", "with", "would", "you",
)  # fmt: skip
_NOISE = frozenset(_NOISES)


def marks_of(text: str, *, numbers: bool = True) -> tuple[str, ...]:
    """The marks of its words, in order, repeats included; without what holds a digit if so wanted.

    Numbers tell one occurrence from another, so nothing is alike by them.
    """
    folded = normalize("NFKD", _HUMP.sub(" ", text)).casefold()
    plain = "".join(c for c in folded if not combining(c)) if not folded.isascii() else folded
    said = (w for w in _WORD.findall(plain) if w not in _NOISE)
    wanted = [w for w in said if numbers or not _DIGIT.search(w)]
    return tuple(map(_mark, wanted[:MOST]))


@lru_cache(maxsize=16_384)
def _mark(word: str) -> str:
    """Begins with a letter, and holds letters and digits: one word to every database."""
    digest = hashlib.blake2s(_stem(word).encode(), digest_size=5).digest()
    return f"w{base64.b32encode(digest).decode().lower()}"


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM:
            return word.removesuffix(ending)
    return word
