"""Pages: sent once, tried again with one id, given up with a reason, and the core is told."""

from datetime import timedelta

import pytest

from approvals.commands import Arrived, Miss
from bot.background.addresses import AddressError
from bot.background.outside import PageError
from bot.background.pages import BACKOFF_S
from tests.bot.background.building import Office
from tests.bot.background.paging import Calls, Desk
from tests.building import a_vote

REFUSED = PageError("error=500.")


@pytest.fixture
def desk(office: Office) -> Desk:
    """A route whose calls are kept."""
    return Desk(office, {"pager": "json://127.0.0.1:9/", "sms": "json://127.0.0.1:8/"}, Calls())


async def test_a_page_is_sent_once_and_recorded(desk: Desk) -> None:
    id_ = await desk.owed()
    await desk.page()
    await desk.page()
    assert [route for route, _, _ in desk.notify.said] == ["pager"]
    assert (await desk.row(id_)).state == "delivered"
    assert desk.writer.told == []


async def test_it_says_why_it_was_sent(desk: Desk) -> None:
    await desk.owed()
    await desk.page()
    (_, _, text), *_ = desk.notify.said
    assert "Why you get this: may decide (platform-oncall)" in text.body


async def test_it_is_tried_again_later_each_time_and_given_up_in_the_end(desk: Desk) -> None:
    desk.notify.errors = [REFUSED] * (len(BACKOFF_S) + 1)
    id_ = await desk.owed()
    for wait in BACKOFF_S:
        await desk.page()
        assert (await desk.row(id_)).state == "pending"
        desk.office.clock.pass_(wait - 1)
        await desk.page()
        desk.office.clock.pass_(1)
    await desk.page()
    row = await desk.row(id_)
    assert (row.state, row.attempts, row.error) == ("failed", len(BACKOFF_S) + 1, "error=500.")
    assert len(desk.notify.said) == len(BACKOFF_S) + 1
    counted = desk.office.counts.given_up.labels("page", "schedule")
    assert counted._value.get() == 1


async def test_a_new_process_goes_on_with_what_the_old_one_left(desk: Desk) -> None:
    desk.notify.errors = [REFUSED]
    id_ = await desk.owed()
    await desk.page()
    desk.restart()
    desk.office.clock.pass_(BACKOFF_S[0])
    await desk.page()
    assert (await desk.row(id_)).state == "delivered"


async def test_the_core_is_told_at_the_first_attempt_and_not_again(desk: Desk) -> None:
    desk.notify.errors = [REFUSED, REFUSED]
    id_ = await desk.owed()
    for _ in range(2):
        await desk.page()
        desk.office.clock.pass_(60)
    (miss,) = desk.writer.told
    assert isinstance(miss, Miss)
    assert (miss.to, miss.why) == ("route:pager", "error=500.")
    assert miss.escalation_id == (await desk.row(id_)).escalation_id


async def test_what_the_core_could_not_be_told_it_is_told_at_the_next_attempt(desk: Desk) -> None:
    desk.notify.errors = [REFUSED, REFUSED]
    desk.writer.is_away = True
    await desk.owed()
    await desk.page()
    assert desk.writer.told == []
    desk.writer.is_away = False
    desk.office.clock.pass_(BACKOFF_S[0])
    await desk.page()
    assert [type(command) for command in desk.writer.told] == [Miss]


async def test_a_page_is_not_sent_twice_because_the_core_could_not_be_told(desk: Desk) -> None:
    id_ = await desk.owed()
    desk.writer.is_away = True
    desk.office.clock.pass_(90)
    await desk.page()
    assert (await desk.row(id_)).state == "delivered"
    assert len(desk.notify.said) == 1


async def test_an_address_that_cannot_be_used_is_given_up_at_once(desk: Desk) -> None:
    desk.notify.errors = [AddressError("Apprise cannot use this address.")]
    id_ = await desk.owed()
    await desk.page()
    row = await desk.row(id_)
    assert (row.state, row.error) == ("failed", "Apprise cannot use this address.")
    assert [type(command) for command in desk.writer.told] == [Miss]


