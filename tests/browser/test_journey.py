"""The held operation, end to end, as a newcomer and a service live it."""

import json
import os
import re
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import IO, Any

import jwt
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Newcomer, Process, Service, a_demo, call
from tests.patience import PATIENCE_S

Visit = Callable[..., Newcomer]

TRANSFER: dict[str, Any] = {
    "category": "large_transaction",
    "title": "Transfer 75,000.00 EUR to Südwind AG",
    "environment": "production",
    "requested_by": {"id": "lena@example.com", "name": "Lena", "slack": "ULENA"},
    "operation": {
        "name": "transfer",
        "target": "sw-17",
        "arguments": {"reference": "SW-17"},
        "money": {
            "amount_minor": 7_500_000,
            "currency": "EUR",
            "account": "DE02 1203 0000 0000 2020 51",
            "beneficiary": "Südwind AG DE75 5121 0800 1245 1261 99",
        },
    },
    "options": [
        {"key": "release", "label": "Release transfer", "effect": "release"},
        {"key": "stop", "label": "Stop transfer", "effect": "abort"},
    ],
}


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    """A demo as `make demo` starts it."""
    with a_demo() as demo:
        yield demo


def test_a_service_asks_two_people_agree_and_the_release_is_given_once(
    visit_to: Visit, threads: ThreadPoolExecutor, process: Process
) -> None:
    """Opened by HTTP; the parked GET returns, the grant verifies, the second claim is refused.

    Against the very process that `make demo` starts, and so are the strips.
    """
    newcomer = visit_to(process.url)
    service = Service.of(newcomer.page.get_by_test_id("line").inner_text(), threads)
    status, opened = service.post("/v1/escalations", TRANSFER, key=uuid.uuid4().hex)
    assert status == 201
    path = f"/v1/escalations/{opened['id']}"
    parked = service.parked(path)

    newcomer.open_channel("payments-approvals")
    agree(newcomer, TRANSFER["title"], "matches the signed invoice")
    expect(newcomer.card(TRANSFER["title"])).to_contain_text("1 of 2: @Ravi")
    assert not parked.done()
    newcomer.act_as("Mia")
    newcomer.open_channel("payments-approvals")
    agree(newcomer, TRANSFER["title"], "called the beneficiary")

    status, decided = parked.result(timeout=PATIENCE_S)
    assert (status, decided["status"]) == (200, "approved")
    assert [vote["rationale"] for vote in decided["votes"]] == [
        "matches the signed invoice",
        "called the beneficiary",
    ]
    claim = {"digest": opened["digest"], "nonce": "once-and-never-again"}
    status, taken = service.post(f"{path}/claim", claim, key="first")
    assert (status, taken["option"]) == (200, "release")
    claims = verified(taken["grant"], service)
    assert (claims["aud"], claims["sub"]) == ("search-api", opened["id"])
    assert claims["digest"] == opened["digest"]
    assert claims["nonce"] == claim["nonce"]
    status, refused = service.post(f"{path}/claim", claim, key="second")
    assert (status, refused["type"]) == (409, "/problems/already-claimed")

    expect(newcomer.card(TRANSFER["title"])).to_contain_text("RUNNING")
    report = {"result": "succeeded", "detail": "booked"}
    assert service.post(f"{path}/outcome", report)[0] == 200
    expect(newcomer.card(TRANSFER["title"])).to_contain_text("«booked»")


def test_two_people_release_what_a_strip_holds(visit_to: Visit, process: Process) -> None:
    """One vote leaves it held; the second releases it, and it runs and succeeds."""
    newcomer = visit_to(process.url)
    newcomer.open_channel("payments-approvals")
    agree(newcomer, "90,000.00 EUR", "matches the signed invoice")
    newcomer.service_is("transfer", "held")
    newcomer.act_as("Tom")
    newcomer.open_channel("payments-approvals")
    agree(newcomer, "90,000.00 EUR", "called Nordwind")
    newcomer.service_is("transfer", "succeeded")
    steps = newcomer.service("transfer").get_by_role("listitem")
    said = ("held", "released.*ms after the click.*Release transfer.*verified", "running", "succ")
    expect(steps).to_have_text([re.compile(f"^{words}") for words in said])
    measured = newcomer.service("transfer").get_by_test_id("click-to-release")
    expect(measured).to_have_text(re.compile(r"^[\d,]+ ms after the click$"))
    expect(newcomer.card("90,000.00 EUR")).to_contain_text("APPROVED")
    newcomer.picture("succeeded")


