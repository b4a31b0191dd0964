"""Proof: whatever is changed in an exported record, the verifier that comes along finds it."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from approvals.codec import parse_instant
from approvals.events import GENESIS, canonical_text, record_hash, sha256
from approvals.sealing import Head, sealed
from tests.trust.exported import House, checked, read_lines, recount
from tests.trust.lane import rounds

Figure = Callable[[str, str], None]

Tampering = Callable[[list[Any], random.Random], None]


def _edit(records: list[Any], by: random.Random) -> None:
    record = by.choice(records)
    record["by"] = "person:mallory"


def _retell(records: list[Any], by: random.Random) -> None:
    record = by.choice([r for r in records if r["text"]])
    record["text"] = record["text"].replace("a", "e", 1) + " "


def _blank(records: list[Any], by: random.Random) -> None:
    by.choice([r for r in records if r["text"]])["text"] = None


def _delete(records: list[Any], by: random.Random) -> None:
    records.remove(by.choice(records))


def _swap(records: list[Any], by: random.Random) -> None:
    n = by.randrange(len(records) - 1)
    one, other = records[n], records[n + 1]
    one["seq"], other["seq"] = other["seq"], one["seq"]


def _insert(records: list[Any], by: random.Random) -> None:
    n = by.randrange(len(records))
    records.insert(n, {**records[n], "kind": "vote:cast"})


def _cut_tail(records: list[Any], by: random.Random) -> None:
    last = by.choice([n for n, r in enumerate(records) if _is_last(records, n)])
    del records[last]


def _is_last(records: list[Any], n: int) -> bool:
    return n + 1 == len(records) or records[n + 1]["escalation"] != records[n]["escalation"]


def _cut_escalation(records: list[Any], by: random.Random) -> None:
    gone = by.choice(records)["escalation"]
    records[:] = [r for r in records if r["escalation"] != gone]


def _unsay(records: list[Any], by: random.Random) -> None:
    """An escalation is left out, and the counts agree: only its head in a block still knows it."""
    _cut_escalation(records, by)


def _repeat(records: list[Any], by: random.Random) -> None:
    """The chain of an escalation once more, at the end."""
    once = by.choice(records)["escalation"]
    records += [dict(r) for r in records if r["escalation"] == once]


EVENTS: dict[str, Tampering] = {
    f.__name__.strip("_"): f
    for f in (_edit, _retell, _blank, _delete, _swap, _insert, _cut_tail, _cut_escalation, _repeat)
}


def _renumber(blocks: list[Any], by: random.Random) -> None:
    by.choice(blocks)["number"] += 1


def _lose_head(blocks: list[Any], by: random.Random) -> None:
    by.choice(blocks)["heads"].pop()


def _forge_head(blocks: list[Any], by: random.Random) -> None:
    by.choice(by.choice(blocks)["heads"])[2] = "sha256:" + "1" * 64


def _reorder(blocks: list[Any], by: random.Random) -> None:
    """The same heads in another order: nothing but the root knows."""
    heads = by.choice([block["heads"] for block in blocks if block["count"] > 1])
    heads.append(heads.pop(0))


def _lose_block(blocks: list[Any], by: random.Random) -> None:
    blocks.remove(by.choice(blocks))


def _repeat_block(blocks: list[Any], by: random.Random) -> None:
    block = by.choice(blocks)
    blocks.append({**block, "number": len(blocks) + 1})


def _redate(blocks: list[Any], by: random.Random) -> None:
    by.choice(blocks)["at"] = "2026-01-01T00:00:00.000000Z"


BLOCKS: dict[str, Tampering] = {
    f.__name__.strip("_"): f
    for f in (_renumber, _lose_head, _forge_head, _reorder, _lose_block, _repeat_block, _redate)
}


def tampered(copy: Path, name: str, how: Tampering, seed: int) -> None:
    """The file, with one thing changed in it."""
    file = copy / name
    found = read_lines(file)
    how(found, random.Random(seed))
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in found)
    file.write_text(text, encoding="utf-8")


def rewrite(copy: Path, by: random.Random) -> None:
    """Whoever owns the database tells it anew: every hash fits, in chains, blocks and counts."""
    records, blocks = read_lines(copy / "events.jsonl"), read_lines(copy / "blocks.jsonl")
    told = by.choice([r for r in records if r["kind"] == "vote:cast" and r["text"]])
    told["text"] = told["text"].replace('"person":"', '"person":"m', 1)
    told["body_hash"] = sha256(told["text"])
    mine = [r for r in records if r["escalation"] == told["escalation"]]
    prev = GENESIS
    for r in mine:
        at, whose = parse_instant(r["at"]), (r["escalation"], r["seq"], r["kind"])
        r["prev"] = prev
        r["hash"] = prev = record_hash(*whose, at, r["by"], r["core"], prev, r["body_hash"])
    _sealed_anew(blocks, {(r["escalation"], r["seq"]): r["hash"] for r in records})
    for name, found in (("events.jsonl", records), ("blocks.jsonl", blocks)):
        (copy / name).write_text("".join(canonical_text(line) + "\n" for line in found), "utf-8")


def _sealed_anew(blocks: list[Any], hashes: dict[tuple[str, int], str]) -> None:
    prev = GENESIS
    for old in blocks:
        heads = [Head(escalation_id=e, seq=s, hash=hashes[e, s]) for e, s, _ in old["heads"]]
        new = sealed(heads, number=old["number"], prev=prev, at=parse_instant(old["at"]))
        old |= {"prev": prev, "root": new.root, "hash": new.hash}
        old["heads"] = [[h.escalation_id, h.seq, h.hash] for h in heads]
        prev = new.hash


def _cases() -> Iterator[Any]:
    for seed in range(rounds(short=3, full=20)):
        for name, cases in (("events.jsonl", EVENTS), ("blocks.jsonl", BLOCKS)):
            for word, how in cases.items():
                yield pytest.param(name, how, seed, id=f"{word}-{seed}")


@pytest.mark.parametrize(("name", "how", "seed"), list(_cases()))
def test_whatever_is_changed_is_found(
    copy: Path, house: House, name: str, how: Tampering, seed: int
) -> None:
    tampered(copy, name, how, seed)
    recount(copy)
    code, said = checked(copy, house.anchors)
    assert code == 1, said
    assert ": no findings." not in said


@pytest.mark.parametrize("seed", range(rounds(short=3, full=20)))
def test_a_record_told_anew_with_every_hash_is_found_by_anchors_kept_elsewhere(
    copy: Path, house: House, seed: int
) -> None:
    rewrite(copy, random.Random(seed))
    code, said = checked(copy, house.anchors)
    assert (code, "another one was anchored" in said) == (1, True), said


def test_without_any_anchor_such_a_record_would_hold(copy: Path, figure: Figure) -> None:
    """What a chain alone does not show; the README says so."""
    rewrite(copy, random.Random(1))
    (copy / "anchors.jsonl").unlink()
    assert checked(copy)[0] == 0
    count = len(list(_cases())) + rounds(short=3, full=20)
    figure("export tampered with", f"{count} of {count} found by the verifier that comes along")


#: Checks taken out of the verifier, and what then goes unseen.
BUGS: dict[str, tuple[str, Tampering | None, str]] = {
    "texts": ('digest(r["text"].encode()) != r["body_hash"]', _retell, "events.jsonl"),
    "missing escalations": ("e not in sizes", _unsay, "events.jsonl"),
    "erasures": ('r["text"] is None and', _blank, "events.jsonl"),
    "heads": ('f"sha256:{root(leaves).hex()}" != block["root"]', _reorder, "blocks.jsonl"),
    "anchors": (
        'anchored.get(number, (head if at >= days["settled"] else "",))[0] != head',
        None,
        "",
    ),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_verifier_that_leaves_out_a_check_is_found_out(
    copy: Path, house: House, bug: str, figure: Figure
) -> None:
    check, how, name = BUGS[bug]
    text = (copy / "verify.py").read_text(encoding="utf-8")
    assert text.count(check) == 1
    (copy / "verify.py").write_text(text.replace(check, f"False and {check}"), encoding="utf-8")
    if how is None:
        rewrite(copy, random.Random(1))
    else:
        tampered(copy, name, how, 1)
    recount(copy)
    assert checked(copy, house.anchors)[0] == 0
    figure("planted bugs", f"the exported verifier without its check of {bug}: found out")
