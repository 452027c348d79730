"""The gateway's page in a real browser: what it shows, and how it starts and stops an import."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gateways import COMMAND, started

pytest.importorskip("selenium", reason="the page is tested in a browser, through selenium, which is not installed")

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
    "disable-component-update", "disable-sync", "window-size=1400,1000",
)  # fmt: skip
# A browser comes from the system, not from a Python package. CI installs one, or reports that this was not tested.
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver (Debian: apt install chromium chromium-driver)"
)
TITLES = ["SerwerSMS", "Atom", "Filemail", "Vercom"]


class Page:
    """Helpers to use the page in a browser."""

    def __init__(self, browser: Chrome, url: str) -> None:
        self.browser = browser
        self.url = url

    def open(self, query: str = "") -> None:
        self.browser.get(f"{self.url}/{query}")

    def one(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        # One script, because the page can change between two calls.
        script = "return [...document.querySelectorAll(arguments[0])].map(each => each.innerText.trim())"
        texts: list[str] = self.browser.execute_script(script, selector)
        return texts

    def until(self, what: Callable[[], object], seconds: float = 60) -> None:
        WebDriverWait(self.browser, seconds, poll_frequency=0.05).until(lambda _: what())

    def start(self, book: str, group: str = "Gateway import", file: Path | None = None) -> None:
        Select(self.one("[name=book]")).select_by_value(book)
        field = self.one("[name=group]")
        field.clear()
        field.send_keys(group)
        if file is not None:
            self.one("[name=file]").send_keys(str(file))
        if self.one("[name=demo]").is_selected() != (file is None):
            self.one("[name=demo]").click()
        self.one("#import [type=submit]").click()

    @property
    def said(self) -> str:
        return self.one("#said").text


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(f"--{flag}")
    browser = Chrome(options, Service(DRIVER))
    yield browser
    browser.quit()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with started(COMMAND) as (url, _):
        yield url


@pytest.fixture
def page(browser: Chrome, url: str) -> Iterator[Page]:
    yield Page(browser, url)
    assert [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_page_shows_books_and_contacts(page: Page) -> None:
    page.open()
    assert page.texts("#books .book strong") == TITLES
    assert all(text.startswith("responds in") for text in page.texts("#books .state"))
    assert page.one("#books [aria-current]").get_attribute("data-book") == "serwersms"
    assert page.texts("#contacts tbody th")[0] == "Anna Sample 0"
    page.one("[data-book=atom]").click()
    assert page.browser.title == "Atom · crossbook gateway"
    assert page.texts("#contacts thead th") == ["Name", "Phone", "Company", "Id"]
    assert "not reported" in page.one("#contacts tbody tr").text


def test_page_filters_by_group(page: Page) -> None:
    page.open("?book=vercom")
    first = page.texts("#contacts tbody th")
    page.one("a[rel=next]").click()
    assert len(page.texts("#contacts tbody th")) == len(first) == 15
    assert not set(first) & set(page.texts("#contacts tbody th"))
    page.one(".groups a:nth-child(2)").click()
    assert page.one(".groups [aria-current]").text == "Seeds"


def test_page_shows_import_until_end(page: Page) -> None:
    page.open("?book=atom")
    page.start("atom", "From the page")
    page.until(lambda: page.texts("#imports [data-state=running]"))
    bar = page.one("#imports progress")
    page.until(lambda: bar.get_attribute("max") == "1000")
    seen: set[str] = set()
    while "done" not in page.texts("#imports .how"):
        seen |= set(page.texts("#imports .numbers"))
        time.sleep(0.05)
    assert len(seen) > 3
    assert bar.get_attribute("value") == "1000"
    page.until(lambda: page.said.startswith("Done: "))
    assert "created" in page.said
    assert page.texts("#imports .numbers")[0].startswith("1,000 of 1,000")
    assert page.texts("#imports .problems li")
    # The page updates itself without a reload.
    page.until(lambda: "From the page" in page.texts(".groups a"))


def test_import_survives_page_and_is_cancelled(page: Page) -> None:
    page.open("?book=atom")
    page.one("[name=match]").click()  # another test may have imported the same people
    page.start("atom", "Cancelled")
    page.until(lambda: page.texts("#imports [data-state=running]"))
    page.open("?book=vercom")  # the page that started it is gone
    page.until(
        lambda: any(
            float(text.split()[0].replace(",", "")) > 20
            for text in page.texts("#imports [data-state=running] .numbers")
        )
    )
    page.one("#imports [data-state=running] [data-action=cancel]").click()
    page.until(lambda: page.texts("#imports .how")[0] == "cancelled")
    done = page.texts("#imports .numbers")[0]
    assert not done.startswith("1,000")
    page.open("?book=atom")
    page.until(lambda: page.texts("#imports .numbers"))
    assert page.texts("#imports .numbers")[0] == done
    before = len(page.texts("#imports .how"))
    page.one("#imports [data-state=cancelled] [data-action=remove]").click()
    page.until(lambda: len(page.texts("#imports .how")) == before - 1)


def test_page_imports_file_and_explains_invalid(page: Page, tmp_path: Path) -> None:
    page.open("?book=vercom")
    file = tmp_path / "people.csv"
    file.write_text("phone,name\n+48500600700,Łucja\n", encoding="utf-8")
    page.start("vercom", "Files", file)
    page.until(lambda: page.said.startswith("Done"))
    assert page.said == "Done: 1 created."
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("shoe size\n1\n", encoding="utf-8")
    page.start("vercom", "Files", wrong)
    page.until(lambda: page.said.startswith("Not imported"))
    assert "no column title is known" in page.said
    # The browser logs the 422.
    assert len(page.browser.get_log("browser")) == 1


def test_left_pages_hold_no_connection(page: Page) -> None:
    began = time.monotonic()
    for number in range(16):
        page.open(f"?book={('atom', 'vercom')[number % 2]}")
        page.until(lambda: page.one("#link").text == "live")
    # A browser has six connections for a server; the seventh would wait for a minute.
    assert time.monotonic() - began < 30
    page.browser.back()
    page.until(lambda: page.one("#link").text == "live")


def test_page_works_with_keyboard(page: Page) -> None:
    page.open()
    order: list[str] = []
    for _ in range(9):
        page.browser.switch_to.active_element.send_keys(Keys.TAB)
        order.append(page.browser.switch_to.active_element.text.split("\n")[0])
    assert order[0] == "Skip to the contacts"
    assert order[1:7] == ["API", "Health", *TITLES]
    unnamed = "[...document.querySelectorAll('input, select, progress')].filter(e => !e.labels.length && !e.ariaLabel)"
    assert page.browser.execute_script(f"return {unnamed}.length") == 0


def test_docs_page_opens_operations_and_types(page: Page) -> None:
    page.open()
    page.browser.find_element(By.LINK_TEXT, "API").click()
    page.one("#import_contacts_books__book__imports_post summary").click()
    shown = page.one("#import_contacts_books__book__imports_post").text
    assert "application/json list of Contact" in shown
    assert "413 The body is too large" in shown
    page.browser.find_element(By.LINK_TEXT, "CrossbookProblem").click()
    assert page.browser.current_url.endswith("/docs#CrossbookProblem")
    # Loaded with its style, under the same policy as the other page.
    assert page.one("#CrossbookProblem").value_of_css_property("border-collapse") == "collapse"


def test_page_fits_small_screen(page: Page) -> None:
    page.browser.set_window_size(500, 900)
    try:
        for path in ("?book=vercom", "docs"):
            page.open(path)
            size = "return [document.documentElement.scrollWidth, window.innerWidth]"
            wide, shown = page.browser.execute_script(size)
            assert wide <= shown
    finally:
        page.browser.set_window_size(1400, 1000)
