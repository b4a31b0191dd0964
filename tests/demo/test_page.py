"""What can be known of the local workspace's page without a browser."""

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

import bot.demo

PAGE = Path(bot.demo.__file__).parent / "page"
SCRIPTS = sorted(PAGE.glob("js/*.js"))
STYLES = sorted(PAGE.glob("style/*.css"))
SVG_NAMESPACE = "http://www.w3.org/2000/svg"

Attributes = dict[str, str | None]


class Skeleton(HTMLParser):
    """Every start tag of index.html with its attributes, and the text inside each button."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, Attributes]] = []
        self.buttons: list[tuple[Attributes, str]] = []
        self._button: Attributes | None = None
        self._words = ""
        self.feed((PAGE / "index.html").read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "button":
            self._button, self._words = dict(attrs), ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "button" and self._button is not None:
            self.buttons.append((self._button, self._words.strip()))
            self._button = None

    def handle_data(self, data: str) -> None:
        self._words += data

    def named(self, tag: str) -> list[Attributes]:
        """The attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]

    def ids(self) -> list[str]:
        """Every id, repeated ones too."""
        return [value for _, attributes in self.tags if (value := attributes.get("id"))]


@pytest.fixture(scope="module")
def skeleton() -> Skeleton:
    """The page's skeleton, parsed."""
    return Skeleton()


def files() -> list[Path]:
    """Every file of the page."""
    return sorted(path for path in PAGE.rglob("*") if path.is_file())


def name_of(path: Path) -> str:
    """A file's name within the page, for test ids."""
    return path.relative_to(PAGE).as_posix()


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_every_file_is_short_enough_to_be_read(path: Path) -> None:
    """No file of the page has more than 400 lines."""
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_nothing_is_fetched_from_outside(path: Path) -> None:
    """No address of another origin stands anywhere, the name of SVG's vocabulary aside."""
    if path.suffix == ".md":
        return
    text = path.read_text().replace(SVG_NAMESPACE, "")
    assert [] == re.findall(r"""(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}""", text)
    assert [] == re.findall(r"@import|@font-face|url\(", text)


def test_no_script_or_style_is_inline(skeleton: Skeleton) -> None:
    """A strict Content-Security-Policy lets the whole page work."""
    assert ["/page/js/app.js"] == [script.get("src") for script in skeleton.named("script")]
    assert [] == skeleton.named("style")
    inline = [
        (tag, name)
        for tag, attributes in skeleton.tags
        for name in attributes
        if name == "style" or name.startswith("on")
    ]
    assert [] == inline


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_no_text_is_ever_parsed_as_markup(path: Path) -> None:
    """What a service or a person wrote can only become a text node or an attribute."""
    dangerous = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    assert [] == re.findall(dangerous, path.read_text())


def test_every_file_the_page_names_is_there(skeleton: Skeleton) -> None:
    """Style sheets, the icon and the first script exist."""
    named = [link["href"] for link in skeleton.named("link")]
    named += [script["src"] for script in skeleton.named("script")]
    missing = [name for name in named if not (PAGE / str(name).removeprefix("/page/")).is_file()]
    assert [] == missing
    assert {path.name for path in STYLES} == {
        Path(str(n)).name for n in named if "/style/" in str(n)
    }


def imports(path: Path) -> Iterator[Path]:
    """The modules a script imports."""
    for name in re.findall(r'from "(\./[a-z]+\.js)"', path.read_text()):
        yield path.parent / name


def test_every_script_is_reached_from_the_first_one() -> None:
    """No module is missing, and none lies there unused."""
    reached: set[Path] = set()
    waiting = [PAGE / "js" / "app.js"]
    while waiting:
        path = waiting.pop()
        assert path.is_file()
        if path.resolve() not in reached:
            reached.add(path.resolve())
            waiting += imports(path)
    assert {path.resolve() for path in SCRIPTS} == reached


def test_scripts_only_ask_for_elements_the_page_has(skeleton: Skeleton) -> None:
    """Every `byId` names an id of index.html."""
    asked = {
        name for path in SCRIPTS for name in re.findall(r'byId\("([^"]+)"\)', path.read_text())
    }
    assert set() == asked - set(skeleton.ids())


def test_every_hook_in_the_readme_is_in_the_page() -> None:
    """The documented test ids exist."""
    source = "".join(path.read_text() for path in [PAGE / "index.html", *SCRIPTS])
    there = set(re.findall(r'data-testid="([a-z-]+)"|testid: "([a-z-]+)"', source))
    ids = {one for pair in there for one in pair if one}
    readme = (PAGE / "README.md").read_text()
    assert set() == {one for one in ids if f"`{one}`" not in readme}


