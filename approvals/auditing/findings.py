"""What an audit finds: where, and what is wrong there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that cannot be so."""

    where: str  #: "escalation esc_… record 4", "block 12" or "anchors line 3"
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"
