"""Apprise against a real SMTP server and a real HTTP receiver on loopback."""

import asyncio
import logging
import re
import ssl
import sys
import tomllib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.background.addresses import AddressError, Filled
from bot.background.outside import AT_ONCE, INSTALL, TIMEOUT_S, Outside, PageError, wrong_with
from bot.background.page_text import Text, page_text
from bot.background.pages import BACKOFF_S
from tests.bot.background.building import Office
from tests.bot.background.paging import SECRETS, Desk, Mailbox, Receiver
from tests.bot.slack.drawing.examples import MIGRATION, Story
from tests.building import ROOT

DOCUMENT = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
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
    desk = Desk(office, {"pager": f"{receiver.address}?+X-Page={{page}}"})
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
    assert [headers["X-Page"] for headers in receiver.headers] == [id_, id_]


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


def self_signed(folder: Path) -> ssl.SSLContext:
    """TLS for 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = serialization.PrivateFormat.PKCS8
    lines = key.private_bytes(pem, private, serialization.NoEncryption()) + made.public_bytes(pem)
    (folder / "tls.pem").write_bytes(lines)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem")
    return context


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
async def test_over_tls_only_whom_the_operator_trusts_is_told(tmp_path: Path) -> None:
    receiver, app = Receiver(), web.Application()
    app.add_routes(receiver.routes())
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=self_signed(tmp_path))
    try:
        address = f"jsons://127.0.0.1:{server.port}/hook"
        with pytest.raises(PageError):
            await Outside()("pager", Filled(address), TEXT)
        assert receiver.got == []
        await Outside()("pager", Filled(f"{address}?verify=no"), TEXT)
        assert [got["title"] for got in receiver.got] == [TEXT.title]
    finally:
        await server.close()


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
        ("nothing", "cannot use this address"),
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


def test_the_addresses_of_the_document_can_be_used() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.S)
    routes = tomllib.loads(dedent(block))["routes"]
    assert len(routes) == 4
    secrets = {"TWILIO_SID": f"AC{'a' * 32}", "TWILIO_TOKEN": "b" * 32}
    for name, route in routes.items():
        found = wrong_with(route["address"], lambda secret: secrets.get(secret, "p@ss/word"))
        assert (name, found) == (name, None)


def test_the_page_in_the_document_is_what_is_sent() -> None:
    story = Story(MIGRATION)
    why = "may decide (database-admin)"
    text = page_text(story.escalation, "step", {}, story.people, reason=why)
    assert f"```\n{text.title}\n\n{text.body}\n```" in DOCUMENT


def test_the_document_has_the_schedule_and_the_limit() -> None:
    *first, last = map(str, BACKOFF_S)
    assert f"{', '.join(first)} and {last} s" in DOCUMENT
    assert f"within {TIMEOUT_S:g} s" in DOCUMENT
