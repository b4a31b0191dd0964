"""The grant, verified offline: whatever is bent, nothing runs."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from andon import Grant, GrantError, verify_grant
from andon.grants import SKEW_S
from joserfc import jws
from joserfc.jwk import OKPKey

from bot.signing import KeyRing

NOW = datetime(2026, 11, 12, 21, 30, tzinfo=UTC)
DIGEST = f"sha256:{'a' * 64}"
EXPECTED: dict[str, Any] = {
    "escalation_id": "esc_1",
    "digest": DIGEST,
    "nonce": "n-1",
    "service": "payments",
    "options": ["migrate"],
    "now": NOW,
}


def claims(**changes: Any) -> dict[str, Any]:
    """What the server signs."""
    whole = {
        "iss": "andon",
        "aud": "payments",
        "sub": "esc_1",
        "environment": "production",
        "digest": DIGEST,
        "option": "migrate",
        "nonce": "n-1",
        "approvers": ["ravi"],
        "policy": "sha256:p",
        "head": "sha256:h",
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(minutes=5)).timestamp()),
        "jti": "gnt_1",
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """The server's own keys."""
    return KeyRing(tmp_path_factory.mktemp("keys") / "keys")


def verified(ring: KeyRing, token: str, **changes: Any) -> Grant:
    """The token, as this caller expects it."""
    return verify_grant(token, **{"jwks": ring.jwks(), **EXPECTED, **changes})


def test_what_the_server_signs_verifies(ring: KeyRing) -> None:
    """Every part of it is told."""
    grant = verified(ring, ring.sign(claims()))
    assert (grant.id, grant.option, grant.approvers) == ("gnt_1", "migrate", ("ravi",))
    assert grant.expires_at == NOW + timedelta(minutes=5)


def test_a_grant_that_a_rule_allowed_names_it_and_no_people(ring: KeyRing) -> None:
    grant = verified(ring, ring.sign(claims(approvers=[], rule="esc_9")))
    assert (grant.approvers, grant.rule) == ((), "esc_9")
    assert verified(ring, ring.sign(claims())).rule is None


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "another"},
        {"aud": "search"},
        {"aud": ["payments"]},
        {"sub": "esc_2"},
        {"digest": f"sha256:{'b' * 64}"},
        {"nonce": "n-2"},
        {"nonce": ...},
        {"option": "reject"},
        {"option": 1},
        {"option": ...},
        {"approvers": "ravi"},
        {"approvers": [1]},
        {"jti": ""},
        {"exp": ...},
        {"exp": "2030-01-01"},
        {"exp": True},
        {"exp": 10**30},
        {"iat": ...},
        {"iat": int(NOW.timestamp()) + SKEW_S + 1},
        {"nbf": int(NOW.timestamp()) + SKEW_S + 1},
        {"exp": int(NOW.timestamp()) - SKEW_S},
    ],
)
def test_a_claim_that_is_not_as_expected_is_refused(ring: KeyRing, changes: Any) -> None:
    """Each by itself, however well signed."""
    with pytest.raises(GrantError):
        verified(ring, ring.sign(claims(**changes)))


@pytest.mark.parametrize("changes", [{"exp": int(NOW.timestamp()) - SKEW_S + 1}])
def test_clocks_may_differ_by_a_minute(ring: KeyRing, changes: Any) -> None:
    """Just inside the bound."""
    assert verified(ring, ring.sign(claims(**changes))).id == "gnt_1"


def part(value: Any) -> str:
    """A part of a token."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(ring: KeyRing, header: dict[str, Any], payload: bytes) -> str:
    """A token signed by the true key, with a header and payload of one's own."""
    head, body = part(header), part(payload)
    _, signature = ring.attest(f"{head}.{body}")
    return f"{head}.{body}.{signature}"


