"""`andon.django` on a real PostgreSQL, against the real server, in this process."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import django
import pytest
from andon import Client
from andon.errors import AndonError, ExpiredError, RejectedError, UnavailableError
from andon.testing import FakeAndon
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from django.test.utils import setup_test_environment, teardown_test_environment

from approvals.words import OperationState
from tests.client.gates.postgres import Database, Server
from tests.client.serving import Served

MIGRATION = """
from django.db import migrations, models
{head}

class Migration(migrations.Migration):
    dependencies = [{after}]
    operations = [{operations}]
"""

INITIAL = """
migrations.CreateModel("Item", [
    ("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=50)),
])
"""
PRICE = 'migrations.AddField("item", "price", models.IntegerField(default=0))'


class Shop:
    """A project's migrations and database, and somebody who runs `manage.py migrate`."""

    def __init__(self, folder: Path, database: Database, served: Served, client: Client) -> None:
        self.folder = folder / f"migrations_of_{database.name}"
        self.folder.mkdir()
        (self.folder / "__init__.py").touch()
        self.database, self.served, self._client = database, served, client
        self.ids: list[str] = []
        self.said = io.StringIO()
        self.meanwhile: Callable[[], Any] = lambda: None
        settings.MIGRATION_MODULES = {"shop": self.folder.name}
        self.migration("0001_initial", INITIAL)
        settings.ANDON = {"databases": []}
        self.migrate()
        settings.ANDON = {"client": client, "pause": lambda seconds: self.meanwhile()}
        self.migration("0002_price", PRICE, after="0001_initial")

    def migration(self, name: str, operations: str, *, after: str = "", head: str = "") -> None:
        """Write one, or write it anew."""
        after = f'("shop", "{after}")' if after else ""
        text = MIGRATION.format(head=head, after=after, operations=operations)
        (self.folder / f"{name}.py").write_text(text)
        sys.modules.pop(f"{self.folder.name}.{name}", None)

    def migrate(self, *words: str, decisions: tuple[Callable[[str], Any], ...] = ()) -> list[str]:
        """`manage.py migrate`; each question is answered by the next decision. Gives their ids."""
        known = len(self.ids)

        def decide() -> None:
            for decision in decisions:
                self.served.when_asked(
                    lambda id_, d=decision: (self.ids.append(id_), d(id_))
                ).join()

        people = self.served.meanwhile(decide)
        try:
            call_command("migrate", *words, verbosity=0, stdout=io.StringIO(), stderr=self.said)
        finally:
            people.join()
        return self.ids[known:]

    def approved(self, *words: str) -> str:
        """Run with somebody's yes; the id."""
        return self.migrate(*words, decisions=(self.served.approve,))[-1]

    def asked(self, id_: str) -> str:
        """The SQL people saw."""
        operation = self.served.read(id_).operation
        assert operation is not None
        return str(operation.arguments["sql"])

    def at(self) -> list[str]:
        """What is recorded as applied."""
        rows = self.database.rows(
            "SELECT name FROM django_migrations WHERE app = 'shop' ORDER BY id"
        )
        return [name for (name,) in rows]

    def columns(self) -> list[str]:
        """Of the shop's one table."""
        return [row[1] for row in self.database.catalogue() if row[0] == "shop_item" and row[3]]


@pytest.fixture(scope="module")
def configured(postgres: Server) -> None:
    """Django as a project has it."""
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "postgres",
                "USER": "postgres",
                "HOST": postgres.folder,
            }
        },
        INSTALLED_APPS=["andon.django", "tests.client.gates.shopping"],
        USE_TZ=True,
    )
    django.setup()


@pytest.fixture
def shop(
    configured: None,
    postgres: Server,
    lasting: Served,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Shop]:
    """A shop at 0001 whose 0002 is pending."""
    monkeypatch.syspath_prepend(tmp_path)
    database = postgres.database("template1")
    connection = connections["default"]
    connection.settings_dict["NAME"] = database.name
    state = tmp_path / "state"
    with Client(lasting.url, lasting.key, state=state, clock=lasting.clock) as client:
        yield Shop(tmp_path, database, lasting, client)
    connection.close()


def test_approved_it_runs_and_is_reported(shop: Shop) -> None:
    """The schema is the new one, and the card says that it succeeded."""
    id_ = shop.approved()
    assert shop.at() == ["0001_initial", "0002_price"]
    assert "price" in shop.columns()
    assert shop.served.read(id_).state is OperationState.SUCCEEDED


