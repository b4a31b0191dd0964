"""Signatures by an implementation of our own, from what Slack and Standard Webhooks say in prose;
and the ways in which a signed request can be wrong.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

#: Headers of a request, in the order sent; the same name may come twice.
Headers = tuple[tuple[str, bytes], ...]


def slack_signature(secret: bytes, stamp: bytes, body: bytes, version: bytes = b"v0") -> bytes:
    """`v0=` and the hex HMAC-SHA256 of `v0:STAMP:BODY`."""
    basis = b":".join((version, stamp, body))
    return version + b"=" + hmac.digest(secret, basis, hashlib.sha256).hex().encode()


def webhook_signature(secret: str, id_: str, stamp: str, body: bytes) -> str:
    """`v1,` and the base64 HMAC-SHA256 of `ID.STAMP.BODY`, keyed by what `whsec_` hides."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    basis = f"{id_}.{stamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, basis, hashlib.sha256)).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request from Slack, in parts that can be wrong one by one."""

    secret: bytes
    stamp: bytes
    body: bytes
    signature: bytes | None = None  #: None stands for the right one
    names: tuple[str, str] = ("X-Slack-Request-Timestamp", "X-Slack-Signature")
    more: Headers = ()
    kind: bytes = b"application/x-www-form-urlencoded"
    left_out: tuple[int, ...] = ()  #: 0 the timestamp, 1 the signature
    written: bytes | None = None  #: the body that goes out, where another one was signed
    spaced: bytes = b""  #: around each value

    def headers(self) -> Headers:
        """As they are sent."""
        right = slack_signature(self.secret, self.stamp, self.body)
        signature = self.signature if self.signature is not None else right
        both = (self.names[0], self.stamp), (self.names[1], signature)
        kept = tuple(pair for n, pair in enumerate(both) if n not in self.left_out)
        return (*kept, *self.more, ("Content-Type", self.kind))

    def raw(self) -> bytes:
        """All of it as bytes."""
        body = self.body if self.written is None else self.written
        fixed = (("Host", b"andon.example"), ("Connection", b"close"))
        length = (("Content-Length", b"%d" % len(body)),)
        every = (*fixed, *self.headers(), *length)
        lines = [name.encode() + b": " + self.spaced + value + self.spaced for name, value in every]
        return b"POST /slack/events HTTP/1.1\r\n" + b"\r\n".join(lines) + b"\r\n\r\n" + body

    @property
    def right(self) -> bytes:
        """The signature that would be right."""
        return slack_signature(self.secret, self.stamp, self.body)


Bend = Callable[[Sent], Sent]

_OTHER = b"another secret"


def _aged(seconds: int) -> Bend:
    return lambda s: replace(s, stamp=b"%d" % (int(s.stamp) + seconds))


def _stamped(write: Callable[[bytes], bytes]) -> Bend:
    return lambda s: replace(s, stamp=write(s.stamp))


def _signed(write: Callable[[Sent], bytes]) -> Bend:
    return lambda s: replace(s, signature=write(s))


def _written(write: Callable[[bytes], bytes]) -> Bend:
    return lambda s: replace(s, written=write(s.body))


def _named(write: Callable[[str], str]) -> Bend:
    return lambda s: replace(s, names=(write(s.names[0]), write(s.names[1])))


def _hex(secret: bytes, basis: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.digest(secret, basis, algorithm).hex().encode()


#: What Slack could have sent: taken.
TAKEN: dict[str, Bend] = {
    "as Slack sends it": lambda s: s,
    "signed by the secret of before": lambda s: replace(s, secret=b"secret-of-before"),
    "four minutes old": _aged(-240),
    "almost five minutes old": _aged(-295),
    "almost five minutes ahead": _aged(295),
    "header names in lower case": _named(str.lower),
    "header names in upper case": _named(str.upper),
    "spaces around the values": lambda s: replace(s, spaced=b"  "),
    "sent again by Slack": lambda s: replace(
        s, more=(("X-Slack-Retry-Num", b"1"), ("X-Slack-Retry-Reason", b"http_timeout"))
    ),
    "with headers nobody knows": lambda s: replace(s, more=(("X-Other", b"1"), ("Via", b"proxy"))),
    "with a charset": lambda s: replace(s, kind=s.kind + b"; charset=utf-8"),
}  # fmt: skip

#: What Slack cannot have sent: 401, and nothing runs.
REFUSED: dict[str, Bend] = {
    # the body
    "a byte altered": _written(lambda b: b.replace(b"help", b"hilp")),
    "a byte added": _written(lambda b: b + b"&"),
    "a byte taken": _written(lambda b: b[:-1]),
    "a bit flipped": _written(lambda b: bytes([b[0] ^ 1]) + b[1:]),
    "another body": _written(lambda b: b"command=%2Fescalations&text=list"),
    "no body": _written(lambda b: b""),
    "the body in another order": _written(lambda b: b"&".join(reversed(b.split(b"&")))),
    "the body coded otherwise": _written(lambda b: b.replace(b"%2F", b"%2f")),
    "a line end added": _written(lambda b: b + b"\n"),
    "signed over the decoded body": _signed(
        lambda s: slack_signature(s.secret, s.stamp, s.body.replace(b"%2F", b"/"))
    ),
    # the time
    "five minutes and more old": _aged(-310),
    "an hour old": _aged(-3600),
    "five minutes and more ahead": _aged(310),
    "a year ahead": _aged(365 * 86400),
    "no timestamp": lambda s: replace(s, left_out=(0,)),
    "an empty timestamp": _stamped(lambda t: b""),
    "a timestamp altered": lambda s: replace(
        s, stamp=b"%d" % (int(s.stamp) + 1), signature=s.right
    ),
    "a timestamp with a fraction": _stamped(lambda t: t + b".0"),
    "a negative timestamp": _stamped(lambda t: b"-" + t),
    "a timestamp with a plus": _stamped(lambda t: b"+" + t),
    "a timestamp in milliseconds": _stamped(lambda t: t + b"000"),
    "a timestamp with an exponent": _stamped(lambda t: t[:1] + b"." + t[1:] + b"e9"),
    "a timestamp in hex": _stamped(lambda t: hex(int(t)).encode()),
    "a timestamp with underscores": _stamped(lambda t: t[:4] + b"_" + t[4:]),
    "a timestamp in Arabic digits": _stamped(lambda t: _digits(t, 0x660)),
    "a timestamp in wide digits": _stamped(lambda t: _digits(t, 0xFF10)),
    "a timestamp in superscripts": _stamped(lambda t: "¹²³".encode() + t),
    "a date for a timestamp": _stamped(lambda t: b"Thu, 12 Nov 2026 21:30:00 GMT"),
    "a word for a timestamp": _stamped(lambda t: b"NaN"),
    "an endless timestamp": _stamped(lambda t: b"9" * 5000),
    "two timestamps in one": _stamped(lambda t: t + b", " + t),
    "the timestamp of another time first": lambda s: replace(
        s, left_out=(0,), signature=s.right, more=((s.names[0], b"1"), (s.names[0], s.stamp))
    ),
    # the signature
    "no signature": lambda s: replace(s, left_out=(1,)),
    "neither": lambda s: replace(s, left_out=(0, 1)),
    "an empty signature": _signed(lambda s: b""),
    "only the version": _signed(lambda s: b"v0="),
    "without the version": _signed(lambda s: s.right.removeprefix(b"v0=")),
    "another version": _signed(lambda s: s.right.replace(b"v0=", b"v1=")),
    "the version in capitals": _signed(lambda s: s.right.replace(b"v0=", b"V0=")),
    "signed as another version": _signed(
        lambda s: slack_signature(s.secret, s.stamp, s.body, b"v1").replace(b"v1=", b"v0=")
    ),
    "hex in capitals": _signed(lambda s: b"v0=" + s.right[3:].upper()),
    "base64 for hex": _signed(
        lambda s: b"v0=" + base64.b64encode(bytes.fromhex(s.right[3:].decode()))
    ),
    "a digit too few": _signed(lambda s: s.right[:-1]),
    "a digit too many": _signed(lambda s: s.right + b"0"),
    "a digit altered": _signed(lambda s: s.right[:-1] + (b"0" if s.right[-1:] != b"0" else b"1")),
    "a space within": _signed(lambda s: s.right[:20] + b" " + s.right[20:]),
    "two signatures in one": _signed(lambda s: s.right + b"," + s.right),
    "several signatures, one right": _signed(lambda s: b"v0=" + b"0" * 64 + b" " + s.right),
    "two headers, the wrong one first": lambda s: replace(
        s, left_out=(1,), more=((s.names[1], b"v0=" + b"0" * 64), (s.names[1], s.right))
    ),
    "letters beyond ASCII": _signed(lambda s: "v0=é".encode() + s.right[4:]),
    "bytes that are no text": _signed(lambda s: b"v0=\xff\xfe" + s.right[5:]),
    "an endless signature": _signed(lambda s: b"v0=" + b"a" * 7000),
    "another algorithm": _signed(
        lambda s: b"v0=" + _hex(s.secret, b"v0:" + s.stamp + b":" + s.body, "sha1")
    ),
    "no key at all": _signed(
        lambda s: b"v0=" + hashlib.sha256(b"v0:" + s.stamp + b":" + s.body).hexdigest().encode()
    ),
    # the secret
    "the wrong secret": lambda s: replace(s, secret=_OTHER),
    "an empty secret": lambda s: replace(s, secret=b""),
    "the secret with a line end": lambda s: replace(s, secret=s.secret + b"\n"),
    "the secret in capitals": lambda s: replace(s, secret=s.secret.upper()),
    "both secrets and the comma": lambda s: replace(s, secret=s.secret + b",secret-of-before"),
    "a secret that was taken back": lambda s: replace(s, secret=b"secret-of-long-ago"),
    "the bot's token for a secret": lambda s: replace(s, secret=b"xoxb-of-tests"),
    # the basis
    "signed without the version": _signed(
        lambda s: b"v0=" + _hex(s.secret, s.stamp + b":" + s.body)
    ),
    "signed without the timestamp": _signed(
        lambda s: b"v0=" + _hex(s.secret, b"v0::" + s.body)
    ),
    "only the body signed": _signed(
        lambda s: b"v0=" + _hex(s.secret, s.body)
    ),
    "the colon moved": lambda s: replace(
        s, stamp=s.stamp + b":", signature=slack_signature(s.secret, s.stamp, b":" + s.body)
    ),
}  # fmt: skip


def _digits(stamp: bytes, zero: int) -> bytes:
    return "".join(chr(zero + digit - ord("0")) for digit in stamp).encode()


def verified(
    secrets: Iterable[str], headers: dict[str, str], body: bytes, now: float, within: int = 300
) -> bool:
    """What a receiver of callbacks does, by the prose of Standard Webhooks."""
    id_, stamp = headers["webhook-id"], headers["webhook-timestamp"]
    if not (stamp.isascii() and stamp.isdecimal()) or abs(now - int(stamp)) > within:
        return False
    given = headers["webhook-signature"].split(" ")
    right = [webhook_signature(secret, id_, stamp, body) for secret in secrets]
    return any(hmac.compare_digest(one, other) for one in given for other in right)