def agree(newcomer: Newcomer, title: str, why: str) -> None:
    """Release a transfer, with a reason."""
    newcomer.card(title).get_by_role("button", name=re.compile("^Release transfer")).click()
    newcomer.send(**{"What did you check?": why})
    expect(newcomer.modal).to_contain_text("Recorded")
    newcomer.modal.get_by_test_id("modal-close").click()


def verified(grant: str, service: Service) -> dict[str, Any]:
    """What the grant says, by PyJWT alone, with the published keys."""
    published = call(f"{service.andon}/.well-known/jwks.json")[1]["keys"]
    kid = jwt.get_unverified_header(grant)["kid"]
    key = next(key for key in published if key["kid"] == kid)
    verifier = jwt.PyJWS(algorithms=[])
    verifier.register_algorithm("Ed25519", jwt.algorithms.OKPAlgorithm())
    public = jwt.algorithms.OKPAlgorithm.from_jwk(key)
    return dict(json.loads(verifier.decode(grant, public, algorithms=["Ed25519"])))


def test_one_tap_releases_the_migration_and_the_thread_tells_it(visit: Visit) -> None:
    newcomer = visit()
    newcomer.open_channel("database")
    card = newcomer.card("Schema conflict")
    card.get_by_role("button", name=re.compile("^Migrate, keep data")).click()
    newcomer.service_is("migration", "succeeded")
    expect(newcomer.page.locator("[data-ephemeral]").last).to_contain_text("You decided it")
    expect(newcomer.card("Schema conflict").first).to_contain_text("APPROVED")
    newcomer.page.get_by_test_id("replies").last.click()
    expect(newcomer.page.get_by_test_id("thread")).to_contain_text(
        "Ravi agreed to Migrate, keep data"
    )


def test_an_abort_is_two_taps_and_the_service_never_runs(visit: Visit) -> None:
    newcomer = visit()
    newcomer.open_channel("operations")
    newcomer.card("Data sync failed").get_by_role("button", name=re.compile("^Leave it")).click()
    newcomer.send()
    newcomer.service_is("sync", "aborted")
    expect(newcomer.service("sync")).to_contain_text("It never ran.")


def test_the_line_to_copy_holds_a_command_until_the_click_runs_it(visit: Visit) -> None:
    newcomer = visit()
    line = newcomer.page.get_by_test_id("line").inner_text()
    with in_a_terminal(line) as printed:
        assert re.match(
            r"andon: «Deploy v42 from my own terminal» is held in production as esc_[0-9a-f]+\. ",
            printed.readline(),
        )
        newcomer.open_channel("operations")
        card = newcomer.card("Deploy v42 from my own terminal")
        card.get_by_role("button", name=re.compile("^Approve")).click()
        said = printed.read()
    assert "andon: Released. ravi chose Approve.\n" in said
    assert "\nv42 is deployed\n" in said
    assert "andon: COMMAND ran: exit code 0 after " in said.splitlines()[-1]
    expect(newcomer.card("Deploy v42 from my own terminal")).to_contain_text("exit code 0")


@contextmanager
def in_a_terminal(line: str) -> Iterator[IO[str]]:
    """What the line prints, as bash runs it; it ends with the block at the latest."""
    terminal = subprocess.Popen(
        ["timeout", "30", "bash", "-c", line],
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert terminal.stdout is not None
    try:
        yield terminal.stdout
    finally:
        with suppress(ProcessLookupError):
            os.killpg(terminal.pid, signal.SIGKILL)
        terminal.wait()
        terminal.stdout.close()
