"""Migrations, held: what the doors `andon.alembic` and `andon.django` have in common.

statements   SQL as text: where a statement ends, which tables it names
catalogue    what the database says of itself: sizes, estimates, how its tables look now
locks        what is locked, by Squawk
pending      what would run: shown, digested, compared again before it runs
gate         ask, wait, look again, claim, run, report
"""
