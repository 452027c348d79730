"""The search of the built site in a real browser: everyday words find the page about them."""

from __future__ import annotations

import fcntl
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

pytest.importorskip("selenium", reason="the search is tested in a browser, through selenium, which is not installed")

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from docs.site import __main__ as site

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
    "disable-component-update", "disable-sync", "window-size=1400,1000",
)  # fmt: skip
# A browser comes from the system, not from a Python package. CI installs one, or reports that this was not tested.
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver (Debian: apt install chromium chromium-driver)"
)

# A word that a reader types, and the pages about it.
WORDS = {
    "logging": {"guides/observability.html"},
    "debug": {"guides/observability.html"},
    "pagination": {"guides/paging.html"},
    "backoff": {"guides/errors.html", "reliability.html"},
    "retry": {"glossary.html", "guides/errors.html", "reliability.html"},
    "timeout": {"reliability.html"},
    "proxy": {"guides/transports.html", "reliability.html"},
    "multiple accounts": {"cookbook.html", "guides/fastapi.html"},
    "webhook": {"cookbook.html", "vendors/vercom.html"},
    "metrics": {"guides/observability.html"},
    "prometheus": {"cookbook.html", "guides/observability.html"},
    "tracing": {"guides/observability.html"},
    "celery": {"cookbook.html", "guides/synchronous.html"},
    "background": {"cookbook.html", "guides/fastapi.html"},
    "gdpr": {"cookbook.html", "guides/consent.html"},
    "dotenv": {"guides/command-line.html"},
    "raw response": {"guides/observability.html"},
    "migration": {"cookbook.html", "guides/batches.html"},
    "two-way sync": {"cookbook.html"},
    "shutdown": {"cookbook.html", "guides/command-line.html"},
    "rate limit": {"reliability.html"},
    "csv": {"guides/files.html"},
    "vcard": {"guides/files.html"},
    "unsubscribe": {"guides/consent.html", "reference/contacts.html"},
}  # fmt: skip

# The search field and the results are inside a shadow root.
_FIELD = """
for (const each of document.querySelectorAll("*")) {
  const field = each.shadowRoot?.querySelector("input");
  if (field) return field;
}"""
_LINKS = """
return [...document.querySelectorAll("*")].flatMap((each) => [...(each.shadowRoot?.querySelectorAll("a[href]") ?? [])])
  .map((link) => new URL(link.href).pathname)"""


@pytest.fixture(scope="module")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site and return a copy. Several processes of pytest build it one after the other."""
    copied = tmp_path_factory.mktemp("search") / "site"
    site.SITE.parent.mkdir(exist_ok=True)
    with (site.SITE.parent / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert site.main() == 0
        shutil.copytree(site.SITE, copied)
    return copied


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(f"--{flag}")
    browser = Chrome(options, Service(DRIVER))
    yield browser
    browser.quit()


@pytest.mark.parametrize("word", WORDS)
def test_word_finds_its_page(built_site: Path, browser: Chrome, word: str) -> None:
    """The page about a word is one of the first two results."""
    browser.get(f"file://{built_site}/index.html")
    wait = WebDriverWait(browser, 30, poll_frequency=0.05)

    def open_search(_: object) -> WebElement:
        # Before the page's script runs, a click has no effect.
        browser.find_element(By.CSS_SELECTOR, ".md-search__button").click()
        field: WebElement = browser.execute_script(_FIELD)
        return field

    wait.until(open_search).send_keys(word)
    links = wait.until(lambda _: browser.execute_script(_LINKS))
    pages = [Path(link).relative_to(built_site).as_posix() for link in links]
    assert set(pages[:2]) & WORDS[word], f"{word!r} finds {pages[:5]}"


def test_markdown_written_for_each_page(built_site: Path) -> None:
    """Each page of the navigation has a `.md`, which llms.txt lists and llms-full.txt holds."""
    listed = re.findall(r"\]\((\S+\.md)\)", (built_site / "llms.txt").read_text(encoding="utf-8"))
    pages = [path.relative_to(built_site).with_suffix(".md").as_posix() for path in built_site.rglob("*.html")]
    assert sorted(listed) == sorted(set(pages) - {"404.md"})
    full = (built_site / "llms-full.txt").read_text(encoding="utf-8")
    assert all((built_site / page).read_text(encoding="utf-8") in full for page in listed)
    reference = (built_site / "reference/books.md").read_text(encoding="utf-8")
    assert "AddressBook" in reference
    assert "Args:" not in reference
    assert "{{" not in (built_site / "vendors/vercom.md").read_text(encoding="utf-8")
    assert "```python\n" in (built_site / "start.md").read_text(encoding="utf-8")


def test_version_shown_in_header(built_site: Path) -> None:
    text = (built_site / "guides/errors.html").read_text(encoding="utf-8")
    assert f'<a href="../changelog.html" title="Changes">{version("crossbook")}</a>' in text
