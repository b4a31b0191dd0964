"""Words whose letters are not what they seem: a name of two scripts, or of look-alikes alone.

`customеrs` with a Cyrillic `е` is another table than `customers`, and no eye sees it. Scripts are
told by the names Unicode gives to letters; Latin beside Chinese, Japanese and Korean is usual and
no finding (UTS #39, highly restrictive).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from approvals.escalation import Escalation

#: Letters that pass for Latin ones, by their script.
LOOK_ALIKES: Mapping[str, frozenset[str]] = {
    "Cyrillic": frozenset("аеорсухіјѕһԁԛԝѵӏьгАВЕЗКМНОРСТУХІЈЅҺԌԚԜ"),
    "Greek": frozenset("οναιρκυχγΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"),
    "Armenian": frozenset("օոսցհքգզյՕՏԼՍՈ"),
    "Cherokee": frozenset("ᎠᎡᎢᎥᎩᎪᎫᎬᎳᎷᎻᏀᏃᏎᏏᏒᏔᏚᏞᏟᏢᏦᏧ"),
}

#: Scripts that are written together, and beside Latin.
_TOGETHER = frozenset({"Cjk", "Hiragana", "Katakana", "Hangul", "Bopomofo", "Ideographic"})

_WORD = re.compile(r"\w+")
_NAMED = re.compile(r"^(\w+) (?:.* )?(?:LETTER|SYLLABLE|IDEOGRAPH)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """A word and what is wrong with it."""

    word: str
    why: str

    def __str__(self) -> str:
        return f"{self.word}: {self.why}"


def doubtful(escalation: Escalation) -> tuple[Doubtful, ...]:
    """Every doubtful word in what an escalation names: title, operation, options, places."""
    return doubtful_words(_names(escalation))


def doubtful_words(texts: Iterable[str]) -> tuple[Doubtful, ...]:
    """Every doubtful word of the texts, each once, in their order."""
    foreign = [text for text in texts if not text.isascii()]
    if not foreign:
        return ()
    written = frozenset(_script(c) for text in foreign for c in text if not _passes_for_latin(c))
    words = dict.fromkeys(word for text in foreign for word in _WORD.findall(text))
    found = ((word, _why(word, written)) for word in words if not word.isascii())
    return tuple(Doubtful(word=word, why=why) for word, why in found if why)


def _why(word: str, written: frozenset[str | None]) -> str | None:
    """`written` are the scripts that stand beside it in letters nobody takes for Latin."""
    for character in word:
        plain = unicodedata.normalize("NFKC", character)
        if plain != character and plain.isascii() and plain.isalnum() and character.isalpha():
            return f"{character} only looks like {plain}"
    scripts = dict.fromkeys(s for s in map(_script, word) if s and s not in _TOGETHER)
    if len(scripts) > 1:
        return _mixed(word, tuple(scripts))
    (script,) = scripts or (None,)
    letters = [c for c in word if c.isalpha()]
    if not letters or script in written or not all(map(_passes_for_latin, letters)):
        return None
    return f"{script} letters that look like Latin ones"


def _mixed(word: str, scripts: tuple[str, ...]) -> str:
    """The fewer letters are named, among the more."""
    of = {script: [c for c in word if _script(c) == script] for script in scripts}
    most = max(scripts, key=lambda script: len(of[script]))
    most = "Latin" if len(of.get("Latin", ())) == len(of[most]) else most
    few = next(script for script in scripts if script != most)
    return f"{few} {' '.join(dict.fromkeys(of[few]))} among {most} letters"


def _passes_for_latin(character: str) -> bool:
    return character in LOOK_ALIKES.get(_script(character) or "", frozenset())


@lru_cache(maxsize=4096)
def _script(character: str) -> str | None:
    """`Latin`, `Cyrillic`, …; None for what belongs to no script."""
    if not character.isalpha():
        return None
    found = _NAMED.match(unicodedata.name(character, ""))
    return found[1].capitalize() if found else None


def _names(e: Escalation) -> Iterator[str]:
    """What people read as names, and a machine reads letter by letter."""
    yield e.title
    if e.operation is not None:
        yield from (e.operation.name, e.operation.target or "")
        yield from _strings(e.operation.arguments)
        if e.operation.money is not None:
            yield from (e.operation.money.account or "", e.operation.money.beneficiary or "")
    for option in e.options:
        yield option.label
        yield from _strings(option.arguments)
    for name in ("affected_services", "runbook", "links"):
        yield from _strings(e.context.get(name))


def _strings(value: Any) -> Iterator[str]:
    """Every text within, names of members too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _strings(inner)
