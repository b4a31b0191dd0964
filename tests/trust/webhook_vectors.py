"""Ways in which a request signed per Standard Webhooks can be right or wrong."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.trust.vectors import webhook_signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A service's request to open, in parts that can be wrong one by one."""

    secrets: tuple[str, str]  #: the new one and the one before, both live
    stamp: str
    id: str
    body: bytes
    signature: str | None = None  #: None stands for the right one
    names: tuple[str, str, str] = ("webhook-id", "webhook-timestamp", "webhook-signature")
    left_out: tuple[int, ...] = ()  #: by place in `names`
    more: tuple[tuple[str, str], ...] = ()
    written: bytes | None = None  #: the body that goes out, where another one was signed
    path: str = "/v1/escalations"

    @property
    def right(self) -> str:
        """The signature that would be right."""
        return webhook_signature(self.secrets[0], self.id, self.stamp, self.body)

    def raw(self) -> bytes:
        """All of it as bytes."""
        body = self.body if self.written is None else self.written
        said = (self.id, self.stamp, self.right if self.signature is None else self.signature)
        pairs = [
            ("Host", "andon.example"),
            ("Connection", "close"),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            *(
                (name, value)
                for n, (name, value) in enumerate(zip(self.names, said, strict=True))
                if n not in self.left_out
            ),
            *self.more,
        ]
        lines = [f"{name}: {value}" for name, value in pairs]
        head = f"POST {self.path} HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n"
        return head.encode("utf-8", "surrogateescape") + body


Bend = Callable[[Signed], Signed]


def _signed(write: Callable[[Signed], str]) -> Bend:
    return lambda s: replace(s, signature=write(s))


def _by(secret: str) -> Bend:
    return _signed(lambda s: webhook_signature(secret, s.id, s.stamp, s.body))


def _aged(seconds: int) -> Bend:
    return lambda s: replace(s, stamp=str(int(s.stamp) + seconds))


def _stamped(write: Callable[[str], str]) -> Bend:
    return lambda s: replace(s, stamp=write(s.stamp))


def _keyed(key: bytes, basis: bytes, algorithm: str = "sha256") -> str:
    return "v1," + base64.b64encode(hmac.digest(key, basis, algorithm)).decode()


def _key(s: Signed) -> bytes:
    return base64.b64decode(s.secrets[0].removeprefix("whsec_"))


def _basis(s: Signed) -> bytes:
    return f"{s.id}.{s.stamp}.".encode() + s.body


#: Taken: 201, and one escalation.
TAKEN: dict[str, Bend] = {
    "as the standard says": lambda s: s,
    "by the secret of before": _signed(
        lambda s: webhook_signature(s.secrets[1], s.id, s.stamp, s.body)
    ),
    "by both, the new one first": _signed(
        lambda s: f"{s.right} {webhook_signature(s.secrets[1], s.id, s.stamp, s.body)}"
    ),
    "one good among others": _signed(lambda s: f"v1,{'A' * 43}= {s.right}"),
    "beside a version nobody knows": _signed(lambda s: f"v1a,{'A' * 86}== {s.right}"),
    "four minutes old": _aged(-240),
    "four minutes ahead": _aged(240),
    "names in capitals": lambda s: replace(
        s, names=("WEBHOOK-ID", "WEBHOOK-TIMESTAMP", "WEBHOOK-SIGNATURE")
    ),
    "naming its service": lambda s: replace(s, more=(("Andon-Service", "data-sync"),)),
    "an id of every sign": lambda s: replace(s, id=s.id + "!#$%&'*+-^_`|~/:@"),
}

