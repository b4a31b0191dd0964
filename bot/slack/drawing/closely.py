"""What the eye does not see: words of two scripts, or of letters that only look like others.

Said on the card, in the window that decides and in Details (`approvals.scripts` knows them).
"""

from approvals.escalation import Escalation
from approvals.scripts import doubtful
from bot.slack.drawing.spans import Element, Line, bold, quoted, section

#: Words named on a card and in a window; Details names more.
MOST = 3


def look_closely(e: Escalation, most: int = MOST) -> list[Element]:
    """`Look closely: «customеrs»: Cyrillic е among Latin letters.` Nothing where all is plain."""
    found = doubtful(e)
    if not found:
        return []
    lines: list[Line] = [
        (bold("Look closely: "), quoted(one.word, 60), f": {one.why}.") for one in found[:most]
    ]
    if len(found) > most:
        lines.append((f"And {len(found) - most:,} more words like these.",))
    return [section(*lines)]