@pytest.mark.parametrize(
    ("address", "says"),
    [
        (None, "The policy has no route pager any more."),
        (
            "json://u:${PAGER_PASSWORD}@127.0.0.1/",
            "PAGER_PASSWORD is not set; give it in the environment, or as PAGER_PASSWORD_FILE.",
        ),
    ],
)
async def test_what_is_missing_is_named_and_nothing_is_called(
    desk: Desk, address: str | None, says: str
) -> None:
    del desk.routes["pager"]
    if address is not None:
        desk.routes["pager"] = address
    id_ = await desk.owed()
    await desk.page()
    assert (await desk.row(id_)).error == says
    assert desk.notify.said == []
    assert [command.why for command in desk.writer.told if isinstance(command, Miss)] == [says]


async def test_a_secret_stands_in_the_call_and_nowhere_in_the_store(desk: Desk) -> None:
    desk.routes["pager"] = "json://127.0.0.1/${TOKEN}"
    desk.notify.errors = [REFUSED]
    id_ = await desk.owed()
    await desk.page()
    assert desk.notify.said[0][1] == "json://127.0.0.1/t0p%2Fs3cret%20token"
    assert "s3cret" not in repr(await desk.row(id_)) + repr(desk.writer.told)


async def test_nobody_is_called_for_what_is_over(desk: Desk) -> None:
    about = await desk.office.opened()
    id_ = await desk.owed(escalation_id=about)
    await desk.office.store.writer.submit(a_vote(about))
    await desk.page()
    row = await desk.row(id_)
    assert (row.state, row.error) == ("failed", "not sent: it is approved already")
    assert desk.notify.said == []
    assert desk.writer.told == []


async def test_how_it_ended_is_told_all_the_same(desk: Desk) -> None:
    about = await desk.office.opened()
    await desk.owed(escalation_id=about, case="decided-approved")
    await desk.office.store.writer.submit(a_vote(about))
    await desk.page()
    assert [text.title for _, _, text in desk.notify.said] == ["APPROVED: Data sync failed 3 times"]


async def test_the_end_of_something_is_no_way_to_call_somebody(desk: Desk) -> None:
    """A page that only tells how it ended leads to no other way when it fails."""
    desk.notify.errors = [REFUSED]
    about = await desk.office.opened()
    await desk.office.store.writer.submit(a_vote(about))
    await desk.owed(escalation_id=about, case="decided-approved")
    await desk.page()
    assert desk.writer.told == []


async def test_a_failing_route_holds_up_no_other(desk: Desk) -> None:
    for _ in range(3):
        await desk.owed("pager")
    sent = await desk.owed("sms")
    desk.routes["pager"] = "json://${NOWHERE}/"
    await desk.page()
    assert (await desk.row(sent)).state == "delivered"


async def test_the_first_message_that_comes_late_is_reported(desk: Desk) -> None:
    desk.notify.errors = [REFUSED]
    await desk.owed()
    await desk.page()
    desk.office.clock.pass_(90)
    await desk.page()
    assert [type(command) for command in desk.writer.told] == [Miss, Arrived]


async def test_a_page_that_follows_a_card_reports_no_arrival(desk: Desk) -> None:
    about = await desk.office.opened()
    await desk.office.reconcile()
    desk.office.clock.pass_(900)
    await desk.owed(escalation_id=about)
    await desk.page()
    assert len(desk.notify.said) == 1
    assert desk.writer.told == []


async def test_an_error_of_ours_is_tried_again(desk: Desk) -> None:
    desk.notify.errors = [RuntimeError("a bug")]
    id_ = await desk.owed()
    await desk.page()
    row = await desk.row(id_)
    assert (row.state, row.error) == ("pending", "RuntimeError")
    desk.office.clock.pass_(timedelta(seconds=BACKOFF_S[0]).total_seconds())
    await desk.page()
    assert (await desk.row(id_)).state == "delivered"
