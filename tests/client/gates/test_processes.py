"""The real commands, as processes of their own, against a real PostgreSQL and the real server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from approvals.words import OperationState
from tests.client.gates.postgres import Database, Server
from tests.client.gates.projects import Project, alembic_project, indented, on_the_page
from tests.client.lane import FULL
from tests.client.serving import Served

CLIENT = Path(__file__).parents[3] / "client"

#: A migration that takes as long as a table of the test says.
NAP = """
op.add_column("orders", sa.Column("paid", sa.Boolean()))
op.execute("SELECT pg_sleep(seconds) FROM naps")
"""


def started(served: Served, state: Path, *words: str, path: Path = CLIENT) -> subprocess.Popen[str]:
    """A deployer's process."""
    environment = os.environ | served.environment
    environment |= {"ANDON_STATE": str(state), "PYTHONFAULTHANDLER": "1"}
    environment |= {"PYTHONPATH": f"{CLIENT}{os.pathsep}{path}"}
    return subprocess.Popen(
        [sys.executable, *words],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def upgrading(project: Project, served: Served, state: Path) -> subprocess.Popen[str]:
    """`alembic upgrade head`."""
    words = ("-m", "alembic", "-c", str(project.settings), "upgrade", "head")
    return started(served, state, *words)


def ended(process: subprocess.Popen[str]) -> str:
    """What it said; one that hangs says where."""
    try:
        return process.communicate(timeout=45)[0]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        raise AssertionError(process.communicate()[0]) from None


def until(reached: Callable[[], bool], seconds: float = 60) -> None:
    """Look again and again."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def project(tmp_path: Path, shop: Database) -> Project:
    """One whose pending revision naps for 30 seconds."""
    made = alembic_project(tmp_path / "project", shop)
    made.revision("b2", "a1", NAP)
    shop.rows("CREATE TABLE naps (seconds float); INSERT INTO naps VALUES (30)")
    return made


def test_killed_half_way_the_old_schema_stays_and_people_are_asked_again(
    project: Project, lasting: Served, shop: Database, tmp_path: Path
) -> None:
    """The card of the dead run says so."""
    before, ids = shop.catalogue(), list[str]()
    first = upgrading(project, lasting, tmp_path / "state")
    lasting.when_asked(lambda id_: (ids.append(id_), lasting.approve(id_))).join()
    until(lambda: bool(shop.rows(_NAPPING)))
    first.kill()
    first.communicate()
    shop.rows(f"SELECT pg_terminate_backend(pid, 9000) FROM ({_NAPPING}) AS napping")
    assert (shop.catalogue(), shop.at()) == (before, ["a1"])
    assert lasting.read(ids[0]).state is OperationState.RELEASED

    shop.rows("UPDATE naps SET seconds = 0")
    second = upgrading(project, lasting, tmp_path / "state")
    lasting.when_asked(lambda id_: (ids.append(id_), lasting.approve(id_))).join()
    said = ended(second)
    assert (second.returncode, shop.at()) == (0, ["b2"]), said
    assert [lasting.read(id_).state.value for id_ in ids] == ["failed", "succeeded"]


_NAPPING = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
AND query LIKE 'SELECT pg_sleep(seconds)%'
"""


def test_of_two_deployers_one_runs_and_the_other_learns_who(
    project: Project, lasting: Served, shop: Database, tmp_path: Path
) -> None:
    """People are asked once for both."""
    shop.rows("UPDATE naps SET seconds = 0.5")
    both = [upgrading(project, lasting, tmp_path / name) for name in ("one", "two")]
    ids: list[str] = []
    lasting.when_asked(ids.append).join()
    until(lambda: lasting.read(ids[0]).occurrences == 2)
    lasting.approve(ids[0])
    said = [ended(process) for process in both]
    assert shop.at() == ["b2"], said
    assert lasting.read(ids[0]).state is OperationState.SUCCEEDED
    assert sum("data-sync) took" in text or "data-sync took" in text for text in said) == 1, said
    assert 0 in [process.returncode for process in both]


AS_ON_THE_PAGE = """
from alembic import context
from sqlalchemy import create_engine

with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
    context.configure(connection=connection)
"""


def test_the_three_lines_of_the_page_hold_an_upgrade(
    project: Project, lasting: Served, shop: Database, tmp_path: Path
) -> None:
    """An `env.py` made of them: a no leaves the schema as it was, a yes runs it."""
    shop.rows("UPDATE naps SET seconds = 0")
    lines = AS_ON_THE_PAGE + indented(on_the_page()[0])
    (project.folder / "migrations" / "env.py").write_text(lines)
    for decide, left in ((lasting.reject, "a1"), (lasting.approve, "b2")):
        process = upgrading(project, lasting, tmp_path / "state")
        lasting.when_asked(decide).join()
        said = ended(process)
        assert (shop.at(), "Traceback" in said) == ([left], False), said


MANAGED = """
DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "NAME": "{name}",
    "USER": "postgres", "HOST": "{folder}"}}}}
USE_TZ = True
"""


def test_manage_py_migrate_is_held(postgres: Server, lasting: Served, tmp_path: Path) -> None:
    """By the page's settings: a no leaves an empty database empty, with `andon run`'s exit code."""
    database = postgres.database("template1")
    settings = MANAGED.format(name=database.name, folder=database.folder)
    settings += on_the_page()[1].replace("...", '"django.contrib.contenttypes"')
    (tmp_path / "managed.py").write_text(settings)
    words = ("-m", "django", "migrate", "--settings", "managed", "--no-color")

    first = started(lasting, tmp_path / "state", *words, path=tmp_path)
    lasting.when_asked(lasting.reject).join()
    said = ended(first)
    assert (first.returncode, database.catalogue()) == (121, []), said
    assert "said no to" in said
    assert "Traceback" not in said

    second = started(lasting, tmp_path / "state", *words, path=tmp_path)
    lasting.when_asked(lasting.approve).join()
    said = ended(second)
    assert second.returncode == 0, said
    assert "Applying contenttypes.0002_remove_content_type_name... OK" in said
    tables = {row[0] for row in database.catalogue()}
    assert tables >= {"django_content_type", "django_migrations"}


#: Seconds after the approval; the many only in the full lane.
MANY = [0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 1.2, 1.6, 2.0]
MOMENTS = MANY if FULL else [0.5]


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_the_schema_is_the_old_or_the_new_one(
    project: Project, lasting: Served, shop: Database, tmp_path: Path, moment: float
) -> None:
    """The new one only by a taken release; and the next run leads there."""
    shop.rows("UPDATE naps SET seconds = 0.4")
    before, ids = shop.catalogue(), list[str]()
    first = upgrading(project, lasting, tmp_path / "state")
    lasting.when_asked(ids.append).join()
    lasting.approve(ids[0])
    time.sleep(moment)
    first.kill()
    first.communicate()
    shop.rows(_CUT)
    is_old = shop.at() == ["a1"]
    assert is_old == (shop.catalogue() == before)
    assert is_old or lasting.read(ids[0]).claim is not None

    shop.rows("UPDATE naps SET seconds = 0")
    second = upgrading(project, lasting, tmp_path / "state")
    is_asked = is_old and lasting.read(ids[0]).claim is not None
    people = lasting.when_asked(lasting.approve) if is_asked else None
    said = ended(second)
    if people is not None:
        people.join()
    assert (second.returncode, shop.at()) == (0, ["b2"]), said


_CUT = """
SELECT pg_terminate_backend(pid, 9000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
