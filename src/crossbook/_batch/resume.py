"""Decide whether a batch may resume a run stored in its journal: same operation, same account."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from anyio import to_thread
from attrs import define, evolve, frozen

from crossbook import _validation
from crossbook._batch.fingerprint import KEY_SIZE, KeyedHash
from crossbook._batch.matching import AUTO, list_match_keys, list_unhashed_keys
from crossbook._redaction import Secret
from crossbook.errors import CrossbookError, InvalidInputError, JournalMismatchError, NotFoundError
from crossbook.journal import Journal, JournalEntry, RunKey, StoredRun
from crossbook.models import Contact

_SAMPLES = 3  # contacts that are compared


@frozen
class RunIdentity:
    """The facts of a batch that must be the same when its run is resumed: vendor, operation, account.

    Attributes:
        vendor, operation, match, base_url, brand: as in `RunKey`.
        creates: whether each item is a contact that is created or upserted.
        identity: the user name or `account=`, of which only a hash is stored; None if the book has neither.
    """

    vendor: str
    operation: str
    match: str | None
    base_url: str
    brand: str
    creates: bool
    identity: Secret | None


@define(eq=False, repr=False, kw_only=True)
class Resume:
    """A step that begins a run in the journal, or resumes a stored run after checking that it belongs to this batch.

    Credentials change, so they do not show whether the account is the same. A run resumes without further checks only
    if base URL, brand and identity are unchanged. Otherwise contacts that the run wrote are read by id, and their match
    keys are compared with the journal's hashes: another account has other contacts.

    Args:
        adapter: the vendor's adapter, to read contacts.
        journal: the run's journal, which is open.
        work: what the batch is about to do.
        hashes: gets the run's key.
        run: the run's name.
        journal_key: the caller's key, from which the run's key is derived. None: the journal stores a random key.
        same_account: whether the caller states that the account is the same.
    """

    adapter: Any
    journal: Journal
    work: RunIdentity
    hashes: KeyedHash
    run: str
    journal_key: Secret | None
    same_account: bool

    @property
    def _name(self) -> str:
        return f"run {self.run!r} of the journal" if self.run else "the journal"

    async def begin(self, stored: StoredRun | None) -> bool:
        """Begin a run, or resume `stored`, the run in the journal. Return whether that run was finished.

        Nothing is written to the vendor or the journal before the account is known to be the same.

        Raises:
            JournalMismatchError: the run belongs to other work, perhaps to another account, or is archived.
            InvalidInputError: `journal_key` is missing or wrong, or the run began without it.
        """
        if stored is not None and stored.state == "archived":
            raise self._make_mismatch(
                "is archived: all its inputs were processed, so it cannot be resumed. Use another journal", "run"
            )
        if stored is None or (stored.empty and stored.state == "begun"):
            await self.journal.begin(await self._make_run_key())
            return False
        run_key = stored.run_key
        self._compare_work(run_key)
        await self._use_key(run_key)
        work, account = self.work, self._hash_account()
        # If this book has no identity, the stored identity stays: the account is the same.
        now = evolve(
            run_key, match=work.match, base_url=work.base_url, brand=work.brand,
            account=account or run_key.account,
        )  # fmt: skip
        same = account is not None and now == evolve(run_key, match=work.match)
        if not (same or stored.empty or self.same_account):
            await self._check_account()
        if now != run_key:
            await self.journal.begin(now)  # so that the next run with this identity needs no check
        return stored.state == "finished"

    async def _make_run_key(self) -> RunKey:
        key, tag, work = secrets.token_bytes(KEY_SIZE), None, self.work
        if self.journal_key is None:
            self.hashes.set_key(key)
        else:
            derived = await _derive_key(self.journal_key, key)
            self.hashes.set_key(derived)
            tag = _make_tag(derived)
        return RunKey(
            work.vendor, work.operation, work.match, work.base_url, work.brand, self._hash_account(), key, tag
        )

    def _hash_account(self) -> str | None:
        return hash_account(self.hashes, self.work.identity)

    def _compare_work(self, run_key: RunKey) -> None:
        for name in ("vendor", "operation", "match"):
            was, now = getattr(run_key, name), getattr(self.work, name)
            if was not in (None, now):  # a later run may add a match key
                raise self._make_mismatch(
                    f"was made with {name} {was!r}, not {now!r}: repeat the call that began it", name
                )

    async def _use_key(self, run_key: RunKey) -> None:
        if run_key.tag is None:
            if self.journal_key is not None:
                raise InvalidInputError(
                    f"{self._name} was begun without journal_key: resume it without journal_key", field="journal_key"
                )
            self.hashes.set_key(run_key.key)
            return
        if self.journal_key is None:
            raise InvalidInputError(
                f"{self._name} was begun with a journal_key: pass the same key", field="journal_key"
            )
        derived = await derive_run_key(self.journal_key, run_key)
        if derived is None:
            raise InvalidInputError(
                f"wrong journal_key: pass the key that {self._name} was begun with", field="journal_key"
            )
        self.hashes.set_key(derived)

    async def _check_account(self) -> None:
        """Raise JournalMismatchError if the account lacks contacts of the run, or has other match keys for them."""
        match = self.work.match if self.work.creates else None
        if match is None or not (samples := await self.journal.find_samples(_SAMPLES)):
            raise self._make_account_error("no finished create or upsert of the run has a match key to compare")
        profile, region = self.adapter.profile, self.adapter.region
        for entry, contact in zip(samples, await self._read_contacts(samples), strict=True):
            if contact is None:
                raise self._make_account_error(f"the contact of input {entry.index} is missing in this account")
            keys = list_unhashed_keys(profile, match, contact, region)
            if entry.key not in [self.hashes.digest(key) for key in keys]:
                name = "match key" if match == AUTO else match
                raise self._make_account_error(f"the contact of input {entry.index} has another {name} in this account")

    async def _read_contacts(self, samples: Sequence[JournalEntry]) -> list[Contact | None]:
        profile = self.adapter.profile
        if profile.capability("contacts.get").support == "emulated":  # each get would read the whole list
            name = list_match_keys(profile, self.work.match or AUTO)[0]
            listed: Mapping[str, Contact] = {contact.id: contact for contact in await self.adapter.search(name, "")}
            return [listed.get(str(entry.id)) for entry in samples]
        return [await self._read_contact(entry) for entry in samples]

    async def _read_contact(self, entry: JournalEntry) -> Contact | None:
        try:
            found: Contact = await self.adapter.get_contact(
                _validation.check_id(self.adapter.profile, "id", str(entry.id))
            )
        except (InvalidInputError, NotFoundError):
            return None
        return found

    def _make_account_error(self, why: str) -> CrossbookError:
        if self.work.identity is None:
            how = " in every run, or once if account= in the book has the same name in every run"
        else:
            how = " once"
        what = f"may belong to another account: {why}. If the account is the same, pass same_account=True{how}"
        return self._make_mismatch(what, "account")

    def _make_mismatch(self, what: str, field: str) -> JournalMismatchError:
        return JournalMismatchError(f"{self._name} {what}", vendor=self.work.vendor, field=field)


def hash_account(hashes: KeyedHash, identity: Secret | None) -> str | None:
    """Return the hash of an account's identity, which a run key contains, or None without an identity."""
    return None if identity is None else hashes.digest(f"account {identity.reveal()}")


async def derive_run_key(journal_key: Secret, run_key: RunKey) -> bytes | None:
    """Return the key of a run that began with a `journal_key`, or None if this is another key."""
    derived = await _derive_key(journal_key, run_key.key)
    return derived if run_key.tag is not None and hmac.compare_digest(_make_tag(derived), run_key.tag) else None


async def _derive_key(journal_key: Secret, salt: bytes) -> bytes:
    """Derive the run's key from the caller's key, which may be guessable, with scrypt: it is slow on purpose."""
    secret = journal_key.reveal().encode(errors="surrogatepass")
    return await to_thread.run_sync(lambda: hashlib.scrypt(secret, salt=salt, n=2**14, r=8, p=1, dklen=KEY_SIZE))


def _make_tag(key: bytes) -> bytes:
    return hashlib.blake2b(b"journal_key", key=key, digest_size=16).digest()
