"""Apprise against a real SMTP server and a real HTTP receiver on loopback."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.background.addresses import AddressError, Filled
from bot.background.outside import AT_ONCE, INSTALL, Outside, PageError, wrong_with
from bot.background.page_text import Text
from tests.bot.background.building import Office
from tests.bot.background.paging import SECRETS, Desk, Mailbox, Receiver

TEXT = Text(title="HIGH production: Ünïcode & <b>", body="First line\nSecond <i>line</i> *x*")


@asynccontextmanager
async def listening(*receivers: Receiver) -> AsyncIterator[None]:
    """Receivers on ports of their own."""
    async with AsyncExitStack() as stack:
        for receiver in receivers:
            app = web.Application()
            app.add_routes(receiver.routes())
            server = await stack.enter_async_context(TestServer(app))
            receiver.port = int(server.port or 0)
        yield


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """One of them."""
    made = Receiver()
    async with listening(made):
        yield made


async def test_a_mail_has_the_subject_and_the_body_and_comes_once(office: Office) -> None:
    async with Mailbox(password=SECRETS["MAIL_PASSWORD"]) as box:
        mail = f"mailto://andon:${{MAIL_PASSWORD}}@127.0.0.1:{box.port}"
        to = "?from=andon@example.com&to=sam@example.com&mode=insecure"
        desk = Desk(office, {"mail": mail + to})
        id_ = await desk.owed("mail")
        await desk.page()
        await desk.page()
        assert (await desk.row(id_)).state == "delivered"
    (got,) = box.mails
    assert got["Subject"] == "MEDIUM production: Data sync failed 3 times"
    assert box.to == ["sam@example.com"]
    body = got.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    assert "data-sync asks: Data sync failed 3 times" in body
    assert "Why you get this: may decide (platform-oncall)" in body


async def test_a_mail_refused_for_its_password_is_tried_again(office: Office) -> None:
    async with Mailbox(password="another") as box:
        mail = f"mailto://andon:${{MAIL_PASSWORD}}@127.0.0.1:{box.port}"
        desk = Desk(office, {"mail": f"{mail}?from=a@example.com&to=b@example.com&mode=insecure"})
        id_ = await desk.owed("mail")
        await desk.page()
        row = await desk.row(id_)
    assert (row.state, row.attempts, box.mails) == ("pending", 1, [])
    assert SECRETS["MAIL_PASSWORD"] not in str(row.error)
    assert row.error


async def test_foreign_text_arrives_as_it_was_written(receiver: Receiver) -> None:
    await Outside()("pager", Filled(receiver.address), TEXT)
    assert [(got["title"], got["message"]) for got in receiver.got] == [(TEXT.title, TEXT.body)]


async def test_a_receiver_that_fails_is_asked_again_for_the_same_page(
    office: Office, receiver: Receiver
) -> None:
    receiver.answers = [500]
    desk = Desk(office, {"pager": receiver.address})
    id_ = await desk.owed()
    await desk.page()
    row = await desk.row(id_)
    assert (row.state, row.attempts) == ("pending", 1)
    assert "500" in str(row.error)
    desk.office.clock.pass_(5)
    await desk.page()
    row = await desk.row(id_)
    assert (row.id, row.state, row.attempts) == (id_, "delivered", 2)
    assert receiver.got[0] == receiver.got[1]


async def test_a_hanging_receiver_holds_up_no_other_and_ends(office: Office) -> None:
    hanging, other = Receiver(go=asyncio.Event()), Receiver()
    async with listening(hanging, other):
        desk = Desk(office, {"pager": hanging.address, "sms": other.address})
        desk.notify = Outside(timeout_s=0.2)
        desk.restart()
        hung = [await desk.owed("pager") for _ in range(AT_ONCE + 1)]
        sent = await desk.owed("sms")
        await desk.page()
        assert (await desk.row(sent)).state == "delivered"
        errors = sorted([str((await desk.row(id_)).error) for id_ in hung])
        waited = "no answer within 0.2 s"
        assert errors == ["earlier calls of this route still hang", waited, waited]
        assert hanging.go is not None
        hanging.go.set()


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers, receiver.moved_to = [302], "/elsewhere"
    with pytest.raises(PageError, match="302"):
        await Outside()("pager", Filled(receiver.address), TEXT)
    assert len(receiver.got) == 1


async def test_nobody_there_is_said_without_the_secret(unused_tcp_port: int) -> None:
    address = f"json://127.0.0.1:{unused_tcp_port}/a-secret-path"
    with pytest.raises(PageError) as caught:
        await Outside()("pager", Filled(address, ("a-secret-path",)), TEXT)
    assert "a-secret-path" not in str(caught.value)


@pytest.mark.parametrize("address", ["pagr://x", "json://", "json://a json://b", "nothing"])
async def test_an_address_apprise_does_not_know_is_an_error(address: str) -> None:
    with pytest.raises(AddressError, match="Apprise cannot use this address"):
        await Outside()("pager", Filled(address), TEXT)


async def test_without_the_extra_it_says_what_to_install(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    desk = Desk(office, {"pager": "json://127.0.0.1:9/"})
    id_ = await desk.owed()
    await desk.page()
    row = await desk.row(id_)
    assert (row.state, row.error) == ("failed", INSTALL)
    assert wrong_with("json://127.0.0.1:9/", SECRETS.get) == INSTALL


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("json://127.0.0.1/${TOKEN}", None),
        ("json://127.0.0.1/${OTHER}", "OTHER is not set"),
        ("${TOKEN}", "cannot use this address"),
        ("pagr://x", r"\(pagr://\)"),
    ],
)
def test_an_address_is_looked_at_without_being_called(address: str, says: str | None) -> None:
    found = wrong_with(address, SECRETS.get)
    if says is None:
        assert found is None
    else:
        with pytest.raises(AssertionError, match=says):
            raise AssertionError(found)


async def test_apprise_writes_no_lines_of_its_own(
    receiver: Receiver, capfd: pytest.CaptureFixture[str]
) -> None:
    """Python would print what no logger above takes; and those above would take all."""
    receiver.answers = [500]
    with pytest.raises(PageError):
        await Outside()("pager", Filled(receiver.address), TEXT)
    assert capfd.readouterr().err == ""
    assert not logging.getLogger("apprise").propagate
