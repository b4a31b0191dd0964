"""The whole way with a keyboard alone, and what a screen reader is told."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Newcomer

Visit = Callable[..., Newcomer]

#: Tabs nobody should have to press more of to get anywhere.
MOST_TABS = 60

NAMES = """() => [...document.querySelectorAll("button, a, input, select, textarea")]
  .filter((node) => node.checkVisibility())
  .filter((node) => !(node.getAttribute("aria-label") || node.innerText || node.labels?.length))
  .map((node) => node.outerHTML)"""


def tab_to(newcomer: Newcomer, name: str, key: str = "Tab") -> None:
    """Press Tab until something of that name has focus, which shows."""
    for _ in range(MOST_TABS):
        newcomer.page.keyboard.press(key)
        named, outline = newcomer.page.evaluate(
            """() => {
              const node = document.activeElement;
              const own = node.getAttribute("aria-label") ?? node.labels?.[0]?.innerText;
              return [own ?? node.innerText ?? "", getComputedStyle(node).outlineStyle];
            }"""
        )
        if re.search(name, named):
            assert outline != "none"
            return
    raise AssertionError(f"No {name} within {MOST_TABS} tabs.")


def test_a_decision_needs_no_mouse(visit: Visit) -> None:
    """Notification, card, window, an error, a reason, the answer: Tab, Enter and typing."""
    newcomer = visit()
    keyboard = newcomer.page.keyboard
    tab_to(newcomer, "90,000.00 EUR")
    keyboard.press("Enter")
    expect(newcomer.page.locator("#messages article:focus")).to_contain_text("90,000.00 EUR")
    tab_to(newcomer, "^Release transfer")
    keyboard.press("Enter")
    expect(newcomer.modal.get_by_label("What did you check?")).to_be_focused()
    tab_to(newcomer, "^Agree")
    keyboard.press("Enter")
    expect(newcomer.modal.get_by_label("What did you check?")).to_be_focused()
    keyboard.type("matches the signed invoice")
    tab_to(newcomer, "^Agree")
    keyboard.press("Enter")
    expect(newcomer.modal).to_contain_text("1 of 2")
    tab_to(newcomer, "^Close$")
    keyboard.press("Enter")
    expect(newcomer.modal).to_be_hidden()
    expect(newcomer.page.locator("#messages :focus")).to_have_count(1)


def test_focus_stays_in_the_window(visit: Visit) -> None:
    newcomer = visit()
    newcomer.open_channel("database")
    newcomer.card("Schema").get_by_role("button", name=re.compile("^I will resolve")).click()
    expect(newcomer.modal).to_be_visible()
    for key in ["Tab"] * 8 + ["Shift+Tab"] * 8:
        newcomer.page.keyboard.press(key)
        assert newcomer.page.evaluate("!!document.activeElement.closest('#modal')")
    newcomer.page.keyboard.press("Escape")
    expect(newcomer.page.locator("#messages :focus")).to_have_count(1)


def test_a_redraw_leaves_the_keyboard_where_it_was(visit: Visit) -> None:
    newcomer = visit()
    button = newcomer.service("migration").get_by_role("button", name="Try to run it twice")
    button.focus()
    newcomer.page.keyboard.press("Enter")
    expect(newcomer.service("migration").get_by_test_id("refusal")).to_be_visible()
    expect(button).to_be_focused()


def test_parts_are_landmarks_with_names(visit: Visit) -> None:
    page = visit().page
    for role, name in (
        ("main", None),
        ("banner", None),
        ("region", re.compile("phone$")),
        ("region", "Slack stand-in"),
        ("region", "The blocked services"),
        ("navigation", "Channels and direct messages"),
        ("feed", re.compile("^Messages in")),
        ("tablist", "App"),
        ("list", re.compile("^Notifications on Ravi")),
        ("combobox", "Acting as"),
        ("combobox", re.compile("^Message Andon")),
        ("heading", "The blocked services"),
    ):
        expect(page.get_by_role(role, name=name)).to_have_count(1)  # type: ignore[arg-type]
    expect(page.get_by_role("group", name="search-api: held")).to_have_count(1)
    assert page.evaluate(NAMES) == []


def test_every_button_of_a_card_says_what_and_where(visit: Visit) -> None:
    """A screen reader's list of buttons tells one card's from another's."""
    newcomer = visit()
    newcomer.open_channel("database")
    buttons = newcomer.card("Schema conflict").locator(".block-actions button").all()
    names = [button.get_attribute("aria-label") or "" for button in buttons]
    assert len(set(names)) == len(names) == 6
    assert all("documents_v3, production" in name for name in names)


def test_what_happens_is_said(visit: Visit) -> None:
    """The window's name, the answer, and the strip that went on."""
    newcomer = visit()
    announcer = newcomer.page.get_by_test_id("announcer")
    expect(announcer).to_have_attribute("aria-live", "polite")
    newcomer.page.evaluate(
        """() => { window.said = [];
          new MutationObserver(() => said.push(document.getElementById("announcer").textContent))
            .observe(document.getElementById("announcer"), {childList: true}); }"""
    )
    newcomer.open_channel("operations")
    newcomer.card("Data sync").get_by_role("button", name=re.compile("^Try 3 more")).click()
    newcomer.service_is("sync", "succeeded")
    newcomer.page.wait_for_function("said.some((one) => one.startsWith('data-sync: succeeded'))")
    said = "\n".join(newcomer.page.evaluate("said"))
    assert "only visible to you: Recorded: Try 3 more times." in said
