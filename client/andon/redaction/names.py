"""Names that say their value is a secret."""

import re
from functools import lru_cache

#: Ends of a name that make it one, wherever they stand …
LONG = (
    r"pass(?:word|wd|phrase|code)|passwort|secrets?|token|(?:api|access|account|private|secret|"
    r"signing|encryption|master|shared|host)[_-]?keys?|key[_-]?base|authorization|credentials?|"
    r"session[_-]?id|mnemonic|seed[_-]?phrase"
)
#: … and ends that must be words of their own: `pass`, but not `compass`.
SHORT = r"pass|pwd|psk|otp|auth|cookies?|bearer|tokens|dsn"

_SECRET = re.compile(rf"(?:(?:{LONG})|(?:^|[_\-. ])(?:{SHORT}))$", re.I)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Whether what goes by that name is a secret: `db_password`, `apiKey`, `Authorization`."""
    return bool(_SECRET.search(_CAMEL.sub("_", name)))
