"""`andon.alembic` on a real PostgreSQL, against the real server, in this process."""

import io
from collections.abc import Iterator
from contextlib import closing, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.util import CommandError
from andon import Client
from andon.errors import (
    AndonError,
    ExpiredError,
    RejectedError,
    SettingsError,
    UnavailableError,
)
from andon.testing import FakeAndon

from approvals.words import OperationState, Status
from tests.client.gates.deploying import Deployer
from tests.client.gates.postgres import Database
from tests.client.gates.projects import Project, alembic_project
from tests.client.serving import Served

PAID = 'op.add_column("orders", sa.Column("paid", sa.Boolean(), server_default=sa.false()))'
UNPAID = 'op.drop_column("orders", "paid")'


@pytest.fixture
def project(tmp_path: Path, shop: Database) -> Project:
    """A project whose second revision is pending."""
    made = alembic_project(tmp_path / "project", shop)
    made.revision("b2", "a1", PAID, UNPAID, doc="Know what is paid")
    return made


@pytest.fixture
def andon(lasting: Served, tmp_path: Path) -> Iterator[Client]:
    """A deployer's client, with a folder of its own."""
    with Client(lasting.url, lasting.key, state=tmp_path / "state", clock=lasting.clock) as made:
        yield made


@pytest.fixture
def deployer(project: Project, lasting: Served, andon: Client) -> Deployer:
    """Somebody who deploys."""
    return Deployer(project, lasting, andon)


