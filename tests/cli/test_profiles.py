"""Profiles, files of variables and the keyring: which credentials a command uses, and that it shows none."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from command import Run, start
from control import Server
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from crossbook_cli.config import find_path

SECRETS = ("wrobel-token-1", "wrobel-token-2", "wrobel-token-3")
LIST = ("contacts", "list", "vercom", "--json")


class MemoryKeyring(KeyringBackend):
    """A keyring in memory."""

    priority = 5  # type: ignore[assignment]  # pyright: ignore

    def __init__(self) -> None:
        self.secrets: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.secrets[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.secrets[service, username]


@pytest.fixture(autouse=True)
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The path of the configuration file, in an empty folder. There is no keyring."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())
    yield find_path()
    keyring.set_keyring(before)


@pytest.fixture
def memory() -> MemoryKeyring:
    backend = MemoryKeyring()
    keyring.set_keyring(backend)
    return backend


@pytest.fixture
def enter(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that puts lines on standard input, which is no terminal."""
    return lambda *lines: monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, server: Server) -> dict[str, str]:
    """Take the sandbox's variables out of the environment, and return them."""
    for name in server.env:
        monkeypatch.delenv(name)
    return dict(server.env)


def vercom(env: dict[str, str], config: Path, *, mode: int = 0o600) -> None:
    """Write a profile with the sandbox's account at Vercom, with the secrets in the file."""
    config.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        f'{name.removeprefix("CROSSBOOK_VERCOM_").lower()} = "{value}"'
        for name, value in env.items()
        if name.startswith("CROSSBOOK_VERCOM_")
    ]
    config.write_text("# mine\n[profiles.work.vercom]\n" + "\n".join(lines) + "\n")
    config.chmod(mode)


def test_profile_is_used_before_or_after_command(run: Run, bare: dict[str, str], config: Path) -> None:
    vercom(bare, config)
    assert run(*LIST).code == 2
    for arguments in (("--profile", "work", *LIST), (*LIST, "--profile", "work"), (*LIST, "--profile=work")):
        assert run(*arguments).code == 0
        assert "CROSSBOOK_VERCOM_AUTHORIZATION" not in os.environ
    # After `--` an argument is data.
    assert run("contacts", "create", "vercom", "--", "--profile", "work").code == 2