#: Refused: 401, and nothing is opened.
REFUSED: dict[str, Bend] = {
    # the body
    "a byte altered": lambda s: replace(s, written=s.body.replace(b"Data", b"data")),
    "a byte added": lambda s: replace(s, written=s.body + b" "),
    "a byte taken": lambda s: replace(s, written=s.body[:-1]),
    "no body": lambda s: replace(s, written=b""),
    "another order": lambda s: replace(s, written=s.body[:1] + b" " + s.body[1:]),
    # the id
    "another id": lambda s: replace(s, id="msg_other", signature=s.right),
    "no id": lambda s: replace(s, left_out=(0,)),
    "an empty id": lambda s: replace(s, id=""),
    "a dot in the id": lambda s: replace(s, id="msg.1"),
    "a dot that moves the time into the id": lambda s: replace(
        s,
        id=f"{s.id}.{s.stamp}",
        signature=_keyed(_key(s), f"{s.id}.{s.stamp}.0.".encode() + s.body),
    ),
    "a space in the id": lambda s: replace(s, id="msg 1"),
    "letters beyond ASCII in the id": lambda s: replace(s, id="msg_é"),
    "an id without end": lambda s: replace(s, id="m" * 256),
    "two ids": lambda s: replace(s, more=(("webhook-id", "msg_2"),)),
    # the time
    "no timestamp": lambda s: replace(s, left_out=(1,)),
    "an empty timestamp": _stamped(lambda t: ""),
    "another timestamp": lambda s: replace(s, stamp=str(int(s.stamp) + 1), signature=s.right),
    "six minutes old": _aged(-360),
    "six minutes ahead": _aged(360),
    "of 1970": _stamped(lambda t: "0"),
    "a negative timestamp": _stamped(lambda t: f"-{t}"),
    "a timestamp with a plus": _stamped(lambda t: f"+{t}"),
    "a timestamp with a fraction": _stamped(lambda t: f"{t}.0"),
    "a timestamp with zeros before": _stamped(lambda t: f"00{t}"),
    "a timestamp in milliseconds": _stamped(lambda t: f"{t}000"),
    "a timestamp with an exponent": _stamped(lambda t: f"{t[0]}.{t[1:]}e9"),
    "a timestamp with underscores": _stamped(lambda t: f"{t[:4]}_{t[4:]}"),
    "a timestamp in hex": _stamped(lambda t: hex(int(t))),
    "a timestamp in Arabic digits": _stamped(
        lambda t: "".join(chr(0x660 + int(digit)) for digit in t)
    ),
    "a timestamp in superscripts": _stamped(lambda t: "¹" + t[1:]),
    "a date for a timestamp": _stamped(lambda t: "2026-11-12T21:30:00Z"),
    "an endless timestamp": _stamped(lambda t: "9" * 5000),
    "two timestamps": lambda s: replace(s, more=(("webhook-timestamp", s.stamp),)),
    # the signature
    "no signature": lambda s: replace(s, left_out=(2,)),
    "an empty signature": _signed(lambda s: ""),
    "only the version": _signed(lambda s: "v1,"),
    "without the version": _signed(lambda s: s.right.removeprefix("v1,")),
    "version 2": _signed(lambda s: s.right.replace("v1,", "v2,")),
    "the version in capitals": _signed(lambda s: s.right.replace("v1,", "V1,")),
    "an equals sign for the comma": _signed(lambda s: s.right.replace("v1,", "v1=")),
    "a sign altered": _signed(
        lambda s: s.right[:3] + ("A" if s.right[3] != "A" else "B") + s.right[4:]
    ),
    "a sign too few": _signed(lambda s: s.right[:-2]),
    "a sign too many": _signed(lambda s: s.right + "A"),
    "without its padding": _signed(lambda s: s.right.rstrip("=")),
    "hex for base64": _signed(
        lambda s: "v1," + hmac.digest(_key(s), _basis(s), "sha256").hex()
    ),
    "letters beyond ASCII": _signed(lambda s: s.right[:-1] + "é"),
    "commas between signatures": _signed(lambda s: f"v1,AAAA,{s.right}"),
    "nine signatures": _signed(lambda s: " ".join(["v1,AAAA"] * 8 + [s.right])),
    "two headers of signatures": lambda s: replace(s, more=(("webhook-signature", "v1,AAAA"),)),
    "another algorithm": _signed(lambda s: _keyed(_key(s), _basis(s), "sha1")),
    "a longer algorithm": _signed(lambda s: _keyed(_key(s), _basis(s), "sha512")),
    "no key at all": _signed(
        lambda s: "v1," + base64.b64encode(hashlib.sha256(_basis(s)).digest()).decode()
    ),
    # the secret
    "the secret's text for a key": _signed(
        lambda s: _keyed(s.secrets[0].removeprefix("whsec_").encode(), _basis(s))
    ),
    "the secret with its prefix": _signed(lambda s: _keyed(s.secrets[0].encode(), _basis(s))),
    "an empty secret": _signed(lambda s: _keyed(b"", _basis(s))),
    "a secret of nobody": _by("whsec_" + base64.b64encode(b"n" * 32).decode()),
    # the basis
    "only the body signed": _signed(lambda s: _keyed(_key(s), s.body)),
    "the id left out": _signed(lambda s: _keyed(_key(s), f"{s.stamp}.".encode() + s.body)),
    "the time left out": _signed(lambda s: _keyed(_key(s), f"{s.id}.".encode() + s.body)),
    "id and time swapped": _signed(
        lambda s: _keyed(_key(s), f"{s.stamp}.{s.id}.".encode() + s.body)
    ),
    "colons for dots": _signed(lambda s: _keyed(_key(s), f"{s.id}:{s.stamp}:".encode() + s.body)),
    # where it goes, and who says to send it
    "naming another service": lambda s: replace(s, more=(("Andon-Service", "other"),)),
    "naming nobody": lambda s: replace(s, more=(("Andon-Service", "nobody"),)),
    "naming two services": lambda s: replace(
        s, more=(("Andon-Service", "data-sync"), ("Andon-Service", "other"))
    ),
    "for another route": lambda s: replace(s, path="/v1/hooks/alertmanager"),
}  # fmt: skip
