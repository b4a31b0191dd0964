"""Standard Webhooks: how a callback is signed, and when it is tried again."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random

from standardwebhooks.webhooks import Webhook

#: Seconds until each attempt after the one before it failed (API: Callbacks).
SCHEDULE_S = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)

#: A wait is longer by up to this share, so that many receivers do not come back at once.
JITTER = 0.1

#: A receiver may ask us to wait so long, and no longer.
LONGEST_S = 86400.0


def callback_headers(
    delivery_id: str, at: datetime, body: bytes, secrets: Sequence[str]
) -> Mapping[str, str]:
    """The three headers; one signature for each secret, so that secrets can be rotated."""
    text = body.decode()
    signatures = (Webhook(secret).sign(delivery_id, at, text) for secret in secrets)
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def next_attempt(attempts: int, now: datetime, wait_s: float, random: Random) -> datetime | None:
    """When to try again after `attempts` earlier failures; None when it is given up."""
    if attempts >= len(SCHEDULE_S):
        return None
    wait = SCHEDULE_S[attempts] * (1 + JITTER * random.random())
    return now + timedelta(seconds=max(wait, wait_s))


def retry_after(header: str | None, now: datetime) -> float:
    """Seconds that a `Retry-After` asks for, as a number or a date; 0 for none or nonsense."""
    if not header:
        return 0.0
    if header.strip().isdecimal():
        # So many digits are a day at least; int() may refuse what is longer still.
        return min(float(header), LONGEST_S) if len(header) <= 12 else LONGEST_S
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return min(max(0.0, (aware - now).total_seconds()), LONGEST_S)
