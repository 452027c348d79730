"""What each extra must bring to work, and nothing of another's: one trial an environment."""

from __future__ import annotations

from attrs import frozen


@frozen
class Trial:
    """One fresh environment.

    Args:
        rooms: modules that must be importable there, with all below them.
        commands: what must run there and succeed; the first word is a program of the environment.
        refuses: programs that must say what they lack, in one line, instead of a traceback.
    """

    rooms: tuple[str, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    refuses: tuple[tuple[str, ...], ...] = ()


_TRANSPORT = (
    "import crossbook; crossbook.Atom('a token', base_url='https://sms.example.com', transport={!r}); "
    "print('transport', {!r})"
)
_CALL = """
import asyncio, os, crossbook, crossbook_sandbox

async def main():
    async with crossbook.Vercom.from_env() as book:
        created = await book.contacts.create(crossbook.Contact(phone="+48500600700"))
        print(await book.contacts.find(phone="500 600 700"))

with crossbook_sandbox.running() as sandbox:
    os.environ.update(sandbox.env)
    asyncio.run(main())
"""

# How `verify` asks each vendor; of the extra that has `verify`.
_VENDORS = ("atom", "filemail", "serwersms", "vercom")
_PROBES = (
    *(f"crossbook.vendors.{vendor}.probes" for vendor in _VENDORS),
    "crossbook.vendors.serwersms.trials",
    "crossbook.vendors.vercom.trials",
)

# The rooms that belong to an extra; all others are the core's and are imported in every environment.
TRIALS = {
    "core": Trial(
        commands=(("python", "-c", _TRANSPORT.format("httpx", "httpx")),),
        refuses=(("crossbook", "--version"), ("crossbook-sandbox", "--help")),
    ),
    "cli": Trial(
        rooms=("crossbook.cli", "crossbook.files.vcards", "crossbook.progress", "crossbook.verify", *_PROBES),
        commands=(
            ("crossbook", "--version"),
            ("crossbook", "--help"),
            ("crossbook", "capabilities", "atom"),
            ("python", "-m", "crossbook", "--version"),
        ),
    ),
    "fast": Trial(
        rooms=("crossbook.transports.aiohttp",),
        commands=(("python", "-c", _TRANSPORT.format("aiohttp", "aiohttp")),),
    ),
    "fastapi": Trial(rooms=("crossbook.fastapi",)),
    "httpx2": Trial(
        rooms=("crossbook.transports.httpx2",), commands=(("python", "-c", _TRANSPORT.format("httpx2", "httpx2")),)
    ),
    "sandbox": Trial(rooms=("crossbook_sandbox",), commands=(("crossbook-sandbox", "--help"), ("python", "-c", _CALL))),
    "testing": Trial(
        rooms=("crossbook_pytest", "crossbook_sandbox", "crossbook.testing"),
        commands=(
            ("crossbook-sandbox", "--help"),
            ("python", "-m", "pytest", "--fixtures", "-q", "-p", "no:cacheprovider"),
        ),
    ),
}
