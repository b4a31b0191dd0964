"""The page of `andon-server report` in a browser: light and dark, at a desk and on a phone.

With `ANDON_PICTURES` it is kept as pictures; `make screenshots` says docs/images.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.report.page import page as drawn
from tests.approvals.memory.overseen import NAMES, added, month
from tests.browser.conftest import PHONE, PICTURES
from tests.browser.small import shrink
from tests.patience import PATIENCE_S

DESK = {"width": 1280, "height": 1330}
WANTED = "ANDON_PICTURES" in os.environ

#: Text whose colour is too near to what is behind it, with the ratio; WCAG 2.2, level AA.
PALE = """() => {
  const parts = (css) => css.match(/[\\d.]+/g).map(Number);
  const light = (css) => {
    const [r, g, b] = parts(css).map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    const cell = node.closest("g.cell");
    if (cell) return getComputedStyle(cell.querySelector("rect")).fill;
    for (let at = node; at; at = at.parentElement) {
      const css = getComputedStyle(at).backgroundColor;
      if (parts(css)[3] !== 0) return css;
    }
    return "rgb(255, 255, 255)";
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = new Set();
  let seen = 0;
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || node.tagName === "title") continue;
    if (!node.checkVisibility()) continue;
    seen += 1;
    const css = getComputedStyle(node);
    const own = node.tagName === "text" ? css.fill : css.color;
    const [a, b] = [light(own), light(behind(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.add(`${node.textContent.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return [seen, [...found]];
}"""

#: Words of a plot that lie over one another.
TOUCHING = """() => {
  const apart = 2;
  const over = (a, b) => a.left < b.right && b.left < a.right
    && a.top + apart < b.bottom - apart && b.top + apart < a.bottom - apart;
  const found = [];
  for (const svg of document.querySelectorAll("figure svg")) {
    if (!svg.checkVisibility()) continue;
    const words = [...svg.querySelectorAll("text")];
    const boxes = words.map((word) => word.getBoundingClientRect());
    words.forEach((word, n) => words.slice(n + 1).forEach((other, m) => {
      if (!over(boxes[n], boxes[n + 1 + m])) return;
      found.push(`${word.textContent} / ${other.textContent}`);
    }));
  }
  return found;
}"""

OPEN_ALL = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"


@dataclass
class Seen:
    """The page before somebody, and what it asked for."""

    page: Page
    asked: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def picture(self, name: str) -> None:
        """Keep what is in sight, where pictures are wanted."""
        if WANTED:
            path = PICTURES / f"report-{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=path, animations="disabled")
            shrink(path)


Show = Callable[..., Seen]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a month of three hundred."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(drawn(month(), NAMES), encoding="utf-8")
    return path


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Open a page; it may neither complain nor ask for anything but itself."""
    shown: list[Seen] = []

    def opened(path: Path, **context: Any) -> Seen:
        made = browser.new_context(**{"viewport": DESK, **context})
        made.set_default_timeout(PATIENCE_S * 1000)
        seen = Seen(made.new_page())
        shown.append(seen)
        seen.page.on("request", lambda request: seen.asked.append(request.url))
        seen.page.on("pageerror", lambda error: seen.troubles.append(str(error)))
        seen.page.on("console", lambda said: seen.troubles.append(said.text))
        seen.page.goto(path.as_uri())
        return seen

    yield opened
    for seen in shown:
        address = seen.page.url.partition("#")[0]
        seen.page.context.close()
        assert (seen.troubles, set(seen.asked)) == ([], {address})


@pytest.mark.parametrize("where", ["desk", "phone"])
def test_the_report_is_read_by_day_and_by_night_at_a_desk_and_on_a_phone(
    show: Show, planted: Path, where: str
) -> None:
    """Nothing scrolls sideways, no word is pale or lies over another, with every list open."""
    size = DESK if where == "desk" else {**PHONE, "height": 1900}
    seen = show(planted, viewport=size)
    seen.picture(where)
    assert seen.page.evaluate(TOUCHING) == []
    seen.page.emulate_media(color_scheme="dark")
    seen.picture(f"{where}-dark")
    seen.page.evaluate(OPEN_ALL)
    assert seen.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    for scheme in ("dark", "light"):
        seen.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        texts, pale = seen.page.evaluate(PALE)
        assert pale == []
        assert texts > 1000


def test_what_is_pale_or_lies_over_another_is_found(show: Show, planted: Path) -> None:
    """What is looked for above can be seen."""
    seen = show(planted)
    spoilt = ":root{--muted:#a9b0b8!important}.cell text{fill:#8bb8e0!important}"
    seen.page.add_style_tag(content=f"{spoilt} svg text{{font-size:40px}}")
    _, pale = seen.page.evaluate(PALE)
    assert any(said.startswith("What was asked from") for said in pale)
    assert any(said.startswith("10: ") for said in pale)
    assert seen.page.evaluate(TOUCHING) != []


def test_a_number_of_the_report_leads_to_its_escalations(show: Show, planted: Path) -> None:
    """Without a script: the list opens, and is in sight."""
    seen = show(planted)
    link = seen.page.get_by_role("link", name="10: approved, failed").first
    link.focus()
    seen.page.keyboard.press("Enter")
    found = seen.page.locator(".list:target")
    expect(found).to_be_in_viewport()
    expect(found.get_by_role("listitem")).to_have_count(10)
    expect(found.locator("code").first).to_contain_text("/escalations show ")
    seen.page.locator("dl.tiles a").first.click()
    expect(seen.page.locator(".list:target")).to_contain_text("and 254 more")


def test_a_screen_reader_has_the_reports_plots_by_name_and_their_numbers(
    show: Show, planted: Path
) -> None:
    """Also on a phone, where tables are drawn as lists."""
    seen = show(planted, viewport=PHONE)
    names = ("Escalations a day", "Waiting time by severity", "What became", "When it was asked")
    for name in names:
        expect(seen.page.get_by_role("img", name=name)).to_have_count(1)
    rules = seen.page.get_by_role("table", name="By rule")
    row = rules.get_by_role("row").filter(has=seen.page.get_by_role("rowheader", name="recoveries"))
    expect(row.get_by_role("cell")).to_have_count(10)
    expect(rules.get_by_role("columnheader", name="rejected")).to_have_count(1)
    headings = seen.page.get_by_role("heading", level=2).all_inner_texts()
    assert headings[:4] == [
        "Load over time",
        "Waiting time by severity",
        "Outcome after approval",
        "Busiest hours",
    ]


def test_a_report_of_nothing_is_drawn_without_a_plot(show: Show, tmp_path: Path) -> None:
    path = tmp_path / "empty.html"
    path.write_text(drawn(added([]), {}), encoding="utf-8")
    seen = show(path, viewport=PHONE)
    expect(seen.page.get_by_text("Nothing was asked in that time.")).to_be_visible()
    expect(seen.page.locator("figure")).to_have_count(0)