def test_rejected_it_leaves_the_schema_untouched(shop: Shop) -> None:
    """The command ends as `andon run` would, and says who said no, and why."""
    before = shop.database.catalogue()
    with pytest.raises(CommandError, match=r"said no to .*: not tonight") as raised:
        shop.migrate(decisions=(shop.served.reject,))
    assert isinstance(raised.value.__cause__, RejectedError)
    assert raised.value.returncode == 121
    assert (shop.database.catalogue(), shop.at()) == (before, ["0001_initial"])


@pytest.mark.parametrize(
    ("verdict", "error", "code"), [("expire", ExpiredError, 124), ("away", UnavailableError, 125)]
)
def test_when_nobody_decides_nothing_runs(
    shop: Shop, tmp_path: Path, verdict: Any, error: type[AndonError], code: int
) -> None:
    """Silence is never consent, and an outage is no approval."""
    state = tmp_path / "fake"
    with (
        FakeAndon(verdict) as fake,
        Client(fake.url, fake.key, state=state, patience_s=0) as client,
    ):
        settings.ANDON = {"client": client}
        with pytest.raises(CommandError) as raised:
            shop.migrate()
    assert isinstance(raised.value.__cause__, error)
    assert (raised.value.returncode, shop.at()) == (code, ["0001_initial"])


def test_people_see_the_sql_what_it_locks_and_the_way_back(shop: Shop) -> None:
    """And where the database stands."""
    asked = shop.served.read(shop.approved("shop"))
    assert asked.operation is not None
    assert asked.title == f"{shop.database.name}: shop.0002_price"
    assert asked.operation.name == "manage.py migrate shop"
    assert asked.operation.arguments["sql"] == (
        "-- shop.0002_price\n"
        "-- Add field price to item\n"
        'ALTER TABLE "shop_item" ADD COLUMN "price" integer DEFAULT 0 NOT NULL;\n'
        'ALTER TABLE "shop_item" ALTER COLUMN "price" DROP DEFAULT;'
    )
    assert asked.operation.arguments["applied"] == "shop.0001_initial"
    assert str(asked.context["blast_radius"]).startswith("ACCESS EXCLUSIVE on shop_item (")
    assert asked.context["rollback"] == (
        "-- shop.0002_price, taken back\n"
        "-- Add field price to item\n"
        'ALTER TABLE "shop_item" DROP COLUMN "price" CASCADE;'
    )


def test_with_nothing_pending_nobody_is_asked(shop: Shop) -> None:
    """As after every deployment without migrations."""
    shop.approved()
    assert shop.migrate() == []


def test_a_migration_edited_while_people_decide_is_asked_about_again(shop: Shop) -> None:
    """What was approved does not run, nor does what nobody saw."""

    def edit(id_: str) -> None:
        text = 'migrations.AddField("item", "weight", models.IntegerField(default=0))'
        (shop.folder / "0002_price.py").write_text(
            MIGRATION.format(head="", after='("shop", "0001_initial")', operations=text)
        )
        shop.served.approve(id_)

    first, second = shop.migrate(decisions=(edit, shop.served.approve))
    assert shop.columns() == ["id", "name", "weight"]
    assert shop.served.read(first).state is OperationState.HELD
    assert shop.served.read(second).state is OperationState.SUCCEEDED


def test_a_table_changed_while_people_decide_is_asked_about_again(shop: Shop) -> None:
    """The same SQL does other things to another table."""

    def alter(id_: str) -> None:
        shop.database.rows("ALTER TABLE shop_item ALTER COLUMN name DROP NOT NULL")
        shop.served.approve(id_)

    first, second = shop.migrate(decisions=(alter, shop.served.approve))
    assert shop.served.read(first).state is OperationState.HELD
    assert shop.served.read(second).state is OperationState.SUCCEEDED


def test_a_lock_of_another_migration_is_waited_for(shop: Shop) -> None:
    """Nobody slips in between the look and the run."""
    with closing(shop.database.connect(autocommit=False)) as other:
        other.execute("UPDATE django_migrations SET applied = now()")
        shop.meanwhile = other.rollback
        shop.approved()
    assert shop.at() == ["0001_initial", "0002_price"]


def test_python_is_shown_as_the_migrations_file(shop: Shop) -> None:
    """Said plainly, beside the SQL that can be told."""
    head = """
def name_all(apps, editor):
    apps.get_model("shop", "Item").objects.update(name="named")
"""
    shop.database.rows("INSERT INTO shop_item (name) VALUES ('x')")
    shop.migration(
        "0002_price", f"{PRICE}, migrations.RunPython(name_all)", after="0001_initial", head=head
    )
    asked = shop.asked(shop.approved())
    assert "Python runs in this migration. Its file is what runs:" in asked
    assert '-- |     apps.get_model("shop", "Item").objects.update(name="named")' in asked
    assert 'ADD COLUMN "price"' in asked
    assert shop.database.rows("SELECT name, price FROM shop_item") == [("named", 0)]


