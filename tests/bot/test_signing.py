"""Grants are signed by the newest key and verified by strangers with the published ones."""

import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc.jwk import OKPKey

from approvals.grants import Signer
from bot.signing import KeyRing, SigningKeysError

CLAIMS = {
    "iss": "andon",
    "aud": "payments",
    "sub": "esc_1",
    "digest": "sha256:" + "0" * 64,
    "approvers": ["ravi@example.com", "Ines Ünal"],
    "iat": 1_700_000_000,
}


def unpadded(part: str) -> bytes:
    """Base64url as JOSE writes it."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verified(token: str, jwks: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, by `cryptography` alone. Raises InvalidSignature, StopIteration."""
    signed, _, signature = token.rpartition(".")
    header, claims = (json.loads(unpadded(part)) for part in signed.split("."))
    key = next(key for key in jwks["keys"] if key["kid"] == header["kid"])
    public = Ed25519PublicKey.from_public_bytes(unpadded(key["x"]))
    public.verify(unpadded(signature), signed.encode())
    return header, claims


def a_key(directory: Path, name: str, *, private: bool = True, **fields: str) -> dict[str, Any]:
    """A key of an operator's own, in a file."""
    key = OKPKey.generate_key("Ed25519").as_dict(private=private) | fields
    directory.mkdir(exist_ok=True)
    (directory / f"{name}.jwk").write_text(json.dumps(key))
    return key


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A directory that does not exist yet."""
    return tmp_path / "deep" / "keys"


def test_the_first_start_makes_one_key_that_nobody_else_can_read(keys: Path) -> None:
    before = os.umask(0)
    try:
        KeyRing(keys)
    finally:
        os.umask(before)
    (file,) = keys.iterdir()
    assert 0o700 == stat.S_IMODE(keys.stat().st_mode)
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert file.suffix == ".jwk"


def test_a_restart_signs_with_the_same_key(keys: Path) -> None:
    first = KeyRing(keys)
    again = KeyRing(keys)
    assert first.kid == again.kid
    assert first.sign(CLAIMS) == again.sign(CLAIMS)
    assert first.jwks() == again.jwks()


def test_the_ring_is_what_the_core_asks_for(keys: Path) -> None:
    signer: Signer = KeyRing(keys)
    assert signer.kid.startswith("key_")


def test_a_grant_is_verified_without_our_code(keys: Path) -> None:
    ring = KeyRing(keys)
    header, claims = verified(ring.sign(CLAIMS), ring.jwks())
    assert {"alg": "Ed25519", "kid": ring.kid, "typ": "andon-grant+jwt"} == header
    assert claims == CLAIMS


def test_a_published_key_is_taken_by_another_jose_library(keys: Path) -> None:
    """PyJWT knows the algorithm by its old name alone, so the signature is checked by its key."""
    ring = KeyRing(keys)
    (published,) = ring.jwks()["keys"]
    key = jwt.PyJWK(published, algorithm="EdDSA")
    signed, _, signature = ring.sign(CLAIMS).rpartition(".")
    assert key.Algorithm.verify(signed.encode(), key.key, unpadded(signature))
    assert not key.Algorithm.verify(signed.encode() + b"x", key.key, unpadded(signature))


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_grant_changed_in_any_part_is_not_verified(keys: Path, part: int) -> None:
    ring = KeyRing(keys)
    parts = ring.sign(CLAIMS).split(".")
    changed = unpadded(parts[part]).replace(b"payments", b"invoices").replace(b"grant", b"other")
    if part == 2:
        changed = bytes([changed[0] ^ 1]) + changed[1:]
    parts[part] = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
    with pytest.raises(InvalidSignature):
        verified(".".join(parts), ring.jwks())


def test_public_keys_are_published_and_nothing_else(keys: Path) -> None:
    (published,) = KeyRing(keys).jwks()["keys"]
    assert {"kty", "crv", "x", "kid", "use", "alg"} == set(published)
    assert ("OKP", "Ed25519", "sig", "Ed25519") == tuple(
        published[name] for name in ("kty", "crv", "use", "alg")
    )


def test_after_a_rotation_the_newest_signs_and_all_verify(keys: Path) -> None:
    old = KeyRing(keys)
    before = old.sign(CLAIMS)
    added = a_key(keys, "key_9", kid="key_9")
    rotated = KeyRing(keys)
    after = rotated.sign(CLAIMS)

    assert rotated.kid == added["kid"]
    assert {old.kid, rotated.kid} == {key["kid"] for key in rotated.jwks()["keys"]}
    for token in (before, after):
        assert verified(token, rotated.jwks())[1] == CLAIMS
    with pytest.raises(StopIteration):
        verified(after, old.jwks())


def test_a_retired_key_verifies_and_no_longer_signs(keys: Path) -> None:
    ring = KeyRing(keys)
    a_key(keys, "key_9", private=False, kid="retired")
    rotated = KeyRing(keys)
    assert ring.kid == rotated.kid
    assert "retired" in {key["kid"] for key in rotated.jwks()["keys"]}


def test_a_key_without_a_name_is_named_by_its_thumbprint(tmp_path: Path) -> None:
    a_key(tmp_path, "mine")
    ring = KeyRing(tmp_path)
    assert len(ring.kid) == 43
    assert verified(ring.sign(CLAIMS), ring.jwks())[0]["kid"] == ring.kid


def test_a_half_written_key_and_other_files_are_passed_over(keys: Path) -> None:
    ring = KeyRing(keys)
    (keys / ".key_aside").write_text('{"kty":')
    (keys / "README").write_text("ours")
    assert KeyRing(keys).kid == ring.kid


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        "null",
        "not json s3cret",
        '{"kty":"OKP","crv":"Ed25519","x":"AA","d":"s3cret"}',
        '{"kty":"oct","k":"s3cret"}',
        "X25519",
    ],
)
def test_a_file_that_is_no_key_stops_the_start_and_is_named(tmp_path: Path, content: str) -> None:
    if content == "X25519":
        content = json.dumps(OKPKey.generate_key("X25519").as_dict(private=True))
    (tmp_path / "broken.jwk").write_text(content)
    with pytest.raises(SigningKeysError, match=r"broken\.jwk is not") as caught:
        KeyRing(tmp_path)
    assert "s3cret" not in str(caught.value)
    assert isinstance(caught.value, OSError)


def test_public_keys_alone_cannot_start_a_server(tmp_path: Path) -> None:
    a_key(tmp_path, "public", private=False)
    with pytest.raises(SigningKeysError, match="none can sign"):
        KeyRing(tmp_path)


def test_claims_that_are_not_json_are_not_signed(keys: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        KeyRing(keys).sign({"amount": float("nan")})