def header(ring: KeyRing, **changes: Any) -> dict[str, Any]:
    """The header of a real grant."""
    return {"alg": "Ed25519", "kid": ring.kid, "typ": "andon-grant+jwt", **changes}


def test_a_token_of_our_own_making_verifies(ring: KeyRing) -> None:
    """So the tests below refuse for their reason, and no other."""
    assert verified(ring, signed(ring, header(ring), json.dumps(claims()).encode())).id == "gnt_1"


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "none"},
        {"alg": "EdDSA"},
        {"alg": "HS256"},
        {"typ": "JWT"},
        {"crit": ["exp"]},
        {"kid": "another"},
        {"kid": None},
    ],
)
def test_a_header_is_not_believed(ring: KeyRing, changes: Any) -> None:
    """Neither its algorithm nor its type nor an unknown key."""
    token = signed(ring, header(ring, **changes), json.dumps(claims()).encode())
    with pytest.raises(GrantError):
        verified(ring, token)


@pytest.mark.parametrize(
    "payload",
    [
        b'{"sub": "esc_1", "sub": "esc_1"}',
        b"[]",
        b"{",
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_a_payload_that_readers_understand_differently_is_refused(
    ring: KeyRing, payload: bytes
) -> None:
    """Duplicate names, other shapes, nonsense."""
    with pytest.raises(GrantError):
        verified(ring, signed(ring, header(ring), payload))


def test_every_flipped_character_of_a_token_is_refused(ring: KeyRing) -> None:
    """In the header, the claims and the signature."""
    token = ring.sign(claims())
    for at in range(0, len(token), 7):
        flipped = "A" if token[at] != "A" else "B"
        with pytest.raises(GrantError):
            verified(ring, token[:at] + flipped + token[at + 1 :])


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c.d", "..", "é.é.é", "x" * 70_000, None])
def test_what_is_no_token_is_refused(ring: KeyRing, token: Any) -> None:
    """Without a traceback."""
    with pytest.raises(GrantError, match=r"no signed token|cannot be read"):
        verified(ring, token)


def test_a_stranger_with_the_same_key_id_is_refused(ring: KeyRing) -> None:
    """Its key is not the server's, whatever it calls itself."""
    forged = OKPKey.generate_key("Ed25519", {"kid": ring.kid, "use": "sig", "alg": "Ed25519"})
    token = jws.serialize_compact(
        header(ring), json.dumps(claims()), forged, algorithms=["Ed25519"]
    )
    with pytest.raises(GrantError, match="signature"):
        verified(ring, token)


@pytest.mark.parametrize(
    "jwks",
    [{}, {"keys": []}, {"keys": "x"}, [], None, {"keys": [{"kid": "k"}]}],
)
def test_keys_that_make_no_sense_verify_nothing(ring: KeyRing, jwks: Any) -> None:
    """A broken pinned copy is no way in."""
    with pytest.raises(GrantError):
        verified(ring, ring.sign(claims()), jwks=jwks)


def test_two_keys_of_one_name_verify_nothing(ring: KeyRing) -> None:
    """Which of them would be meant nobody can say."""
    key = ring.jwks()["keys"][0]
    with pytest.raises(GrantError, match="not among"):
        verified(ring, ring.sign(claims()), jwks={"keys": [key, key]})


def test_a_key_for_something_else_verifies_nothing(ring: KeyRing) -> None:
    """Its use is part of it."""
    key = {**ring.jwks()["keys"][0], "use": "enc"}
    with pytest.raises(GrantError, match="no Ed25519 key"):
        verified(ring, ring.sign(claims()), jwks={"keys": [key]})


def test_an_old_key_verifies_after_a_rotation(tmp_path: Path) -> None:
    """The set holds both."""
    old = KeyRing(tmp_path / "keys")
    token = old.sign(claims())
    OKPKey.generate_key("Ed25519", {"kid": "new"})
    again = KeyRing(tmp_path / "keys")
    assert verified(again, token).id == "gnt_1"
