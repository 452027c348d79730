"""The user's configuration file with profiles: read, check and write it; use a profile or a `.env` file as environment.

    [profiles.work.vercom]
    authorization = { keyring = "work/vercom/authorization" }
    application_key = { keyring = "work/vercom/application_key" }
    brand = "redlink"

A profile is a set of accounts. Each parameter stands for the environment variable that `crossbook.open` reads. A secret
is a reference to the keyring, or its text if no other user can read the file.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from attrs import frozen

from crossbook.errors import InvalidInputError
from crossbook.registry import is_account_name, list_accounts, list_vendors, load_vendor
from crossbook.vendor import VendorProfile, environment_variable

PROFILE_VARIABLE = "CROSSBOOK_PROFILE"
ENV_FILE_VARIABLE = "CROSSBOOK_ENV_FILE"
_SERVICE = "crossbook"  # the name under which the keyring lists the secrets
_PUBLIC = ("username", "brand", "base_url", "account", "vendor")
_PREFIX = "CROSSBOOK_"


@frozen
class Setting:
    """The value of one parameter: its text, or a reference to a secret in the keyring.

    Attributes:
        text: the text; None for a reference. It may be a secret, so the repr does not show it.
        reference: the name of the secret in the keyring.
    """

    text: str | None = None
    reference: str | None = None

    def __repr__(self) -> str:
        return f"Setting(text={'***' if self.text else None}, reference={self.reference!r})"

    def read(self) -> str:
        """Return the value, from the keyring if it is there."""
        return self.text if self.text is not None else read_secret(str(self.reference))


Account = dict[str, Setting]
Profile = dict[str, Account]


def find_path() -> Path:
    """Return the path of the configuration file in the platform's folder: ~/.config/crossbook/config.toml on Linux."""
    from platformdirs import user_config_path

    return user_config_path("crossbook", appauthor=False) / "config.toml"


def is_secret(parameter: str) -> bool:
    return parameter not in _PUBLIC


def list_parameters(book: str, account: Mapping[str, object]) -> tuple[VendorProfile, tuple[str, ...]]:
    """Return the vendor of an account, and the parameters that the account can have.

    Raises:
        InvalidInputError: the name of the book is invalid, or its vendor is missing or unknown.
    """
    vendors = list_vendors()
    if not is_account_name(book):
        raise InvalidInputError(
            f"invalid book {book[:40]!r}: use small letters, digits and dashes, such as vercom or eu", field="book"
        )
    vendor = book if book in vendors else account.get("vendor")
    if not isinstance(vendor, str) or vendor not in vendors:
        raise InvalidInputError(
            f"the book {book} needs its vendor: pass vendor=NAME, where NAME is one of {', '.join(vendors)}",
            field="vendor",
        )
    profile: VendorProfile = load_vendor(vendor).profile
    return profile, (*profile.environment, *(() if book in vendors else ("vendor",)))


def load_profiles() -> dict[str, Profile]:
    """Return all profiles of the configuration file by name; none if there is no file.

    Raises:
        InvalidInputError: the file is invalid, or other users can read its secrets or change it.
    """
    path = find_path()
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            content = file.read()
    except FileNotFoundError:
        return {}
    profiles = _parse(path, content)
    if os.name == "posix":
        has_secrets = any(
            setting.text is not None and is_secret(parameter)
            for profile in profiles.values()
            for account in profile.values()
            for parameter, setting in account.items()
        )
        _check_access(path, status, has_secrets=has_secrets)
    return profiles


def _check_access(path: Path, status: os.stat_result, *, has_secrets: bool) -> None:
    """Refuse a file that another user could have written, or whose secrets another user can read."""
    if status.st_uid not in (os.geteuid(), 0):
        raise InvalidInputError(
            f"{path} belongs to another user: move it away, and make a profile again", field="profile"
        )
    if status.st_mode & 0o022:
        raise InvalidInputError(f"other users can change {path}: run chmod go-w on it", field="profile")
    if has_secrets and status.st_mode & 0o077:
        raise InvalidInputError(
            f"other users can read the secrets in {path}: run chmod 600 on it, or move the secrets to the keyring with "
            "crossbook profile set --keyring",
            field="profile",
        )


def _parse(path: Path, content: bytes) -> dict[str, Profile]:
    problem = ""
    data: dict[str, Any] = {}
    try:
        data = tomllib.loads(content.decode())
    except UnicodeDecodeError:
        problem = "is not text in UTF-8"
    except tomllib.TOMLDecodeError as error:
        # Only the position is shown: the message may quote a part of the line.
        position = str(error).rpartition("(")[2].removesuffix(")")
        problem = f"is not valid TOML ({position})"
    if problem:
        raise InvalidInputError(f"{path} {problem}: correct or delete it", field="profile")
    profiles = data.get("profiles", {})
    unknown = [name for name in data if name != "profiles"]
    if unknown or not isinstance(profiles, dict):
        raise _invalid_file(path, "must hold tables such as [profiles.work.vercom]")
    return {
        str(name): {
            str(book): _parse_account(path, f"{name}.{book}", str(book), account)
            for book, account in _check_table(path, str(name), profile)
        }
        for name, profile in _check_table(path, "profiles", profiles)
    }


def _check_table(path: Path, name: str, table: Any) -> Iterator[tuple[Any, Any]]:
    if not isinstance(table, dict):
        raise _invalid_file(path, f"{name} must be a table, such as [profiles.work.vercom]")
    items: dict[Any, Any] = table  # pyright: ignore[reportUnknownVariableType]
    return iter(items.items())


