"""Fingerprints: accidents never tell two apart, and a deed never passes for another."""

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.escalation import Json
from approvals.memory import fingerprint as made_of
from approvals.memory import lifting
from approvals.memory.fingerprint import VERSION, fingerprint, known_by
from approvals.memory.lifting import MARK, lifted, loosened, number
from approvals.memory.values import Fingerprint
from approvals.words import Kind
from tests.approvals.memory.questions import DANGERS, MEMBERS, PLAIN, accidents, changed, filled
from tests.approvals.stories import erased, resolved, succeeded


def exact(fields: Any) -> str:
    """The closest look."""
    return fingerprint(fields).exact


@given(st.randoms(use_true_random=False))
def test_accidents_of_one_occurrence_change_nothing(random: Random) -> None:
    for one, other in accidents(random):
        assert fingerprint(filled(one)) == fingerprint(filled(other)), (one, other)


@pytest.mark.parametrize(("one", "other"), DANGERS)
def test_what_makes_another_deed_of_it_is_seen(one: str, other: str) -> None:
    assert exact(filled(one)) != exact(filled(other))


@pytest.mark.parametrize(("path", "value"), MEMBERS)
def test_each_member_that_matters_is_seen(path: str, value: Any) -> None:
    assert exact(changed(path, value)) != exact(filled("x"))


@pytest.mark.parametrize("name", ["host", "db_hosts", "DATABASE_URL", "--source-table", "shard"])
def test_what_names_a_place_stays_to_the_letter(name: str) -> None:
    for one, other in (("3f2a91bc", "4f2a91bc"), (3, 4), ("lena@a.example", "ravi@a.example")):
        assert lifted({name: one}) != lifted({name: other})


def blind(pattern: str, stands_for: str = "") -> Callable[..., Json]:
    """Lifting that takes more than it may."""

    def lifts(value: Json, name: str = "") -> Json:
        return re.sub(pattern, stands_for, lifted(str(value), name))

    return lifts


PLANTED: dict[str, tuple[object, str, object]] = {
    "environments fold": (made_of, "lifted", blind("prod|staging")),
    "names lose their numbers": (made_of, "lifted", blind(r"\d")),
    "flags are noise": (made_of, "lifted", blind(r"-[\w-]+")),
    "case is noise": (made_of, "lifted", lambda value, name="": str(value).casefold()),
    "any number is any": (lifting, "_magnitude", lambda said, below=False: "n"),
    "nothing is a number too": (made_of, "number", lambda value: "n"),
    "nothing is lifted": (made_of, "lifted", lambda value, name="": value),
    "only numbers are lifted": (made_of, "lifted", blind(r"\d+", "#")),
    "where it runs is noise": (made_of, "_environment", lambda name: ""),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name, planted = PLANTED[bug]
    monkeypatch.setattr(where, name, planted)
    monkeypatch.setattr(made_of, "_known", made_of._made)
    monkeypatch.setattr(lifting, "_known", lifting._lifted)
    plain = exact(filled("x"))
    apart = all(exact(filled(one)) == exact(filled(other)) for one, other in accidents(Random(1)))
    seen = all(exact(filled(one)) != exact(filled(other)) for one, other in DANGERS) and all(
        exact(changed(path, value)) != plain for path, value in MEMBERS
    )
    assert not (apart and seen)


def test_without_a_planted_bug_nothing_is_found() -> None:
    pairs = list(accidents(Random(1)))
    assert all(exact(filled(one)) == exact(filled(other)) for one, other in pairs)


def test_a_template_is_the_same_with_other_values() -> None:
    plain = fingerprint(filled("x")).template
    for path, value in (
        ("environment", "staging"),
        ("operation.target", "orders-db-2"),
        ("operation.money.amount_minor", 7),
        ("operation.money.account", "other"),
        ("operation.arguments.argv.2", "1"),
    ):
        assert fingerprint(changed(path, value)).template == plain, path
    for one, other in (("--env=prod", "--env=staging"), ("host web-1", "host web-22"), ("0", "9")):
        assert fingerprint(filled(one)).template == fingerprint(filled(other)).template
    for one, other in (("--force", "--dry-run"), ("DROP", "SELECT")):
        assert fingerprint(filled(one)).template != fingerprint(filled(other)).template


def test_the_name_of_the_target_is_no_word_of_the_template() -> None:
    made = loosened(lifted({"argv": ["-h", "orders-db", "x", 1, None]}), "orders-db")
    assert made == {"argv": ["-h", f"{MARK}target", "x", f"{MARK}#", None]}
    assert loosened("a cat", "a") == "a cat"


def test_what_production_is_called_makes_no_difference() -> None:
    assert exact(changed("environment", "Prod")) == exact(filled("x"))


def test_an_error_is_known_again_in_the_service_alone() -> None:
    plain = fingerprint(filled("x")).error
    later = changed("context.error.message", "no answer after 12 s")
    assert fingerprint(later).error == plain
    assert fingerprint(changed("operation.name", "other")).error == plain
    assert fingerprint(changed("service", "payments")).error != plain
    assert fingerprint(changed("context", {})).error is None


def test_where_nothing_is_held_and_no_error_is_named_the_title_says_what_it_is() -> None:
    about = {"kind": "incident", "operation": None, "options": [], "context": None}
    titles = ("3 hosts are silent", "12 hosts are silent", "a disk is full")
    first, second, other = (exact({**PLAIN, **about, "title": title}) for title in titles)
    assert (first == second, first == other) == (True, False)


def test_the_request_alone_makes_the_same() -> None:
    fields = filled("x")
    request = {name: value for name, value in fields.items() if name not in ("service", "kind")}
    assert fingerprint(request, "orders") == fingerprint(fields)


def test_long_ones_are_made_alike() -> None:
    long = "copy 8813 " * 900
    assert exact(filled(long)) == exact(filled(long.replace("8813", "9924")))


def test_what_names_one_occurrence_is_lifted_whole_unless_it_names_an_environment() -> None:
    assert lifted({"run_id": "ab-17", "job-id": 5, "ticket": "none"}) == {
        "run_id": f"{MARK}id",
        "job-id": f"{MARK}id",
        "ticket": "none",
    }
    assert lifted(["--run-id", "prod-17"]) != lifted(["--run-id", "staging-17"])


def test_what_is_called_by_the_name_of_a_mark_is_not_taken_for_one() -> None:
    assert lifted(f"{MARK}n4 8813") == f"{MARK}xn4 {MARK}n4"


def test_numbers_are_known_by_their_digits() -> None:
    values = (0, 7, 8813, -8813, 0.25, 0.025, 12.5, 0.0)
    assert [number(value).strip(MARK) for value in values] == [
        "n0", "n1", "n4", "m4", "n-1", "n-2", "n2", "n0",
    ]  # fmt: skip


def test_what_was_opened_by_an_earlier_version_is_known_by_this_one() -> None:
    e = succeeded().e
    made = known_by(replace(e, fingerprint=None))
    assert made == e.fingerprint
    assert made is not None
    assert made.version == VERSION
    old = Fingerprint(version=VERSION - 1, exact="old")
    assert known_by(replace(e, fingerprint=old)) == made
    kept = Fingerprint(version=VERSION, exact="kept")
    assert known_by(replace(e, fingerprint=kept)) == kept
    assert known_by(replace(resolved().e, fingerprint=None)) == resolved().e.fingerprint


def test_what_asked_nobody_or_is_erased_is_known_by_nothing() -> None:
    ran = replace(succeeded().e, kind=Kind.AUTOMATION, fingerprint=None)
    assert known_by(ran) is None
    assert known_by(erased().e) is None