def test_profile_of_variable_replaces_environment(
    run: Run, server: Server, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No credentials of two accounts are mixed, and accounts that the profile does not have cannot be used."""
    vercom(dict(server.env), config)
    monkeypatch.setenv("CROSSBOOK_VERCOM_AUTHORIZATION", "another account")
    assert run(*LIST).code == 3
    monkeypatch.setenv("CROSSBOOK_PROFILE", "work")
    assert run(*LIST).code == 0
    ran = run("contacts", "list", "atom")
    assert ran.code == 2
    assert "the profile work lacks CROSSBOOK_ATOM" in ran.err.lower().replace("crossbook_atom", "CROSSBOOK_ATOM")
    assert "crossbook profile set work" in run("books").out
    assert os.environ["CROSSBOOK_VERCOM_AUTHORIZATION"] == "another account"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no modes")
@pytest.mark.parametrize(
    ("mode", "secrets", "words"),
    [
        (0o600, True, ""), (0o400, True, ""), (0o640, True, "run chmod 600"), (0o604, True, "run chmod 600"),
        (0o644, False, ""), (0o664, False, "run chmod go-w"), (0o602, True, "run chmod go-w"),
    ],
)  # fmt: skip
def test_file_that_others_can_read_is_refused(
    run: Run, server: Server, config: Path, memory: MemoryKeyring, mode: int, secrets: bool, words: str
) -> None:
    vercom(dict(server.env), config)
    if not secrets:
        memory.secrets["crossbook", "key"] = server.env["CROSSBOOK_VERCOM_APPLICATION_KEY"]
        memory.secrets["crossbook", "auth"] = server.env["CROSSBOOK_VERCOM_AUTHORIZATION"]
        config.write_text(
            '[profiles.work.vercom]\nauthorization = { keyring = "auth" }\napplication_key.keyring = "key"\n'
            f'base_url = "{server.env["CROSSBOOK_VERCOM_BASE_URL"]}"\n'
        )
    config.chmod(mode)
    ran = run("--profile", "work", *LIST)
    assert ran.code == (2 if words else 0), ran.err
    assert words in ran.err
    assert server.env["CROSSBOOK_VERCOM_AUTHORIZATION"] not in ran.out + ran.err


def test_set_asks_for_secrets_and_stores_them_private(run: Run, config: Path, enter: Callable[..., None]) -> None:
    enter(*SECRETS[:2])
    ran = run("profile", "set", "work", "vercom", "brand=redlink")
    assert ran.code == 0, ran.err
    assert "which only you can read" in ran.err
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert stat.S_IMODE(config.parent.stat().st_mode) == 0o700
    assert [json.loads(line) for line in run("profile", "list", "--json").out.splitlines()] == [
        {"profile": "work", "books": ["vercom"], "active": False}
    ]
    shown = (
        run("profile", "show", "work").out + run("profile", "show", "work", "--json").out + run("profile", "list").out
    )
    assert "redlink" in shown
    assert not any(secret in shown for secret in SECRETS)
    # An empty line keeps a secret.
    enter("", SECRETS[2])
    assert run("profile", "set", "work", "vercom", "brand=").code == 0
    text = config.read_text()
    assert SECRETS[0] in text
    assert SECRETS[1] not in text
    assert SECRETS[2] in text
    assert "redlink" not in text


def test_secrets_are_in_keyring_if_there_is_one(
    run: Run, server: Server, bare: dict[str, str], config: Path, memory: MemoryKeyring, enter: Callable[..., None]
) -> None:
    account = [bare[f"CROSSBOOK_VERCOM_{name}"] for name in ("AUTHORIZATION", "APPLICATION_KEY")]
    enter(*account)
    url = bare["CROSSBOOK_VERCOM_BASE_URL"]
    ran = run("profile", "set", "work", "eu", "vendor=vercom", f"base_url={url}")
    assert "its secrets are in the keyring" in ran.err
    assert not any(secret in config.read_text() for secret in account)
    assert run("contacts", "list", "eu", "--json", "--profile", "work").code == 0
    # The file and the keyring change places.
    enter("", "")
    assert "config.toml" in run("profile", "set", "work", "eu", "--no-keyring").err
    assert account[0] in config.read_text()
    assert memory.secrets == {}
    enter("", "")
    assert run("profile", "set", "work", "eu", "--keyring").code == 0
    assert len(memory.secrets) == 2
    assert run("profile", "remove", "work", "eu").code == 0
    assert memory.secrets == {}
    assert run("contacts", "list", "eu", "--profile", "work").code == 2


def test_keyring_without_secret_says_what_to_do(run: Run, config: Path, memory: MemoryKeyring) -> None:
    config.parent.mkdir(parents=True)
    config.write_text('[profiles.work.atom]\ntoken = { keyring = "gone" }\nbase_url = "https://sms.example.com"\n')
    config.chmod(0o600)
    ran = run("--profile", "work", "contacts", "list", "atom")
    assert (ran.code, "the keyring has no secret 'gone'" in ran.err) == (2, True), ran.err
    keyring.set_keyring(NoKeyring())
    ran = run("--profile", "work", "contacts", "list", "atom")
    assert ran.code == 2
    assert "profile set --no-keyring" in ran.err


def test_comments_and_links_of_file_are_kept(
    run: Run, server: Server, config: Path, enter: Callable[..., None], tmp_path: Path
) -> None:
    vercom(dict(server.env), config)
    real = tmp_path / "dotfiles.toml"
    config.rename(real)
    config.symlink_to(real)
    enter("wrobel-token-1")
    assert run("profile", "set", "home", "atom", "base_url=https://sms.example.com").code == 0
    assert config.is_symlink()
    assert real.read_text().startswith("# mine\n")
    assert run("profile", "remove", "home").code == 0
    assert "atom" not in real.read_text()
    assert run("--profile", "work", *LIST).code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[profiles.work.vercom]\nauthorization = wrobel-token-1\n", "is not valid TOML (at line 2"),
        ("\xff", "UTF-8"),
        ("profiles = 1\n", "[profiles.work.vercom]"),
        ("[profiles]\nwork = 1\n", "must be a table"),
        ("[profiles.work.vercom]\nauthorization = 5\n", "must be text, or"),
        ("[profiles.work.vercom]\ntoken = 'x'\n", "has no parameter token: use authorization"),
        ("[profiles.work.eu]\nusername = 'x'\n", "the book eu needs its vendor"),
        ("[profiles.work.'E U']\n", "invalid book"),
        ("[other]\n", "[profiles.work.vercom]"),
    ],
)
def test_invalid_file_is_explained(run: Run, config: Path, text: str, words: str) -> None:
    config.parent.mkdir(parents=True)
    config.write_bytes(text.encode("latin-1"))
    config.chmod(0o600)
    for arguments in (("--profile", "work", "books"), ("profile", "list")):
        ran = run(*arguments)
        assert ran.code == 2, ran.err
        assert words.lower() in ran.err.lower()
        assert "wrobel" not in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("set", "work", "atom", "token=wrobel-token-1"), "must not be an argument"),
        (("set", "work", "atom", "wrobel-token-1"), "write PARAMETER=VALUE"),
        (("set", "work", "atom"), "needs its base_url"),
        (("set", "work", "eu"), "needs its vendor"),
        (("set", "work", "vercom", "username=x"), "vercom has no parameter username"),
        (("set", "work", "vercom"), "needs its authorization"),
        (("set", "a/b", "vercom"), "a profile's name has letters"),
        (("show", "none"), "there is no profile 'none'"),
        (("remove", "none"), "there is no profile 'none'"),
    ],
)
def test_wrong_profile_command_is_explained(
    run: Run, enter: Callable[..., None], config: Path, arguments: tuple[str, ...], words: str
) -> None:
    enter()
    ran = run("profile", *arguments)
    assert ran.code == 2
    assert words.lower() in ran.err.lower()
    assert "wrobel" not in ran.err
    assert not config.exists()


def test_env_file_never_replaces_environment(
    run: Run, bare: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text("".join(f"export {name}='{value}'\n" for name, value in bare.items()) + "PATH=/nowhere\n")
    before = os.environ["PATH"]
    assert run(*LIST).code == 2  # a .env file is read only if it is named
    assert run(*LIST, "--env-file", ".env").code == 0
    monkeypatch.setenv("CROSSBOOK_ENV_FILE", str(file))
    assert run(*LIST).code == 0
    assert os.environ["PATH"] == before
    monkeypatch.setenv("CROSSBOOK_VERCOM_AUTHORIZATION", "another account")
    assert run(*LIST).code == 3
    assert run(*LIST, "--env-file", "none.env").code == 2


def test_profile_commands_show_no_secret(server: Server, config: Path, tmp_path: Path) -> None:
    """In processes of their own: output, errors, help and the file's mode."""
    env = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    shown = ""
    nowhere = "base_url=http://127.0.0.1:9"
    for arguments, lines in (
        (("profile", "set", "work", "serwersms", "username=wrobel", nowhere), SECRETS[:1]),
        (("profile", "set", "work", "serwersms", "username=wrobel", "--keyring"), SECRETS[1:2]),
        (("profile", "set", "work", "filemail", "username=wrobel", nowhere), SECRETS[1:]),
        (("profile", "show", "work"), ()),
        (("profile", "list"), ()),
        (("books", "--profile", "work", "--timeout", "5"), ()),
        (("contacts", "get", "filemail", "1", "--profile", "work"), ()),
        (("profile", "remove", "work"), ()),
    ):
        with start(*arguments, env=env) as process:
            out, err = process.communicate("".join(f"{line}\n" for line in lines), timeout=120)
        shown += out + err
    assert "Traceback" not in shown
    assert not any(secret in shown for secret in SECRETS)
    assert "The keyring cannot be used" in shown
    assert not any(secret in config.read_text() for secret in SECRETS)