def test_ids_are_unique(skeleton: Skeleton) -> None:
    """No id stands twice."""
    assert [] == [name for name, count in Counter(skeleton.ids()).items() if count > 1]


@pytest.mark.parametrize(
    "reference", ["aria-labelledby", "aria-describedby", "aria-controls", "for"]
)
def test_every_reference_points_at_an_element(skeleton: Skeleton, reference: str) -> None:
    """What is labelled, described or controlled by an id finds it (a modal draws its own title)."""
    named = {
        one for _, attributes in skeleton.tags for one in (attributes.get(reference) or "").split()
    }
    assert set() == named - set(skeleton.ids()) - {"modal-title"}


def test_every_button_has_a_name(skeleton: Skeleton) -> None:
    """By its words or by `aria-label`."""
    assert [] == [each for each, words in skeleton.buttons if not (words or each.get("aria-label"))]


def test_every_field_has_a_label(skeleton: Skeleton) -> None:
    """By a label element or by `aria-label`."""
    labelled = {label.get("for") for label in skeleton.named("label")}
    fields = skeleton.named("input") + skeleton.named("select") + skeleton.named("textarea")
    assert fields
    assert [] == [f for f in fields if not f.get("aria-label") and f.get("id") not in labelled]


def test_the_page_has_its_landmarks(skeleton: Skeleton) -> None:
    """Language, title, banner, main, navigation, a skip link, and sections with names."""
    present = {tag for tag, _ in skeleton.tags}
    assert {"html", "title", "header", "main", "nav", "h1"} <= present
    assert "en" == skeleton.named("html")[0].get("lang")
    assert "#messages" == skeleton.named("a")[0].get("href")
    parts = [*skeleton.named("section"), *skeleton.named("nav"), *skeleton.named("aside")]
    assert [] == [p for p in parts if not (p.get("aria-label") or p.get("aria-labelledby"))]


def test_changes_are_spoken_politely(skeleton: Skeleton) -> None:
    """One polite region for what is new; errors are alerts."""
    regions = {a.get("id"): a for _, a in skeleton.tags if a.get("role") in ("status", "alert")}
    assert "polite" == regions["announcer"].get("aria-live")
    assert "alert" == regions["toasts"].get("role")


def test_the_page_always_says_that_it_is_not_slack() -> None:
    """The words stand in the skeleton, not in something a script may fail to draw."""
    assert "a local stand-in, not Slack</p>" in (PAGE / "index.html").read_text()


def test_motion_stops_for_those_who_ask() -> None:
    """Reduced motion is honoured, and touch targets are 44 pixels on a phone."""
    base = (PAGE / "style" / "base.css").read_text()
    assert "prefers-reduced-motion: reduce" in base
    assert "--touch: 44px" in base
    assert ":focus-visible { outline: 3px solid" in base


def colours(dark: bool) -> dict[str, str]:
    """The palette of one scheme, by name."""
    light, _, rest = (
        (PAGE / "style" / "base.css").read_text().partition("prefers-color-scheme: dark")
    )
    pattern = r"--([a-z-]+): (#[0-9a-f]{6});"
    palette = dict(re.findall(pattern, light))
    return palette | dict(re.findall(pattern, rest.partition("}\n}")[0])) if dark else palette


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


TEXT = [
    ("ink", "surface"), ("ink", "paper"), ("ink", "raised"), ("muted", "surface"),
    ("muted", "raised"), ("link", "surface"), ("link", "mention"), ("danger", "surface"),
    ("danger", "danger-soft"), ("code", "raised"), ("on-go", "go"), ("on-deep", "deep"),
    ("on-deep", "deep-raised"), ("on-deep-muted", "deep"),
]  # fmt: skip


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_stands_out_from_its_ground(text: str, ground: str, dark: bool) -> None:
    """At least 4.5 to 1, AA for text of any size."""
    palette = colours(dark)
    assert contrast(palette[text], palette[ground]) >= 4.5


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("edge", ["strong-line", "focus"])
def test_fields_and_focus_stand_out_from_their_ground(edge: str, dark: bool) -> None:
    """At least 3 to 1, AA for what is not text."""
    palette = colours(dark)
    assert contrast(palette[edge], palette["surface"]) >= 3
