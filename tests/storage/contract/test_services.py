"""Services and their keys, secrets for callbacks, and Slack requests taken already."""

import pytest

from storage.services import key_hash
from tests.storage.stand import Stand


async def test_a_key_names_its_service_and_what_it_may(stand: Stand) -> None:
    key = await stand.store.services.add(
        "payments", owners=("lena",), scopes=("read",), callback_hosts=("pay.example",)
    )
    found = await stand.store.services.by_key_hash(key_hash(key))
    assert found is not None
    assert (found.service, found.scopes) == ("payments", frozenset({"read"}))
    assert (found.owners, found.callback_hosts) == (("lena",), ("pay.example",))


async def test_a_new_key_may_open_read_and_claim(stand: Stand) -> None:
    key = await stand.store.services.add("payments")
    found = await stand.store.services.by_key_hash(key_hash(key))
    assert found is not None
    assert found.scopes == {"open", "read", "claim"}


async def test_a_key_is_worth_nothing_unhashed(stand: Stand) -> None:
    key = await stand.store.services.add("payments")
    assert await stand.store.services.by_key_hash(key) is None
    assert await stand.store.services.by_key_hash("") is None


async def test_several_keys_live_at_a_time_each_with_its_own_scopes(stand: Stand) -> None:
    services = stand.store.services
    wide = await services.add("payments", owners=("lena",), callback_hosts=("pay.example",))
    narrow = await services.add("payments", scopes=("read",))
    found = [await services.by_key_hash(key_hash(key)) for key in (wide, narrow)]
    assert [len(f.scopes) for f in found if f] == [3, 1]
    assert [f.owners for f in found if f] == [("lena",)] * 2
    assert [f.callback_hosts for f in found if f] == [("pay.example",)] * 2


async def test_owners_said_anew_replace_those_before(stand: Stand) -> None:
    services = stand.store.services
    key = await services.add("payments", owners=("lena", "mia"))
    await services.add("payments", owners=("tom",), callback_hosts=("new.example",))
    found = await services.by_key_hash(key_hash(key))
    assert found is not None
    assert (found.owners, found.callback_hosts) == (("tom",), ("new.example",))


async def test_revoked_keys_are_dead_and_new_ones_live(stand: Stand) -> None:
    services = stand.store.services
    old = [await services.add("payments") for _ in range(2)]
    other = await services.add("search")
    assert await services.revoke("payments") == 2
    assert await services.revoke("payments") == 0
    assert await services.revoke("unknown") == 0
    new = await services.add("payments")
    live = [await services.by_key_hash(key_hash(k)) is not None for k in (*old, other, new)]
    assert live == [False, False, True, True]


async def test_services_are_listed_by_name_with_their_live_keys(stand: Stand) -> None:
    services = stand.store.services
    assert await services.listed() == ()
    await services.add("search", owners=("dana",))
    for _ in range(2):
        await services.add("payments", callback_hosts=("pay.example",))
    await services.revoke("search")
    assert [(s.name, s.owners, s.callback_hosts, s.keys) for s in await services.listed()] == [
        ("payments", (), ("pay.example",), 2),
        ("search", ("dana",), (), 0),
    ]


async def test_keys_and_secrets_outlive_a_restart(stand: Stand) -> None:
    key = await stand.store.services.add("payments")
    secret = await stand.store.services.secret("payments")
    await stand.restart()
    assert await stand.store.services.by_key_hash(key_hash(key)) is not None
    assert await stand.store.services.callback_secrets("payments") == (secret,)


async def test_callback_secrets_come_newest_first_and_are_the_services_own(stand: Stand) -> None:
    services, made = stand.store.services, []
    await services.add("payments")
    await services.add("search")
    for _ in range(3):
        made.append(await services.secret("payments"))
        stand.clock.pass_(1)
    assert await services.callback_secrets("payments") == tuple(made[::-1])
    assert await services.callback_secrets("search") == ()
    assert all(secret is not None and secret.startswith("whsec_") for secret in made)


async def test_the_newest_hosts_are_where_a_service_may_be_called_back(stand: Stand) -> None:
    services = stand.store.services
    await services.add("payments", callback_hosts=("old.example",))
    await services.add("payments", callback_hosts=("pay.example", "pay2.example"))
    await services.add("payments")
    assert await services.callback_hosts("payments") == ("pay.example", "pay2.example")
    assert await services.callback_hosts("unknown") == ()


async def test_an_unknown_service_gets_no_secret(stand: Stand) -> None:
    assert await stand.store.services.secret("unknown") is None
    assert await stand.store.services.callback_secrets("unknown") == ()


@pytest.mark.parametrize(("seconds", "is_new"), [(0, False), (600, False), (601, True)])
async def test_a_slack_request_is_new_once_for_ten_minutes(
    stand: Stand, seconds: int, is_new: bool
) -> None:
    assert await stand.store.signatures.first_time("v0=abc", stand.clock.now)
    stand.clock.pass_(seconds)
    assert await stand.store.signatures.first_time("v0=abc", stand.clock.now) is is_new


async def test_signatures_are_remembered_apart_and_over_a_restart(stand: Stand) -> None:
    assert await stand.store.signatures.first_time("v0=abc", stand.clock.now)
    assert await stand.store.signatures.first_time("v0=abd", stand.clock.now)
    await stand.restart()
    assert not await stand.store.signatures.first_time("v0=abc", stand.clock.now)


async def test_secrets_sign_for_their_service_while_they_live(stand: Stand) -> None:
    services = stand.store.services
    await services.add("payments", owners=("lena",), callback_hosts=("pay.example",))
    await services.add("search")
    old = await services.secret("payments")
    stand.clock.pass_(1)
    new, other = await services.secret("payments"), await services.secret("search")
    found = await services.signing()
    assert [(s.service.service, s.secrets) for s in found] == [
        ("payments", (new, old)),
        ("search", (other,)),
    ]
    assert found[0].service.scopes == {"open"}
    assert (found[0].service.owners, found[0].service.callback_hosts) == (
        ("lena",),
        ("pay.example",),
    )
    assert [s.secrets for s in await services.signing("search")] == [(other,)]
    assert await services.signing("unknown") == ()
    assert str(new) not in repr(found)


async def test_a_service_may_have_bounds_of_its_own(stand: Stand) -> None:
    services = stand.store.services
    key = await services.add("payments", opens_per_minute=1200, most_pending=50)
    await services.add("payments", opens_per_minute=900)
    await services.add("payments")
    found = await services.by_key_hash(key_hash(key))
    assert found is not None
    assert (found.opens_per_minute, found.most_pending) == (900, 50)
    listed = [(s.opens_per_minute, s.most_pending) for s in await services.listed()]
    assert listed == [(900, 50)]