def test_approved_it_runs_and_is_reported(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """The schema is the new one, and the card says that it succeeded."""
    (id_,) = deployer.upgrade(lasting.approve)
    assert shop.at() == ["b2"]
    assert ("orders", "paid", "boolean", "false") in shop.catalogue()
    assert lasting.read(id_).state is OperationState.SUCCEEDED


def test_rejected_it_leaves_the_schema_untouched(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """Nothing of the catalogue differs, and the command says who said no, and why."""
    before = shop.catalogue()
    with pytest.raises(CommandError, match=r"said no to .*: not tonight") as raised:
        deployer.upgrade(lasting.reject)
    assert isinstance(raised.value.__cause__, RejectedError)
    assert (shop.catalogue(), shop.at()) == (before, ["a1"])


def test_a_no_of_another_day_does_not_stand_in_the_way(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """The next deployment asks again."""
    with pytest.raises(CommandError):
        deployer.upgrade(lasting.reject)
    deployer.upgrade(lasting.approve)
    assert shop.at() == ["b2"]


@pytest.mark.parametrize(
    ("verdict", "error"), [("expire", ExpiredError), ("away", UnavailableError)]
)
def test_when_nobody_decides_nothing_runs(
    deployer: Deployer, shop: Database, tmp_path: Path, verdict: Any, error: type[AndonError]
) -> None:
    """Silence is never consent, and an outage is no approval."""
    state = tmp_path / "fake"
    with (
        FakeAndon(verdict) as fake,
        Client(fake.url, fake.key, state=state, patience_s=0) as client,
    ):
        deployer.config.attributes["asking"]["client"] = client
        with pytest.raises(CommandError) as raised:
            deployer.upgrade()
    assert isinstance(raised.value.__cause__, error)
    assert shop.at() == ["a1"]


def test_stopped_after_the_approval_nothing_runs(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """Until the claim people can change their minds."""
    with closing(shop.connect(autocommit=False)) as other:

        def approve(id_: str) -> None:
            other.execute("LOCK TABLE alembic_version IN SHARE MODE")
            lasting.approve(id_)

        deployer.pause(lambda: lasting.stop_release(deployer.ids[0]))
        with pytest.raises(CommandError, match="stopped"):
            deployer.upgrade(approve)
    assert (deployer.pauses, shop.at()) == (1, ["a1"])


def test_people_see_the_exact_sql_what_it_locks_and_the_way_back(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """And where the database stands, and which one it is, without credentials."""
    (id_,) = deployer.upgrade(lasting.approve)
    asked = lasting.read(id_)
    assert asked.operation is not None
    assert asked.title == f"{shop.name}: upgrade a1 -> b2, Know what is paid"
    assert asked.operation.name == "alembic upgrade heads"
    assert asked.operation.arguments["sql"] == (
        "-- upgrade a1 -> b2, Know what is paid\n"
        "ALTER TABLE orders ADD COLUMN paid BOOLEAN DEFAULT false;"
    )
    assert asked.operation.arguments["database"] == (
        f"{shop.name} on {shop.folder} as postgres in public"
    )
    assert asked.operation.arguments["applied"] == "a1"
    assert str(asked.context["blast_radius"]).startswith("ACCESS EXCLUSIVE on orders (")
    assert str(asked.context["blast_radius"]).endswith("; blocks reads and writes")
    assert asked.context["rollback"] == (
        "-- downgrade b2 -> a1, Know what is paid\nALTER TABLE orders DROP COLUMN paid;"
    )


def test_a_migration_edited_while_people_decide_is_asked_about_again(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """What was approved does not run, nor does what nobody saw."""

    def edit(id_: str) -> None:
        deployer.project.revision(
            "b2", "a1", 'op.execute("ALTER TABLE orders ADD COLUMN due date")'
        )
        lasting.approve(id_)

    first, second = deployer.upgrade(edit, lasting.approve)
    columns = {row[1] for row in shop.catalogue() if row[0] == "orders"}
    assert ("paid" in columns, "due" in columns) == (False, True)
    assert lasting.read(first).state is OperationState.HELD
    assert lasting.read(second).state is OperationState.SUCCEEDED


def test_a_table_changed_while_people_decide_is_asked_about_again(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """The same SQL does other things to another table."""

    def alter(id_: str) -> None:
        shop.rows("ALTER TABLE orders ALTER COLUMN note SET DEFAULT ''")
        lasting.approve(id_)

    first, second = deployer.upgrade(alter, lasting.approve)
    assert lasting.read(first).state is OperationState.HELD
    assert lasting.read(second).state is OperationState.SUCCEEDED


def test_rows_and_other_tables_may_change_meanwhile(deployer: Deployer, lasting: Served) -> None:
    """A shop is open while people decide."""

    def trade(id_: str) -> None:
        deployer.database.rows("UPDATE orders SET note = 'sold'; CREATE TABLE elsewhere (id int)")
        lasting.approve(id_)

    assert len(deployer.upgrade(trade)) == 1


def test_migrated_by_somebody_else_meanwhile_there_is_nothing_left(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """The approval stays untaken."""

    def migrate(id_: str) -> None:
        shop.rows(
            "ALTER TABLE orders ADD COLUMN paid boolean;"
            "UPDATE alembic_version SET version_num = 'b2'"
        )
        lasting.approve(id_)

    (id_,) = deployer.upgrade(migrate)
    assert lasting.read(id_).claim is None


def test_a_lock_of_another_migration_is_waited_for(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """Nobody slips in between the look and the run."""
    with closing(shop.connect(autocommit=False)) as other:
        other.execute("UPDATE alembic_version SET version_num = 'a1'")
        deployer.pause(other.rollback)
        deployer.upgrade(lasting.approve)
    assert (deployer.pauses, shop.at()) == (1, ["b2"])


def test_a_connection_lost_while_people_decide_is_made_anew(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """A firewall may cut what idles for an hour."""

    def cut(id_: str) -> None:
        shop.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        lasting.approve(id_)

    deployer.upgrade(cut)
    assert shop.at() == ["b2"]


def test_nothing_is_kept_open_while_people_decide(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """No transaction, so no lock and no old snapshot."""
    seen: list[Any] = []

    def look(id_: str) -> None:
        seen.extend(
            shop.rows(
                "SELECT state FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        lasting.approve(id_)

    deployer.upgrade(look)
    assert seen == [("idle",)]


def test_an_approval_survives_a_crash_before_it_was_taken(
    deployer: Deployer, lasting: Served, shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run finds it by its kept key and asks nobody."""
    with monkeypatch.context() as dying:
        dying.setattr(Client, "claim", lambda *args, **kwargs: exit(9))
        with pytest.raises(SystemExit):
            deployer.upgrade(lasting.approve)
    assert shop.at() == ["a1"]
    assert deployer.upgrade() == []
    assert shop.at() == ["b2"]


def test_interrupted_while_waiting_it_is_withdrawn(
    deployer: Deployer, lasting: Served, shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is asked about what nobody waits for."""
    ids: list[str] = []

    def interrupt(client: Client, escalation: Any, **how: Any) -> None:
        ids.append(escalation.id)
        raise KeyboardInterrupt

    monkeypatch.setattr(Client, "wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        deployer.upgrade()
    assert (lasting.read(ids[0]).status, shop.at()) == (Status.WITHDRAWN, ["a1"])


def test_what_fails_is_rolled_back_whole_and_reported(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """The first revision too: Alembic runs them in one transaction."""
    before = shop.catalogue()
    deployer.project.revision("c3", "b2", 'op.execute("ALTER TABLE nowhere ADD COLUMN x int")')
    with pytest.raises(Exception, match="nowhere"):
        deployer.upgrade(lasting.approve)
    outcome = lasting.read(deployer.ids[0]).outcome
    assert outcome is not None
    assert (outcome.result, "nowhere" in str(outcome.detail)) == ("failed", True)
    assert (shop.catalogue(), shop.at()) == (before, ["a1"])


def test_with_a_transaction_for_each_revision_what_ran_stays(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """As Alembic is told; the next question is about the rest alone."""
    deployer.config.attributes["configure"] = {"transaction_per_migration": True}
    deployer.project.revision("c3", "b2", 'op.execute("ALTER TABLE nowhere ADD COLUMN x int")')
    with pytest.raises(Exception, match="nowhere"):
        deployer.upgrade(lasting.approve)
    assert shop.at() == ["b2"]
    deployer.project.revision("c3", "b2", 'op.execute("CREATE TABLE nowhere (x int)")')
    (id_,) = deployer.upgrade(lasting.approve)[-1:]
    asked = lasting.read(id_).operation
    assert asked is not None
    assert asked.arguments["sql"] == "-- upgrade b2 -> c3, c3\nCREATE TABLE nowhere (x int);"
    assert shop.at() == ["c3"]


def test_going_back_is_held_as_well(deployer: Deployer, lasting: Served, shop: Database) -> None:
    """With the upgrade as its way back."""
    deployer.upgrade(lasting.approve)
    with pytest.raises(CommandError, match="said no"):
        deployer.downgrade(lasting.reject, to="a1")
    assert shop.at() == ["b2"]
    id_ = deployer.downgrade(lasting.approve, to="-1")[-1]
    asked = lasting.read(id_)
    assert asked.operation is not None
    assert asked.operation.name == "alembic downgrade -1"
    assert str(asked.operation.arguments["sql"]).endswith("ALTER TABLE orders DROP COLUMN paid;")
    assert str(asked.context["rollback"]).endswith(
        "ALTER TABLE orders ADD COLUMN paid BOOLEAN DEFAULT false;"
    )
    assert shop.at() == ["a1"]


def test_one_step_is_asked_about_alone(deployer: Deployer, lasting: Served, shop: Database) -> None:
    """`upgrade +1`."""
    deployer.project.revision("c3", "b2", 'op.drop_column("orders", "note")')
    (id_,) = deployer.upgrade(lasting.approve, to="+1")
    asked = lasting.read(id_).operation
    assert asked is not None
    assert "c3" not in str(asked.arguments["sql"])
    assert shop.at() == ["b2"]


def test_branches_are_asked_about_together(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """And merged as ever."""
    deployer.project.revision("b3", "a1", 'op.execute("CREATE TABLE b3 (x int)")', labels=("side",))
    assert len(deployer.upgrade(lasting.approve)) == 1
    assert shop.at() == ["b2", "b3"]
    deployer.project.revision("m4", ("b2", "b3"), "pass")
    deployer.upgrade(lasting.approve)
    assert shop.at() == ["m4"]


def test_what_runs_nothing_is_not_held(deployer: Deployer, shop: Database) -> None:
    """`stamp`, `current`, `check` and `--sql` ask nobody."""
    deployer.config.attributes["asking"] = {}
    with redirect_stdout(io.StringIO()) as written:
        deployer.config.output_buffer = written
        command.current(deployer.config)
        command.upgrade(deployer.config, "a1:b2", sql=True)
        command.stamp(deployer.config, "b2")
        command.upgrade(deployer.config, "head")
    assert "ADD COLUMN paid" in written.getvalue()
    assert shop.at() == ["b2"]


SET_BY_READING = """
for (id,) in op.get_bind().execute(sa.text("SELECT id FROM customers")).fetchall():
    op.execute(f"UPDATE customers SET legacy_code = 'n{id}' WHERE id = {id}")
"""


def test_a_revision_that_reads_is_shown_as_its_file(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """Its SQL cannot be told, and the question says so."""
    deployer.project.revision("b2", "a1", SET_BY_READING)
    (id_,) = deployer.upgrade(lasting.approve)
    asked = lasting.read(id_).operation
    assert asked is not None
    assert "its SQL cannot be told beforehand. Its file is what runs:" in str(
        asked.arguments["sql"]
    )
    assert "-- |     for (id,) in op.get_bind()" in str(asked.arguments["sql"])
    assert shop.rows("SELECT legacy_code FROM customers WHERE id = 7") == [("n7",)]


@pytest.mark.parametrize(
    "upgrade",
    [
        'op.execute("UPDATE orders SET note = :note")',
        'op.get_bind().execute(sa.text("UPDATE orders SET note = :n"), {"n": "x"})',
        'op.get_bind().execute(sa.table("orders", sa.column("note")).insert(), [{"note": "x"}])',
        "sa.inspect(op.get_bind()).get_table_names()",
    ],
)
def test_sql_that_would_be_written_down_wrongly_is_not(
    deployer: Deployer, lasting: Served, upgrade: str
) -> None:
    """Offline, a parameter without a value would read NULL; the file is shown instead."""
    deployer.project.revision("b2", "a1", upgrade)
    with pytest.raises(CommandError, match="said no"):
        deployer.upgrade(lasting.reject)
    asked = lasting.read(deployer.ids[0]).operation
    assert asked is not None
    assert "Its file is what runs:" in str(asked.arguments["sql"])
    assert "NULL" not in str(asked.arguments["sql"])


def test_text_goes_to_the_database_as_it_was_shown(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """Percent signs, colons and backslashes included."""
    deployer.project.revision(
        "b2",
        "a1",
        r"""op.execute("UPDATE orders SET note = '100%% of 12:30 \\:x %s' WHERE id = 1")""",
    )
    (id_,) = deployer.upgrade(lasting.approve)
    asked = lasting.read(id_).operation
    assert asked is not None
    assert "note = '100%% of 12:30 :x %s'" in str(asked.arguments["sql"])
    assert shop.rows("SELECT note FROM orders WHERE id = 1") == [("100%% of 12:30 :x %s",)]


def test_what_is_drawn_anew_each_time_is_shown_as_a_hole(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """The question is the same each time, so that deployments can share one answer."""
    deployer.project.revision(
        "b2",
        "a1",
        "import uuid\nop.execute(f\"UPDATE orders SET note = '{uuid.uuid4()}' WHERE id = 1\")",
    )
    (id_,) = deployer.upgrade(lasting.approve)
    asked = lasting.read(id_).operation
    assert asked is not None
    assert "SET note = '…' WHERE id = 1;" in str(asked.arguments["sql"])
    assert shop.rows("SELECT length(note) FROM orders WHERE id = 1") == [(36,)]


def test_what_cannot_run_in_a_transaction_runs_outside_of_one(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """Alembic's `autocommit_block`, shown as COMMIT and BEGIN."""
    deployer.project.revision(
        "b2",
        "a1",
        """
op.add_column("orders", sa.Column("paid", sa.Boolean()))
with op.get_context().autocommit_block():
    op.execute("CREATE INDEX CONCURRENTLY ix_paid ON orders (paid)")
op.execute("UPDATE orders SET paid = true")
""",
    )
    (id_,) = deployer.upgrade(lasting.approve)
    asked = lasting.read(id_).operation
    assert asked is not None
    assert "COMMIT;\nCREATE INDEX CONCURRENTLY ix_paid ON orders (paid);\nBEGIN;" in str(
        asked.arguments["sql"]
    )
    assert shop.rows("SELECT count(*) FROM orders WHERE paid") == [(2000,)]
    assert shop.rows("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_paid'::regclass") == [
        (True,)
    ]


def test_a_revision_that_writes_when_only_asked_cannot(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """Before anybody decided, the database is only read."""
    deployer.project.revision(
        "b2",
        "a1",
        'from alembic import context\ncontext.get_bind().exec_driver_sql("DROP TABLE orders")',
    )
    before = shop.catalogue()
    with pytest.raises(CommandError, match="said no"):
        deployer.upgrade(lasting.reject)
    assert shop.catalogue() == before


def test_an_asynchronous_engine_is_held_alike(
    deployer: Deployer, lasting: Served, shop: Database
) -> None:
    """Through `run_sync`."""
    deployer.config.attributes["async"] = True
    deployer.upgrade(lasting.approve)
    assert shop.at() == ["b2"]


def test_a_connection_inside_a_transaction_is_refused(deployer: Deployer, shop: Database) -> None:
    """It would stay open while people decide."""
    deployer.config.attributes["begun"] = True
    with pytest.raises(CommandError, match=r"engine\.connect\(\)") as raised:
        deployer.upgrade()
    assert isinstance(raised.value.__cause__, SettingsError)
    assert shop.at() == ["a1"]
