"""A rolling upgrade: the pinned version's code and a later one's work side by side on one database.

The later one is today's code with a schema that is newer still: a column more in every table. Both
serve the same services and people at once; then the older leaves, and only then what it needed may
go. On a file they come one after the other, and back again.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from bot.demo.workspace.server import serve
from bot.demo.workspace.workspace import Workspace
from tests.building import ROOT
from tests.journeys.world import BOT_TOKEN, SECRET, MovedClock, policy_of_tests, workspace_of_tests
from tests.pinned import SCHEMA, unpacked
from tests.postgres import started
from tests.trust.crashing.journal import Journal
from tests.trust.crashing.lives import SERVICES
from tests.trust.crashing.traffic import Receiver, Traffic, receiving
from tests.trust.lane import rounds
from tests.trust.rolling.migrations import CONTRACTED, EXPANDED, contracting, expanding
from tests.trust.rolling.programs import Program, by_turns, pinned_is_used

Figure = Callable[[str, str], None]

#: Calls that are acknowledged in each part of a story.
ACKS = rounds(short=30, full=1500)


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the pinned commit."""
    return unpacked(tmp_path_factory.mktemp("pinned"))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """An empty database on a server."""
    with TemporaryDirectory(prefix="andon-") as folder, started(Path(folder) / "pg") as server:
        yield server.url(server.copied("template1"))


@dataclass
class World:
    """People, services, and the versions of the server they talk to."""

    workspace: Workspace
    receiver: Receiver
    journal: Journal
    folder: Path
    address: str
    keys: dict[str, str]
    programs: list[Program]

    def program(self, code: Path, migrations: Path | None = None) -> Program:
        """A version of the server."""
        settings = {
            "ANDON_DATABASE_URL": self.address,
            "ANDON_SLACK_MODE": "http",
            "ANDON_SLACK_API_URL": self.workspace.api_url,  # type: ignore[attr-defined]
            "ANDON_ALLOWED_CALLBACKS": self.receiver.pair,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SECRET,
        }
        self.programs.append(Program(code, self.folder, settings, migrations))
        return self.programs[-1]

    def let_in(self, program: Program) -> None:
        """Services with keys, by the commands of the version that brought the schema."""
        for name in SERVICES:
            added = program.command("service", "add", name, "--callback-host", self.receiver.pair)
            assert added.returncode == 0, added.stderr
            self.keys[name] = added.stdout.strip()
            assert program.command("service", "secret", name).returncode == 0

    @asynccontextmanager
    async def flowing(self, *programs: Program) -> AsyncIterator[None]:
        """Everybody asks, waits, lists, claims, withdraws and clicks at all of these at once."""
        async with AsyncExitStack() as stack:
            for n, program in enumerate(programs):
                traffic = Traffic(
                    url=program.url,
                    workspace=self.workspace,
                    journal=self.journal,
                    keys=self.keys,
                    callback_urls=[self.receiver.url],
                    random=Random(len(self.journal.calls) + n),
                    _number=NUMBERS,
                )
                await stack.enter_async_context(traffic.flowing())
            yield

    async def live(self, *programs: Program) -> None:
        """For a while, until somebody could run what people had released."""
        async with self.flowing(*programs):
            await self.journal.moment(ACKS, "open")
            await self.journal.moment(1, "claim")


#: Of keys, in all traffic: no two calls share one by chance.
NUMBERS = count()


@asynccontextmanager
async def world(folder: Path, address: str) -> AsyncIterator[World]:
    """Everybody but the servers."""
    (folder / "policy.toml").write_text(policy_of_tests(), encoding="utf-8")
    journal, workspace = Journal(), workspace_of_tests(MovedClock(), ack_within=5.0)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(serve(workspace))
        workspace.api_url = running.api_url  # type: ignore[attr-defined]
        receiver = await stack.enter_async_context(receiving(journal))
        made = World(workspace, receiver, journal, folder, address, {}, [])
        workspace.request_url = await stack.enter_async_context(by_turns(made.programs))
        try:
            yield made
        finally:
            for program in made.programs:
                program.kill()


def verified(*programs: Program) -> None:
    """Every version finds that all holds."""
    for program in programs:
        found = program.command("audit", "verify")
        assert (found.returncode, found.stderr) == (0, "")


def told(journal: Journal) -> str:
    """What was done, counted."""
    done = {verb: len(journal.of(verb, acked=True)) for verb in ("open", "claim", "withdraw")}
    return ", ".join(f"{n} {verb}s" for verb, n in done.items())


async def test_two_versions_work_side_by_side_and_what_the_older_needs_goes_after_it(
    pinned: Path, tmp_path: Path, address: str, figure: Figure
) -> None:
    async with world(tmp_path, address) as all_:
        older = all_.program(pinned)
        assert pinned_is_used(older)
        await older.start()
        all_.let_in(older)
        newer = all_.program(ROOT, expanding(tmp_path / "expanding", SCHEMA))
        async with all_.flowing(older):  # the newer one brings its schema meanwhile
            await all_.journal.moment(ACKS // 3, "open")
            await newer.start()
        assert f'"to": "{EXPANDED}"' in newer.said()
        await all_.live(older, newer)
        verified(older, newer)

        last = all_.program(ROOT, contracting(tmp_path / "contracting", SCHEMA))
        refused = last.command("serve")
        assert (refused.returncode, "Stop it, or bring" in refused.stderr) == (3, True)
        assert await older.stop() == 0
        await last.start()
        await all_.live(newer, last)
        verified(last)
        refused = older.command("serve")
        assert f"has schema {CONTRACTED}, which this version does not know" in refused.stderr
        assert (refused.returncode, all_.journal.wrong) == (3, [])
        assert [p.faults() for p in all_.programs] == [[], [], []]
        figure("rolling upgrade", f"PostgreSQL, 3 versions: {told(all_.journal)}, audits hold")


async def test_on_a_file_versions_follow_one_another_and_the_older_may_come_back(
    pinned: Path, tmp_path: Path, figure: Figure
) -> None:
    async with world(tmp_path, f"sqlite:///{tmp_path / 'andon.db'}") as all_:
        newer = all_.program(ROOT, expanding(tmp_path / "expanding", SCHEMA))
        older = all_.program(pinned)
        older.settings["ANDON_ANCHORS"] = newer.settings["ANDON_ANCHORS"] = "andon.anchors"
        await older.start()
        all_.let_in(older)
        await all_.live(older)
        for before, after in ((older, newer), (newer, older)):
            assert await before.stop() == 0
            await after.start()
            await all_.live(after)
        assert await older.stop() == 0
        verified(older, newer)
        assert (all_.journal.wrong, [p.faults() for p in all_.programs]) == ([], [[], []])
        assert (tmp_path / f"andon.db.before-{EXPANDED}").exists()
        figure("rolling upgrade", f"a file, to a later version and back: {told(all_.journal)}")
