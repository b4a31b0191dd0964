"""Secrets that are only random: runs of letters and digits that read like nothing.

Words are known by their pairs of letters: 93 of 100 pairs in names and sources are among the 200
commonest, of random ones 30. Hexadecimal digits of the lengths that digests, commits, traces and
uuids have are left alone, for those are what people decide by.
"""

import re
from collections import Counter
from itertools import pairwise
from math import log2

#: What stands in a secret's place.
HIDDEN = "[hidden]"

#: Characters of a run worth looking at; of one in a single case, or without digits.
SHORTEST, PLAINER = 20, 24

#: The part of common pairs below which a run is random; without digits.
WORDY, WORDY_LETTERS = 0.65, 0.45

#: Bits a character that a random run has at least; one in a single case; in hexadecimal.
BITS, BITS_ONE_CASE, BITS_HEX = 3.6, 3.5, 3.0

_DIGESTS = frozenset({16, 24, 32, 40, 56, 64, 96, 128})
_COMMON = (
    "ab ac ad ag ai al am an ap ar as at au ay ba be bj bl bo bu ca ce ch ci ck cl co cr ct cu da "
    "dd de di do ds du ea ec ed ee ef eg el em en ep eq er es et ev ex ey fa fi fo fr fu ge gi gr "
    "gs ha he hi ho ht ia ib ic id ie if ig il im in io ip ir is it iv iz ke la ld le lf li ll lo "
    "ls lt lu ly ma me mi mo mp ms na nc nd ne nf ng ni nn no ns nt nu ny oa ob oc od ok ol om on "
    "oo op or os ot ou ov ow pa pe pi pl po pp pr pt py qu ra rc rd re rg ri rl rm rn ro rr rs rt "
    "ru ry sa sc se sh si so sp ss st su sy ta tc te th ti to tr ts tt tu ty ue ui ul um un up ur "
    "us ut va ve vi wa wh wi wo xp xt yp yt ze"
)
_PAIRS = frozenset(_COMMON.split())

#: Runs, and before them what is public by its own word: keys, certificates, digests.
_RUN = re.compile(
    r"-----BEGIN (?P<kind>[A-Z0-9 ]{0,40}(?:CERTIFICATE|PUBLIC KEY)[A-Z ]{0,20})-----"
    r".*?(?:-----END (?P=kind)-----|\Z)|"
    r"\b(?i:sha)-?(?:1|224|256|384|512)[:=-][\w+/=-]{20,}|"
    r"\bAAAA[BCE][0-9A-Za-z+/]{8,}=*|"
    rf"(?P<run>[A-Za-z0-9+/_-]{{{SHORTEST},}}={{0,2}})",
    re.S,
)
_ID = re.compile(
    r"(?i:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})|"  # a uuid
    r"(?<![0-9A-Z])[0-7][0-9A-HJKMNP-TV-Z]{25}(?![0-9A-Z])"  # a ulid
)
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:0x)?[0-9a-fA-F]+(?![0-9A-Za-z])")
_BETWEEN = re.compile(r"[-_+/]+")


def without_chance(text: str) -> str:
    """The text with random runs hidden."""
    return _RUN.sub(lambda found: _kept(found["run"]) if found["run"] else found[0], text)


def _kept(run: str) -> str:
    """The run, or what is left of it: a path keeps the parts that people named."""
    parts = run.split("/")
    odd = [part for part in parts if not _is_named(part)]
    if len(odd) == 1 < len(parts) and is_random(odd[0]) and "+" not in run and run[-1] != "=":
        return run.replace(odd[0], HIDDEN)
    if 1 < len(odd) < len(parts) and is_random("/".join(odd)):
        return HIDDEN
    return HIDDEN if is_random(run) else run


def _is_named(part: str) -> bool:
    short = part.isdigit() or len(part) < 4 or _wordy(part) >= WORDY
    return short and not is_random(part)


def is_random(run: str) -> bool:
    """Whether the run reads like nothing: neither words nor a digest nor an id."""
    run = _HEX.sub(_but_digests, _ID.sub("", run)).rstrip("=")
    if len(run) < SHORTEST:
        return False
    if _HEX.fullmatch(run):
        return len(run) >= 32 and _bits(run) > BITS_HEX
    mixed = run.upper() != run != run.lower()
    if not any(map(str.isdigit, run)):
        return mixed and len(run) >= PLAINER and _wordy(run) < WORDY_LETTERS and _bits(run) >= BITS
    if mixed:
        return _wordy(run) < WORDY and _bits(run) >= BITS
    return _is_random_in_one_case(max(_BETWEEN.split(run), key=len))


def _but_digests(found: re.Match[str]) -> str:
    return "" if len(found[0].removeprefix("0x")) in _DIGESTS else found[0]


def _is_random_in_one_case(part: str) -> bool:
    """Names have their digits at an end; chance has them everywhere."""
    turns = sum(a.isdigit() != b.isdigit() for a, b in pairwise(part))
    random = turns >= 5 and _wordy(part) < WORDY
    return len(part) >= PLAINER and random and _bits(part) >= BITS_ONE_CASE


def _wordy(run: str) -> float:
    """Which part of its pairs of letters is common in words."""
    pairs = [a + b for a, b in pairwise(run.lower()) if a.isalpha() and b.isalpha()]
    return sum(pair in _PAIRS for pair in pairs) / len(pairs) if pairs else 0.0


def _bits(run: str) -> float:
    """Shannon's bits a character."""
    counted = Counter(run).values()
    return -sum(n / len(run) * log2(n / len(run)) for n in counted)
