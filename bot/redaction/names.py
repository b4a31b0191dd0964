"""Names that say their value is a secret."""

import re

from bot.redaction.remembered import remembered

#: Words at the end of a key that make its value a secret, wherever they stand …
LONG_NAMES = (
    r"pass(?:word|wd|phrase|code)|passwort|secrets?|token|api[_-]?keys?|access[_-]?keys?|"
    r"account[_-]?keys?|private[_-]?keys?|secret[_-]?keys?(?:[_-]?base)?|signing[_-]?keys?|"
    r"encryption[_-]?keys?|master[_-]?keys?|shared[_-]?keys?|authorization|credentials?|"
    r"session[_-]?id|mnemonic|seed[_-]?phrase"
)
#: … and those that must be words of their own: `pass`, but not `compass`.
SHORT_NAMES = r"pass|pwd|psk|otp|auth|cookies?|bearer|tokens"
_SECRET_KEY = re.compile(rf"(?:(?:{LONG_NAMES})|(?:^|[_\-. ])(?:{SHORT_NAMES}))$", re.I)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@remembered
def is_secret_name(name: str) -> bool:
    """Whether a key of that name holds a secret: `db_password`, `apiKey`, `Authorization`."""
    return bool(_SECRET_KEY.search(_CAMEL.sub("_", name)))


def names_secrets(low: str) -> bool:
    """Whether parts of those words stand in a text in small letters at all.

    Written out: it looks at every text.
    """
    return (
        "pass" in low
        or "pwd" in low
        or "psk" in low
        or "otp" in low
        or "secret" in low
        or "token" in low
        or "key" in low
        or "auth" in low
        or "cookie" in low
        or "credential" in low
        or "session" in low
        or "mnemonic" in low
        or "seed" in low
        or "fied by" in low
        or "basic " in low
        or "bearer " in low
    )
