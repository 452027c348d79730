"""Whether a run of a journal may be resumed: it must be the same work, in the same account."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from anyio import to_thread
from attrs import evolve, frozen

from crossbook import _validation
from crossbook._batch.fingerprint import KEY_SIZE, KeyedHash
from crossbook._redaction import Secret
from crossbook._validation import match_key
from crossbook.errors import CrossbookError, InvalidInputError, JournalMismatchError, NotFoundError
from crossbook.journal import Journal, JournalEntry, RunKey, StoredRun
from crossbook.models import Contact

SAMPLES = 3


@frozen
class Purpose:
    """What a batch is about to do, and where.

    Attributes:
        vendor, operation, match, base_url, brand: as in `RunKey`.
        creates: whether each item is a contact that is created or upserted.
        identity: the user name or `account=`, which is stored as a hash only; None if there is neither.
    """

    vendor: str
    operation: str
    match: str | None
    base_url: str
    brand: str
    creates: bool
    identity: Secret | None


class Resume:
    """Begins a run, or lets one be resumed.

    A changed credential cannot be noticed. So a run resumes without a question only where the base URL, the brand and
    an identity that no credential is part of are those that it began with. Otherwise contacts that the run wrote are
    read by id, and their match keys compared with the journal's hashes: another account has other contacts.

    Args:
        verbs: the vendor's, to read contacts with.
        purpose: what the batch is about to do.
        hashes: given the run's key here.
        name: the run's name.
        journal_key: the caller's key, which takes the place of a random one that the journal stores.
        same_account: the caller's word that the account is the same.
    """

    def __init__(
        self,
        adapter: Any,
        journal: Journal,
        purpose: Purpose,
        hashes: KeyedHash,
        *,
        name: str,
        journal_key: Secret | None,
        same_account: bool,
    ) -> None:
        self._adapter = adapter
        self._journal = journal
        self._purpose = purpose
        self._hashes = hashes
        self._which = f"run {name!r} of the journal" if name else "the journal"
        self._journal_key = journal_key
        self._same_account = same_account

    async def begin(self, stored: StoredRun | None) -> bool:
        """Begin the run, or resume the stored one; True if it is finished and only replayed.

        Nothing is written before the account is known to be the same, neither to the vendor nor to the journal.

        Raises:
            JournalMismatchError: the run was made for other work, or perhaps in another account; or it is archived.
            InvalidInputError: `journal_key` is missing, wrong, or was not used for this run.
        """
        if stored is not None and stored.state == "archived":
            raise self._mismatch("is archived: all its inputs have their outcome, and it is not run again", "run")
        if stored is None or (stored.empty and stored.state == "begun"):
            await self._journal.begin(await self._new_heading())
            return False
        heading = stored.run_key
        self._compare(heading)
        await self._use_key(heading)
        purpose, account = self._purpose, self._account()
        # An identity that this book does not have is kept: the account was just found to be the same.
        now = evolve(
            heading, match=purpose.match, base_url=purpose.base_url, brand=purpose.brand,
            account=account or heading.account,
        )  # fmt: skip
        same = account is not None and now == evolve(heading, match=purpose.match)
        if not (same or stored.empty or self._same_account):
            await self._check_account()
        if now != heading:
            await self._journal.begin(now)  # so that the next run of the same identity is not asked again
        return stored.state == "finished"

    async def _new_heading(self) -> RunKey:
        key, tag, purpose = secrets.token_bytes(KEY_SIZE), None, self._purpose
        if self._journal_key is None:
            self._hashes.use(key)
        else:
            derived = await _derived(self._journal_key, key)
            self._hashes.use(derived)
            tag = _tag(derived)
        return RunKey(
            purpose.vendor, purpose.operation, purpose.match, purpose.base_url, purpose.brand, self._account(), key, tag
        )

    def _account(self) -> str | None:
        identity = self._purpose.identity
        return None if identity is None else self._hashes.digest(f"account {identity.reveal()}")

    def _compare(self, heading: RunKey) -> None:
        for name in ("vendor", "operation", "match"):
            was, now = getattr(heading, name), getattr(self._purpose, name)
            if was not in (None, now):  # a match key may be given later
                raise self._mismatch(f"was made with {name} {was!r}, not {now!r}: repeat the call that began it", name)

    async def _use_key(self, heading: RunKey) -> None:
        if heading.tag is None:
            if self._journal_key is not None:
                raise InvalidInputError(
                    f"{self._which} was begun without journal_key: resume it without", field="journal_key"
                )
            self._hashes.use(heading.key)
            return
        if self._journal_key is None:
            raise InvalidInputError(f"{self._which} was begun with a journal_key: pass the same", field="journal_key")
        derived = await _derived(self._journal_key, heading.key)
        if not hmac.compare_digest(_tag(derived), heading.tag):
            raise InvalidInputError(
                f"journal_key is not the one that {self._which} was begun with", field="journal_key"
            )
        self._hashes.use(derived)

    async def _check_account(self) -> None:
        """Compare contacts that the run wrote with those that this account has under the same ids."""
        match = self._purpose.match if self._purpose.creates else None
        if match is None or not (samples := await self._journal.find_samples(SAMPLES)):
            raise self._another_account("no finished create or upsert with a match key shows whose it is")
        for entry, contact in zip(samples, await self._contacts(samples), strict=True):
            if contact is None:
                raise self._another_account(f"the contact of input {entry.index} is not here")
            key = match_key(match, getattr(contact, match), self._adapter.region)
            if key is None or self._hashes.digest(key) != entry.key:
                raise self._another_account(f"the contact of input {entry.index} has another {match} here")

    async def _contacts(self, samples: Any) -> list[Contact | None]:
        profile = self._adapter.profile
        if profile.capability("contacts.get").support == "emulated":  # in the whole list, which is read once then
            listed: Mapping[str, Contact] = {
                contact.id: contact for contact in await self._adapter.search(self._purpose.match, "")
            }
            return [listed.get(entry.id) for entry in samples]
        return [await self._contact(entry) for entry in samples]

    async def _contact(self, entry: JournalEntry) -> Contact | None:
        try:
            found: Contact = await self._adapter.get_contact(
                _validation.check_id(self._adapter.profile, "id", str(entry.id))
            )
        except (InvalidInputError, NotFoundError):
            return None
        return found

    def _another_account(self, why: str) -> CrossbookError:
        if self._purpose.identity is None:
            how = " in every run; with account= in the book, the same name in every run, once is enough"
        else:
            how = " once"
        what = f"may belong to another account: {why}. If the account is the same, pass same_account=True{how}"
        return self._mismatch(what, "account")

    def _mismatch(self, what: str, field: str) -> JournalMismatchError:
        return JournalMismatchError(f"{self._which} {what}", vendor=self._purpose.vendor, field=field)


async def _derived(journal_key: Secret, salt: bytes) -> bytes:
    """Return the run's key. It takes time on purpose, since the caller's key may be a phrase that can be guessed."""
    secret = journal_key.reveal().encode(errors="surrogatepass")
    return await to_thread.run_sync(lambda: hashlib.scrypt(secret, salt=salt, n=2**14, r=8, p=1, dklen=KEY_SIZE))


def _tag(key: bytes) -> bytes:
    return hashlib.blake2b(b"journal_key", key=key, digest_size=16).digest()
