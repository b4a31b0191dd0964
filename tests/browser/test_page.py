"""Every button of the page is pressed, and does what it says."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Newcomer

Visit = Callable[..., Newcomer]


def test_it_opens_as_an_approver_for_whom_three_wait(visit: Visit) -> None:
    """Three notifications, three strips, the banner, and what this is not."""
    newcomer = visit()
    page = newcomer.page
    expect(page.get_by_label("Acting as")).to_have_value("URAVI")
    expect(page.get_by_test_id("banner")).to_have_text("Nothing runs until you decide.")
    expect(page.get_by_test_id("stand-in")).to_have_text("a local stand-in, not Slack")
    lines = page.locator("#strips").get_by_test_id("strip-line")
    expect(lines).to_have_text(
        [
            "held: alembic upgrade 8f2c:9a41",
            "held: transfer 90,000.00 EUR to Nordwind GmbH",
            "held: sync_data --batch 8813 --attempts 3",
        ]
    )
    newest = page.get_by_test_id("notification")
    for place, words in enumerate(("Schema conflict", "90,000.00 EUR", "Data sync failed")):
        expect(newest.nth(place)).to_contain_text(words)
    assert page.get_by_test_id("unsupported").count() == 0
    newcomer.picture("demo")


def test_nothing_runs_twice_or_changed(visit: Visit) -> None:
    """Before the decision, and after it."""
    newcomer = visit()
    for key, change in (
        ("migration", "Change the SQL"),
        ("transfer", "Change the amount"),
        ("sync", "Change the batch"),
    ):
        strip = newcomer.service(key)
        strip.get_by_role("button", name="Try to run it twice").click()
        expect(strip.get_by_test_id("refusal")).to_contain_text("409 Not approved")
        strip.get_by_role("button", name=change).click()
        expect(strip.get_by_test_id("refusal")).to_contain_text("409 Digest mismatch")
        expect(strip).to_have_attribute("data-state", "held")
    newcomer.open_channel("operations")
    newcomer.card("Data sync").get_by_role("button", name=re.compile("^Try 3 more")).click()
    newcomer.service_is("sync", "succeeded")
    strip = newcomer.service("sync")
    strip.get_by_role("button", name="Try to run it twice").click()
    expect(strip.get_by_test_id("refusal")).to_contain_text("409 Already claimed")
    expect(newcomer.page.get_by_test_id("announcer")).to_contain_text("Refused, 409")
    newcomer.picture("refused")


def test_one_is_let_expire_and_all_is_started_over(visit: Visit) -> None:
    newcomer = visit()
    page = newcomer.page
    expire = page.get_by_role("button", name="Let one expire")
    expire.click()
    newcomer.service_is("expiring", "held")
    expect(newcomer.service("expiring")).to_contain_text(
        re.compile(r"Expires by itself in \d+ s; nothing runs")
    )
    expire.click()
    toast = page.get_by_test_id("toast").filter(has_text="One is expiring already")
    toast.get_by_role("button", name="Dismiss this note").click()
    expect(toast).to_have_count(0)

    before = newcomer.service("migration").get_attribute("data-escalation")
    page.get_by_role("button", name="Start over").click()
    page.get_by_test_id("confirm").get_by_role("button", name="Keep going").click()
    expect(page.get_by_role("button", name="Start over")).to_be_focused()
    newcomer.service_is("expiring", "held")
    newcomer.act_as("Dana")
    page.get_by_role("button", name="Start over").click()
    page.get_by_test_id("confirm").get_by_role("button", name="Start over").click()
    expect(newcomer.service("expiring")).to_have_count(0)
    expect(newcomer.service("migration")).not_to_have_attribute("data-escalation", before or "")
    expect(page.get_by_label("Acting as")).to_have_value("URAVI")
    expect(page.get_by_test_id("channel-name")).to_have_text("Andon")
    expect(newcomer.card("Schema conflict")).to_contain_text("HIGH · production")


def test_home_lists_what_waits_and_shows_it(visit: Visit) -> None:
    newcomer = visit()
    page = newcomer.page
    newcomer.open_channel("Andon")
    page.get_by_role("tab", name="Home").click()
    home = page.get_by_test_id("home")
    expect(home).to_contain_text("Waiting for you: 3")
    newcomer.picture("home")
    home.get_by_role("button", name=re.compile("Show")).first.click()
    expect(newcomer.modal).to_contain_text("90,000.00 EUR")
    newcomer.picture("home_card")
    newcomer.modal.get_by_role("button", name=re.compile("^Release transfer")).click()
    expect(newcomer.modal).to_contain_text("What did you check?")


def test_a_substitute_is_named_at_home_and_decides_meanwhile(visit: Visit) -> None:
    """One the policy does not name is refused at the field."""
    newcomer = visit()
    page = newcomer.page
    newcomer.open_channel("Andon")
    page.get_by_role("tab", name="Home").click()
    home = page.get_by_test_id("home")
    home.get_by_role("button", name="Name a substitute").click()
    who = newcomer.modal.get_by_label("Who stands in for you?")
    who.select_option(label="Omar")
    newcomer.modal.get_by_test_id("modal-submit").click()
    expect(newcomer.modal).to_contain_text("Andon does not know this account.")
    who.select_option(label="Ines")
    newcomer.picture("substitute")
    newcomer.modal.get_by_test_id("modal-submit").click()
    expect(home).to_contain_text("@Ines stands in for you until")
    newcomer.picture("home_away")

    newcomer.act_as("Ines")
    newcomer.open_channel("operations")
    newcomer.card("Data sync").get_by_role("button", name="Try 3 more").click()
    newcomer.service_is("sync", "succeeded")


def test_the_command_is_hinted_typed_and_answered_to_one_person_alone(visit: Visit) -> None:
    newcomer = visit()
    page = newcomer.page
    newcomer.open_channel("operations")
    composer = page.get_by_test_id("composer")
    composer.press_sequentially("/esc")
    expect(page.get_by_role("option").filter(has_text="/escalations")).to_be_visible()
    composer.press("Tab")
    composer.press_sequentially("list")
    page.get_by_role("button", name="Send", exact=True).click()
    answer = page.locator("#messages [data-ephemeral=true]").last
    expect(answer).to_contain_text("Waiting for you: 3")
    answer.get_by_role("button", name=re.compile("Show")).first.click()
    shown = page.locator("#messages [data-ephemeral=true]").last
    expect(shown.get_by_role("button", name=re.compile("^Details"))).to_be_visible()
    shown.get_by_role("button", name="Dismiss message").click()
    answer.get_by_role("button", name="Dismiss message").click()
    expect(page.locator("#messages [data-ephemeral=true]")).to_have_count(0)
    composer.fill("/nonsense")
    composer.press("Enter")
    expect(page.get_by_test_id("toast")).to_contain_text("not a valid command")


def test_a_thread_is_opened_answered_and_closed(visit: Visit) -> None:
    newcomer = visit()
    page = newcomer.page
    newcomer.open_channel("database")
    card = newcomer.card("Schema conflict")
    card.hover()
    card.get_by_role("button", name=re.compile("^Reply in thread")).click()
    thread = page.get_by_test_id("thread")
    thread.get_by_label("Reply in this thread").fill("Lag is zero, I looked.")
    thread.get_by_role("button", name="Send reply").click()
    expect(thread).to_contain_text("Lag is zero, I looked.")
    expect(card.get_by_test_id("replies")).to_have_text("1 reply")
    thread.get_by_role("button", name="Close thread").click()
    expect(thread).to_be_hidden()


def test_a_deleted_card_releases_nothing(visit: Visit) -> None:
    newcomer = visit()
    page = newcomer.page
    newcomer.open_channel("operations")
    card = newcomer.card("Data sync failed")
    gone = card.get_attribute("data-ts")
    card.hover()
    card.get_by_test_id("message-menu").click()
    page.get_by_role("menuitem", name="Delete message…").click()
    page.get_by_test_id("confirm").get_by_role("button", name="Delete").click()
    expect(page.locator(f"#messages [data-ts='{gone}']")).to_have_count(0)
    newcomer.service_is("sync", "held")


def test_a_window_corrects_is_left_in_every_way_and_takes_a_reason(visit: Visit) -> None:
    newcomer = visit()
    page = newcomer.page
    newcomer.open_channel("database")
    recreate = newcomer.card("Schema conflict").get_by_role("button", name=re.compile("^Recreate"))
    for leave in ("modal-close", "modal-x"):
        recreate.click()
        newcomer.modal.get_by_test_id(leave).click()
        expect(newcomer.modal).to_be_hidden()
    recreate.click()
    newcomer.send()
    expect(newcomer.modal.get_by_test_id("field-error")).to_have_text(
        "Please complete this required field."
    )
    expect(newcomer.modal.get_by_label("Why is this right?")).to_be_focused()
    newcomer.picture("window")
    page.keyboard.press("Escape")
    newcomer.card("Schema conflict").get_by_role("button", name=re.compile("^Details")).click()
    expect(newcomer.modal).to_contain_text("sha256:")
    page.keyboard.press("Escape")
    newcomer.card("Schema conflict").get_by_role("button", name=re.compile("^Migrate")).click()
    page.get_by_role("button", name="Add a reason").click()
    newcomer.modal.get_by_role("textbox").fill("Lag is zero.")
    newcomer.send()
    expect(newcomer.modal).to_contain_text("recorded", ignore_case=True)


def test_a_notification_leads_to_its_card(visit: Visit) -> None:
    newcomer = visit()
    newcomer.open_channel("operations")
    newcomer.page.get_by_test_id("notification").nth(1).click()
    expect(newcomer.page.get_by_test_id("channel-name")).to_have_text("Andon")
    expect(newcomer.page.locator("#messages article:focus")).to_contain_text("90,000.00 EUR")


def test_the_line_is_copied(visit: Visit) -> None:
    newcomer = visit(permissions=["clipboard-read", "clipboard-write"])
    newcomer.page.get_by_role("button", name=re.compile("^Copy")).click()
    expect(newcomer.page.get_by_test_id("announcer")).to_have_text("Copied")
    copied = newcomer.page.evaluate("navigator.clipboard.readText()")
    assert copied == newcomer.page.get_by_test_id("line").inner_text()


def test_only_the_columns_scroll(visit: Visit) -> None:
    """What is focused at the end of a column leaves the ribbon where it is."""
    newcomer = visit(viewport={"width": 1440, "height": 500})
    newcomer.page.get_by_role("button", name=re.compile("^Copy")).focus()
    expect(newcomer.page.get_by_role("button", name=re.compile("^Copy"))).to_be_in_viewport()
    assert newcomer.page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0


def test_a_phone_has_three_tabs_and_a_drawer(visit: Visit) -> None:
    newcomer = visit(viewport=PHONE, has_touch=True, is_mobile=True)
    page = newcomer.page
    newcomer.picture("phone-card")
    page.get_by_role("tab", name=re.compile("^Phone")).tap()
    newcomer.picture("phone-lock-screen")
    page.get_by_test_id("notification").first.tap()
    expect(page.get_by_role("tab", name="Slack")).to_have_attribute("aria-selected", "true")
    drawer = page.get_by_role("button", name="Channels and people")
    drawer.tap()
    expect(drawer).to_have_attribute("aria-expanded", "true")
    page.get_by_role("tab", name=re.compile("^Phone")).tap()
    page.get_by_test_id("notification").first.tap()
    expect(drawer).to_have_attribute("aria-expanded", "false")
    drawer.tap()
    expect(drawer).to_have_attribute("aria-expanded", "true")
    newcomer.open_channel("payments-approvals")
    expect(drawer).to_have_attribute("aria-expanded", "false")
    card = newcomer.card("90,000.00 EUR")
    card.get_by_role("button", name=re.compile("^Release transfer")).tap()
    newcomer.modal.get_by_label("What did you check?").fill("matches the signed invoice")
    newcomer.picture("phone-window")
    newcomer.modal.get_by_test_id("modal-submit").tap()
    expect(newcomer.modal).to_contain_text("1 of 2")
    newcomer.modal.get_by_test_id("modal-close").tap()
    page.get_by_role("tab", name="Services").tap()
    expect(newcomer.service("transfer")).to_be_visible()
    newcomer.picture("phone-services")
    page.emulate_media(color_scheme="dark")
    newcomer.picture("phone-services-dark")
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0


def test_the_card_is_seen_whole_on_a_tall_screen(visit: Visit) -> None:
    """Its four buttons are in sight with its title."""
    newcomer = visit(viewport={"width": 1500, "height": 1240}, device_scale_factor=1.5)
    newcomer.open_channel("database")
    card = newcomer.card("Schema conflict")
    newcomer.picture("card", card)
    names = ("Migrate", "Recreate", "I will resolve it by hand", "Details")
    for name in names:
        expect(card.get_by_role("button", name=re.compile(f"^{name}"))).to_be_in_viewport()
    expect(card.get_by_role("heading", name="Schema conflict")).to_be_in_viewport()


def test_in_the_dark_it_looks_as_good(visit: Visit) -> None:
    newcomer = visit(color_scheme="dark")
    ground = newcomer.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(16, 20, 22)"
    newcomer.picture("demo-dark")
