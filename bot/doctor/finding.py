"""One thing that was looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found of a part; `do` says what to do, and is empty where nothing is wrong."""

    part: str
    said: str
    do: str = ""
    is_note: bool = False  #: nothing is wrong, and it is worth knowing

    @property
    def is_wrong(self) -> bool:
        """Whether somebody has to do something."""
        return bool(self.do)

    def __str__(self) -> str:
        mark = "WRONG" if self.is_wrong else "note" if self.is_note else "ok"
        said = self.said.rstrip(".")
        return f"{mark:<6} {self.part:<9} {said}." + (f" {self.do}" if self.do else "")