def _parse_account(path: Path, where: str, book: str, account: object) -> Account:
    found: Account = {}
    for parameter, value in _check_table(path, where, account):
        match value:
            case str():
                found[str(parameter)] = Setting(text=value)
            case {"keyring": str(reference)}:
                found[str(parameter)] = Setting(reference=reference)
            case _:
                raise _invalid_file(path, f'{where}.{parameter} must be text, or {{ keyring = "name of the secret" }}')
    vendor = found.get("vendor")
    _, allowed = list_parameters(book, {"vendor": vendor.text} if vendor else {})
    for parameter in found:
        if parameter not in allowed:
            raise _invalid_file(path, f"{where} has no parameter {parameter}: use {', '.join(allowed)}")
    return found


def _invalid_file(path: Path, problem: str) -> InvalidInputError:
    return InvalidInputError(f"{path}: {problem}", field="profile")


def get_profile(profiles: Mapping[str, Profile], name: str) -> Profile:
    """Return the profile with this name. Raise InvalidInputError if there is none."""
    if name not in profiles:
        known = f"the profiles are {', '.join(profiles)}" if profiles else "there are no profiles"
        raise InvalidInputError(
            f"there is no profile {name[:40]!r}: {known}. Make one with crossbook profile set NAME BOOK",
            field="profile",
        )
    return profiles[name]


def save_account(name: str, book: str, account: Account) -> Path:
    """Write one account of a profile, or delete it if it is empty. Keep the rest of the file with its comments.

    The file is replaced at once, and only its owner may read it. Return its path.
    """
    import tomlkit

    path = find_path().resolve()  # a link to a folder of dotfiles stays a link
    document: Any = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    profiles = document.setdefault("profiles", tomlkit.table(is_super_table=True))
    profile = profiles.setdefault(name, tomlkit.table(is_super_table=True))
    profile.pop(book, None)
    if account:
        table = tomlkit.table()
        for parameter, setting in account.items():
            if setting.reference is not None:
                table[parameter] = tomlkit.inline_table().append("keyring", setting.reference)
            else:
                table[parameter] = setting.text
        profile[book] = table
    if not profile:
        del profiles[name]
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        os.chmod(new, 0o600)
        file.write(tomlkit.dumps(document))
    new.replace(path)
    return path


def read_secret(reference: str) -> str:
    """Return a secret of the keyring.

    Raises:
        InvalidInputError: the extra is missing, the keyring is locked or has no such secret.
    """
    with _open_keyring() as keyring:
        found: str | None = keyring.get_password(_SERVICE, reference)
    if found is None:
        raise InvalidInputError(
            f"the keyring has no secret {reference!r} of {_SERVICE}: store it again with crossbook profile set",
            field="profile",
        )
    return found


def store_secret(reference: str, secret: str) -> None:
    with _open_keyring() as keyring:
        keyring.set_password(_SERVICE, reference, secret)


def delete_secret(reference: str) -> None:
    """Delete a secret from the keyring, if it is there."""
    with _open_keyring() as keyring:
        if keyring.get_password(_SERVICE, reference) is not None:
            keyring.delete_password(_SERVICE, reference)


def has_keyring() -> bool:
    """Return whether the extra `keyring` is installed and this system has a safe keyring."""
    try:
        import keyring
    except ModuleNotFoundError:
        return False
    return bool(keyring.get_keyring().priority >= 1)


@contextmanager
def _open_keyring() -> Generator[Any]:
    """Give the module `keyring`; turn its errors into errors that say what to do."""
    problem = ""
    try:
        import keyring

        yield keyring
    except ModuleNotFoundError:
        problem = "the keyring needs a package: pip install 'crossbook[keyring]'"
    except Exception as error:  # each backend has errors of its own, whose text is not ours
        problem = (
            f"the keyring cannot be used ({type(error).__name__}): unlock it, or store the secrets in the file with "
            "crossbook profile set --no-keyring"
        )
    if problem:
        raise InvalidInputError(problem, field="profile")


@contextmanager
def use_environment(profile: str | None, env_file: str | None) -> Generator[str | None]:
    """Add the variables of a `.env` file and of a profile to the environment during the block; give the profile's name.

    Variables of the environment come before those of the `.env` file. A profile replaces all accounts of both, so that
    no credentials of two accounts are mixed.
    """
    before = dict(os.environ)
    try:
        env_file = env_file or os.environ.get(ENV_FILE_VARIABLE)
        if env_file:
            for name, value in _read_env_file(env_file).items():
                os.environ.setdefault(name, value)
        profile = profile or os.environ.get(PROFILE_VARIABLE) or None
        if profile:
            _use_profile(get_profile(load_profiles(), profile))
        yield profile
    finally:
        for name in [name for name in os.environ if name.startswith(_PREFIX)]:
            if name not in before:
                del os.environ[name]
        os.environ.update({name: value for name, value in before.items() if name.startswith(_PREFIX)})


def _use_profile(profile: Profile) -> None:
    for book in chain(list_vendors(), list_accounts()):
        prefix = environment_variable(book, "")
        for name in [name for name in os.environ if name.startswith(prefix)]:
            del os.environ[name]
    for book, account in profile.items():
        for parameter, setting in account.items():
            os.environ[environment_variable(book, parameter)] = setting.read()


def _read_env_file(path: str) -> dict[str, str]:
    """Return the variables of a `.env` file that are crossbook's."""
    from dotenv import dotenv_values

    try:
        with open(path, encoding="utf-8") as file:
            values = dotenv_values(stream=file)
    except UnicodeDecodeError:
        values = None
    if values is None:
        raise InvalidInputError(f"{path} is not text in UTF-8: save it as UTF-8", field="env-file")
    return {name: value for name, value in values.items() if name.startswith(_PREFIX) and value is not None}