def test_python_inside_an_operation_that_looks_like_sql_does_not_run_when_asked(
    shop: Shop,
) -> None:
    """Django's own telling would run it."""
    head = """
def wipe(apps, editor):
    editor.connection.cursor().execute("DELETE FROM shop_item")
"""
    shop.database.rows("INSERT INTO shop_item (name) VALUES ('x')")
    hidden = "migrations.SeparateDatabaseAndState([migrations.RunPython(wipe)])"
    shop.migration("0002_price", hidden, after="0001_initial", head=head)
    with pytest.raises(CommandError, match="said no"):
        shop.migrate(decisions=(shop.served.reject,))
    assert "-- | def wipe(apps, editor):" in shop.asked(shop.ids[-1])
    assert shop.database.rows("SELECT count(*) FROM shop_item") == [(1,)]


def test_a_default_computed_anew_each_time_is_shown_as_a_hole(shop: Shop) -> None:
    """`default=timezone.now`, as makemigrations writes it."""
    field = "models.DateTimeField(default=timezone.now)"
    shop.migration(
        "0002_price",
        f'migrations.AddField("item", "added", {field})',
        after="0001_initial",
        head="from django.utils import timezone",
    )
    asked = shop.asked(shop.approved())
    assert "timestamp with time zone DEFAULT '…'" in asked
    assert "added" in shop.columns()


PARENT = 'models.ForeignKey("shop.item", models.CASCADE, null=True)'
LINK = f'migrations.AddField("item", "parent", {PARENT})'


def test_sql_that_only_an_earlier_migration_makes_known_is_asked_about_again(shop: Shop) -> None:
    """The foreign key to drop has no name yet when people are asked first."""
    shop.migration("0002_price", LINK, after="0001_initial")
    shop.migration("0003_back", 'migrations.RemoveField("item", "parent")', after="0002_price")
    ids = shop.migrate(decisions=(shop.served.approve, shop.served.approve))
    assert "DROP CONSTRAINT" not in shop.asked(ids[0])
    assert "DROP CONSTRAINT" in shop.asked(ids[1])
    assert "people did not see" in shop.said.getvalue()
    assert (shop.at()[-1], shop.columns()) == ("0003_back", ["id", "name"])


def test_what_fails_is_reported(shop: Shop) -> None:
    """And rolled back by Django."""
    shop.migration("0002_price", 'migrations.RunSQL("SELECT 1/0")', after="0001_initial")
    with pytest.raises(Exception, match="division by zero"):
        shop.approved()
    outcome = shop.served.read(shop.ids[-1]).outcome
    assert outcome is not None
    assert (outcome.result, "division by zero" in str(outcome.detail)) == ("failed", True)
    assert shop.at() == ["0001_initial"]


def test_going_back_is_held_as_well(shop: Shop) -> None:
    """With what was applied as its way back."""
    shop.approved()
    with pytest.raises(CommandError, match="said no"):
        shop.migrate("shop", "zero", decisions=(shop.served.reject,))
    id_ = shop.approved("shop", "0001")
    assert 'DROP COLUMN "price" CASCADE;' in shop.asked(id_)
    assert 'ADD COLUMN "price"' in str(shop.served.read(id_).context["rollback"])
    assert shop.at() == ["0001_initial"]


def test_what_runs_nothing_is_not_held(shop: Shop) -> None:
    """`--plan`, `--check` and `--fake` ask nobody."""
    assert shop.migrate("--plan") == []
    with pytest.raises(SystemExit):
        shop.migrate("--check")
    assert shop.migrate("--fake") == []
    assert (shop.at()[-1], shop.columns()) == ("0002_price", ["id", "name"])


def test_tables_without_migrations_are_refused(shop: Shop) -> None:
    """Nobody could be shown them."""
    with pytest.raises(CommandError, match="makemigrations"):
        shop.migrate("--run-syncdb")


def test_databases_of_tests_are_not_held(shop: Shop) -> None:
    """A runner of tests makes and drops them itself."""
    setup_test_environment()
    try:
        assert shop.migrate("--run-syncdb") == []
    finally:
        teardown_test_environment()
    assert shop.at()[-1] == "0002_price"
