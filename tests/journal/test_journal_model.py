"""Test the journal against a model of dicts, with any order of writes, and closed and opened in between."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from anyio.from_thread import start_blocking_portal
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from journals import HEADING

from crossbook.journal import JournalEntry, SqliteJournal, StoredRun

INDEX = st.integers(0, 12)
NAMES = st.lists(st.text(max_size=5), max_size=3).map(tuple)
KEYS = st.sampled_from(["k1", "k2", "k3"])
IDS = st.sampled_from(["1", "2", "3"])
ERROR = st.dictionaries(
    st.text(max_size=5), st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=9), min_size=1
)
ENTRIES = st.lists(
    st.builds(
        JournalEntry,
        index=INDEX,
        item_key=st.none() | st.text(max_size=9),
        fingerprint=st.text(max_size=9),
        key=st.none() | KEYS,
        state=st.sampled_from(["intent", "done"]),
        at=st.floats(0, 2e9),
        existing_ids=NAMES,
        attempts=st.integers(0, 9),
        status=st.none() | st.sampled_from(["created", "failed", "skipped"]),
        id=st.none() | IDS,
        error=st.none() | ERROR,
        dropped_fields=NAMES,
        write_only_fields=NAMES,
    ),
    max_size=4,
)
RUN = st.sampled_from(["", "second"])


class Machine(RuleBasedStateMachine):
    backend = "asyncio"

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.folder = tempfile.mkdtemp()
        self.portal = self.stack.enter_context(start_blocking_portal(self.backend))
        self.journal = SqliteJournal(Path(self.folder, "import.sqlite"))
        self.run = ""
        self.runs: dict[str, dict[int, JournalEntry]] = {"": {}, "second": {}}
        self.marks: dict[str, dict[int, str]] = {"": {}, "second": {}}
        self.finished: set[str] = set()
        assert self.call("open", "") is None
        self.call("begin", HEADING)
        self.begun = {""}

    def call(self, method: str, *values: object) -> Any:
        return self.portal.call(getattr(self.journal, method), *values)

    @property
    def model(self) -> dict[int, JournalEntry]:
        return self.runs[self.run]

    @rule(entries=ENTRIES, method=st.sampled_from(["record_intents", "record_outcomes"]))
    def write(self, entries: list[JournalEntry], method: str) -> None:
        self.call(method, entries)
        self.model.update((entry.index, entry) for entry in entries)

    @rule(index=INDEX, cursor=st.text(max_size=9))
    def checkpoint(self, index: int, cursor: str) -> None:
        self.call("checkpoint", cursor, index)
        self.marks[self.run][index] = cursor

    @rule(run=RUN)
    def reopen(self, run: str) -> None:
        self.call("close")
        stored = self.call("open", run)
        self.run = run
        if run in self.begun:
            state: Any = "finished" if run in self.finished else "begun"
            assert stored == StoredRun(HEADING, state, not (self.model or self.marks[run]))
        else:
            assert stored is None
            self.call("begin", HEADING)
            self.begun.add(run)

    @precondition(lambda self: self.model)
    @rule()
    def finish(self) -> None:
        self.call("finish", len(self.model))
        self.finished.add(self.run)

    @rule(index=INDEX)
    def entry(self, index: int) -> None:
        assert self.call("find_entry", index) == self.model.get(index)

    @rule(first=INDEX, count=st.integers(1, 5))
    def entries(self, first: int, count: int) -> None:
        assert self.call("find_entries", first, count) == [
            self.model[index] for index in range(first, first + count) if index in self.model
        ]

    @rule(id=IDS)
    def owner(self, id: str) -> None:
        assert self.call("find_owner", id) == min(
            (e.index for e in self.model.values() if e.id == id and e.status != "skipped"), default=None
        )

    @rule(key=KEYS)
    def find_key(self, key: str) -> None:
        assert self.call("find_key", key) == min((e.index for e in self.model.values() if e.key == key), default=None)

    @rule(key=KEYS)
    def find_last_written(self, key: str) -> None:
        assert self.call("find_last_written", key) == max(
            (e.index for e in self.model.values() if e.key == key and e.state == "done" and e.status == "created"),
            default=None,
        )

    @invariant()
    def marks_and_first_open(self) -> None:
        marks = self.marks[self.run]
        assert self.call("find_checkpoints") == tuple((marks[index], index) for index in sorted(marks))
        settled = {index for index, entry in self.model.items() if entry.state == "done"}
        assert self.call("find_first_open") == next(index for index in range(99) if index not in settled)

    def teardown(self) -> None:
        self.call("close")
        self.stack.close()
        shutil.rmtree(self.folder)


class TrioMachine(Machine):
    backend = "trio"


_SETTINGS = settings(max_examples=12, stateful_step_count=25)
TestOnAsyncio = Machine.TestCase
TestOnAsyncio.settings = _SETTINGS
TestOnTrio = TrioMachine.TestCase
TestOnTrio.settings = _SETTINGS
