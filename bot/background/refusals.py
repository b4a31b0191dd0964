"""What an answer of Slack means for the next attempt, in one place for cards and messages."""

from bot.messaging import SlackError, SlackUnsureError

#: A row says so while a call is under way, and after one without a clear answer.
UNANSWERED = "no answer yet"

#: A row says so where a card was drawn before it was known how the call before ended.
OVERLAPPED = "to be drawn once more"

#: Seconds until a refusal is looked at again that people mend: the bot is not in the channel, the
#: channel is archived, a scope is missing. Doubles with each attempt, up to the last.
MENDED_BY_PEOPLE_S, LONGEST_S = 300.0, 3600.0

#: Seconds until the same drawing is tried again that Slack refused as such. Any change of the
#: escalation draws it anew, and that is tried at once.
MENDED_BY_US_S = 6 * 3600.0

#: Slack refuses what is drawn, not where it should go.
_DRAWINGS = frozenset(
    {
        "invalid_arguments",
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "metadata_too_large",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
    }
)


def was_taken_maybe(error: str | None) -> bool:
    """Whether an earlier attempt may have been taken, going by what its row says."""
    return error is not None and error.startswith(UNANSWERED)


def is_under_way(error: str | None) -> bool:
    """Whether a call is under way, or nobody noted how it ended: its process may have died."""
    return error == UNANSWERED


def said(before: str | None, error: SlackError) -> str:
    """What the row says after a failed attempt. A doubt stays one until Slack could be asked."""
    code = error.code or type(error).__name__
    if isinstance(error, SlackUnsureError):
        return f"{UNANSWERED} ({code})"
    return before if before is not None and was_taken_maybe(before) else code


def mended_by(code: str, attempts: int) -> float:
    """Seconds until a refused card is worth another look without any change."""
    if code in _DRAWINGS:
        return MENDED_BY_US_S
    return min(MENDED_BY_PEOPLE_S * 2.0 ** min(attempts // 2, 10), LONGEST_S)
