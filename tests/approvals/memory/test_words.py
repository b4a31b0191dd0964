"""Words: what an index holds of them is the same everywhere, and no word that anybody wrote."""

import re

from approvals.memory.words import MOST, marks_of


def test_words_are_one_in_any_case_ending_and_accent() -> None:
    same = marks_of("Migration migrations MIGRATING migrate")
    assert len(set(same)) == 1
    assert marks_of("Größe") == marks_of("grosse") == marks_of("GROSSE")
    assert marks_of("bus") == marks_of("BUS") != marks_of("bu")


def test_a_name_is_found_by_its_parts() -> None:
    assert marks_of("ConnectionReset in db-primary_eu") == marks_of(
        "connection reset db primary eu"
    )


def test_what_tells_nothing_apart_is_left_out() -> None:
    assert marks_of("it is the of") == ()


def test_numbers_are_left_out_where_nothing_is_alike_by_them() -> None:
    assert marks_of("batch 8813 v2", numbers=False) == marks_of("batch")
    assert len(marks_of("batch 8813 v2")) == 3


def test_a_mark_is_a_word_to_any_database_and_says_nothing() -> None:
    for mark in marks_of("Lena 量 8813 über"):
        assert re.fullmatch("w[a-z2-7]{8}", mark)


def test_a_long_text_says_nothing_new_at_its_end() -> None:
    assert len(marks_of("word " * (MOST + 50))) == MOST
