"""The command `crossbook-sandbox`: serve the four vendors and print their URLs and credentials."""

from __future__ import annotations

import argparse
import ipaddress
import json
import os
import shlex
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from .app import create_app
from .credentials import CREDENTIALS, environment, make_credentials
from .options import VENDORS, Options
from .seeds import seed
from .server import Server, listen, stop_with_parent
from .store import Store


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    Args:
        arguments: The command line without the program's name; by default `sys.argv`.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        switches = Options().changed(dict(options.set))
        switches = switches.changed({"rates": _parse_rates(options.rate, switches)})
        _check_host(options.host, options.allow_remote)
        accounts = dict(options.account)
        credentials = CREDENTIALS | {name: make_credentials(vendor, name) for name, vendor in accounts.items()}
        store = Store(options.db)
        listener = listen(options.host, options.port)
    except sqlite3.Error as error:
        parser.error(f"argument --db: {options.db}: {error}")
    except OSError as error:
        parser.error(f"{options.host}, port {options.port}: {(error.strerror or str(error)).lower()}")
    except ValueError as error:
        parser.error(str(error))
    if getattr(sys, "stdout", None) is None:  # the parent has closed it, and uvicorn reads it
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  (open until the process ends)
    app = create_app(store, switches, hosts=(options.host, *options.allow_host))
    for name, vendor in accounts.items():
        app.state.sandbox.add_account(name, vendor)
    if options.seed:
        seed(app.state.sandbox, options.seed)
    host = f"[{options.host}]" if ":" in options.host else options.host
    base_urls = {vendor: f"http://{host}:{listener.getsockname()[1]}/{vendor}" for vendor in VENDORS}
    variables = environment(base_urls, accounts)
    base_urls |= {name: base_urls[vendor] for name, vendor in accounts.items()}
    server = Server(app, lambda: _print(_format_start(options.show, base_urls, credentials, variables)))
    if options.exit_with_parent:
        stop_with_parent(server.stop)
    server.run([listener])
    store.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("crossbook-sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=0, help="port to listen on (default: any free one)")
    parser.add_argument("--db", default=":memory:", metavar="FILE", help="file for the accounts (default: memory)")
    rate = "requests a second that a vendor allows, 0 for no limit (default: atom=10); none removes every limit"
    parser.add_argument("--rate", action="append", default=[], metavar="VENDOR=N", help=rate)
    parser.add_argument("--seed", type=_count, default=0, metavar="N", help="store N contacts in each empty account")
    switch = "set a switch, for instance serwersms_paging=false; see crossbook_sandbox.Options"
    parser.add_argument("--set", action="append", default=[], metavar="SWITCH=VALUE", type=_pair, help=switch)
    account = "add an account of a vendor, for instance eu=vercom, with credentials and contacts of its own, in memory"
    parser.add_argument("--account", action="append", default=[], metavar="NAME=VENDOR", type=_pair, help=account)
    parser.add_argument("--allow-remote", action="store_true", help="allow an address that other machines can reach")
    name = "a host name for /_sandbox, in addition to localhost, IP addresses and --host"
    parser.add_argument("--allow-host", action="append", default=[], metavar="NAME", help=name)
    parser.add_argument("--exit-with-parent", action="store_true", help="stop when the parent or standard input ends")
    show = parser.add_mutually_exclusive_group()
    for name, help_text in {
        "json": "print one line of JSON instead of the table",
        "env": "print lines for a shell instead of the table",
        "quiet": "print nothing",
    }.items():
        show.add_argument(f"--{name}", dest="show", action="store_const", const=name, default="table", help=help_text)
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number, at least 0")
    return int(text)


def _port(text: str) -> int:
    # The system accepts a greater number and takes another port for it.
    if (port := _count(text)) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port: give a number from 0 to 65535")
    return port


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(
            f"{text!r} must have the form NAME=VALUE, for instance serwersms_paging=false or eu=vercom"
        )
    return name, value


def _parse_rates(texts: list[str], switches: Options) -> dict[str, float]:
    rates = dict(switches.rates)
    for text in texts:
        vendor, _, number = text.partition("=")
        if text == "none":
            rates.clear()
        else:
            try:
                rates[vendor] = float(number)
            except ValueError:
                raise ValueError(
                    f"argument --rate: {text!r} must be none or VENDOR=N (requests a second), for instance atom=10"
                ) from None
    return rates


def _check_host(host: str, allow_remote: bool) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback and not allow_remote:
        raise ValueError(f"{host} is not a loopback address; add --allow-remote to let other machines connect")


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _format_start(
    show: str, base_urls: dict[str, str], credentials: dict[str, dict[str, str]], variables: dict[str, str]
) -> str:
    if show == "quiet":
        return ""
    if show == "json":
        url = base_urls["atom"].removesuffix("/atom")
        details = {"base_urls": base_urls, "credentials": credentials, "env": variables}
        return json.dumps({"url": url, "pid": os.getpid(), **details}) + "\n"
    if show == "env":
        return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    lines = ["The sandbox is running. Ctrl+C stops it."]
    for account, base_url in base_urls.items():
        lines += ["", f"{account:<12}{base_url}"]
        lines += [f"  {name:<17} {value}" for name, value in credentials[account].items()]
    lines += ["", "As environment variables (--env prints them for a shell):", ""]
    lines += [f"  {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
