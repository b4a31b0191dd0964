"""What was found of short texts is remembered; long ones leave nothing behind."""

from bot.redaction.remembered import LONGEST, remembered


def test_a_short_text_is_looked_at_once_and_a_long_one_each_time() -> None:
    looked: list[str] = []

    @remembered
    def length(text: str) -> int:
        looked.append(text)
        return len(text)

    short, long = "a" * LONGEST, "b" * (LONGEST + 1)
    assert [length(text) for text in (short, long, short, long)] == [100, 101, 100, 101]
    assert looked == [short, long, long]
