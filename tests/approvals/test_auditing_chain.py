"""The chain of one escalation: whatever is done to its records, the audit says where."""

from dataclasses import replace

import pytest

from approvals.auditing import Entry, Finding, check_chain
from approvals.events import ERASED, GENESIS, Event, link
from tests.building import START


def chain(*kinds: str, who: str = "clock") -> list[Entry]:
    """A chain of records of these kinds, as a store has it."""
    entries: list[Entry] = []
    for kind in kinds:
        prev = entries[-1].hash if entries else GENESIS
        event = Event(kind=kind, at=START, by=who, body={"n": len(entries)})
        made = link(
            event, escalation_id="esc_1", seq=len(entries) + 1, prev=prev, command={"id": "cmd_1"}
        )
        entries.append(Entry.of(made))
    return entries


USUAL = chain("a", "b", "c", "d")
OTHER = chain("a", "b", "c", "d", who="person:mia")


def test_a_chain_left_alone_holds() -> None:
    assert list(check_chain(USUAL)) == []


@pytest.mark.parametrize(
    ("tampered", "where", "what"),
    [
        ([USUAL[0], replace(USUAL[1], by="person:mia"), *USUAL[2:]], 2, "it was changed"),
        ([USUAL[0], replace(USUAL[1], at="yesterday"), *USUAL[2:]], 2, "it was changed"),
        ([USUAL[0], replace(USUAL[1], text="{}"), *USUAL[2:]], 2, "its body was changed"),
        ([USUAL[0], replace(USUAL[1], text=None), *USUAL[2:]], 2, "its body is missing"),
        ([USUAL[0], *USUAL[2:]], 3, "record 2 should stand here"),
        ([USUAL[0], OTHER[1], *USUAL[2:]], 2, "it does not follow"),
        ([*USUAL[:2], replace(USUAL[2], prev=GENESIS), USUAL[3]], 3, "it does not follow"),
        (USUAL[1:], 2, "record 1 should stand here"),
    ],
)
def test_the_first_bad_record_is_named(tampered: list[Entry], where: int, what: str) -> None:
    first = next(check_chain(tampered))
    assert (first.where, first.what[: len(what)]) == (f"escalation esc_1 record {where}", what)


def test_bodies_may_be_gone_before_the_record_of_their_erasure() -> None:
    erased = chain("a", "b", ERASED, "c")
    before = [replace(entry, text=None) for entry in erased[:2]]
    assert list(check_chain([*before, *erased[2:]])) == []
    gone = replace(erased[3], text=None)
    assert [str(f) for f in check_chain([*before, erased[2], gone])] == [
        "escalation esc_1 record 4: its body is missing, and no later record says that it was "
        "erased"
    ]


def test_a_finding_reads_as_a_line() -> None:
    assert str(Finding(where="block 12", what="it is gone")) == "block 12: it is gone"
