"""The tables of a fleet in Postgres, and their migrations."""

from __future__ import annotations

from typing import Any

LOCK = 0x63726F7373  # "cross": the advisory lock of the migrations

_TABLES = """
create schema crossbook;

create table crossbook.migration (version int primary key, applied_at timestamptz not null default now());

-- The place of an account, its rate limit and its login token. Times are of the database's clock.
create table crossbook.account (
    id bigint generated always as identity primary key,
    vendor text not null,
    base_url text not null,
    name text not null,
    salt bytea not null,           -- of the hashes of match keys
    next_at timestamptz,           -- when the next permit is due (GCRA's theoretical arrival time)
    closed_until timestamptz,      -- until when the vendor wants no request (Retry-After)
    closed_for float8 not null default 0,
    learned float8,                -- requests a second, after the vendor throttled
    learned_at timestamptz,
    second timestamptz,            -- in which `granted` permits were granted; `granted_before`: in the one before
    granted int not null default 0,
    granted_before int not null default 0,
    unique (vendor, base_url, name)
);

create table crossbook.token (account text primary key, secret bytea not null);

create table crossbook.run (
    id bigint generated always as identity primary key,
    name text not null unique,
    account bigint not null references crossbook.account,
    method text not null,
    options jsonb not null,
    state text not null default 'submitting',  -- submitting, open, paused, cancelled, finished
    priority int not null,
    chunk_size int not null,
    chunks int not null default 0,
    items bigint not null default 0,
    done_chunks int not null default 0,
    parked_chunks int not null default 0,
    counts jsonb not null default '{}',
    key bytea not null,
    created_at timestamptz not null default clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz
);

create table crossbook.chunk (
    run bigint not null references crossbook.run on delete cascade,
    number int not null,
    items int not null,
    state text not null default 'waiting',     -- waiting, leased, done, parked
    payload bytea,                             -- the inputs; deleted with the last of them
    digest bytea not null,
    fence int not null default 0,              -- grows with each owner
    owner text,
    leased_until timestamptz,
    failures int not null default 0,
    error text,
    blockers int not null default 0,           -- earlier chunks with a match key of this one that are not done
    results bytea,
    primary key (run, number)
);
create index chunk_leased on crossbook.chunk (leased_until) where state = 'leased';
create index chunk_open on crossbook.chunk (run, number) where state in ('waiting', 'leased') and blockers = 0;
create index chunk_parked on crossbook.chunk (run) where state = 'parked';

-- The journal of a chunk while it is processed: one row for each call of the journal.
create table crossbook.journal (
    run bigint not null, number int not null, position bigint generated always as identity, fence int not null,
    entries bytea not null, primary key (run, number, position)
);

-- The match keys of chunks that are not done, as hashes, each with the last chunk that has it.
create table crossbook.match_key (
    account bigint not null, hash bytea not null, run bigint not null, number int not null,
    primary key (account, hash)
);
create index match_key_chunk on crossbook.match_key (run, number);

create table crossbook.blocker (
    run bigint not null, number int not null, by_run bigint not null, by_number int not null,
    primary key (by_run, by_number, run, number)
);
"""

# One row of an account is the limit of all processes (GCRA). A permit is due `1 / rate` after the one before. The clock
# is read once, behind the lock of the row. Nothing is reserved more than two lots ahead, so a due time beyond that, or
# a Retry-After that ends later than it can, means that the clock was set back: both are then clamped.
_RESERVE = """
-- A learned rate grows slowly at first, then faster, until the known rate is reached.
create function crossbook.grown(learned float8, age interval) returns float8 language sql immutable as $$
    select learned * (1 + 0.01 * power(greatest(0, extract(epoch from age)) / 10, 3))
$$;

create function crossbook.reserve(
    account_id bigint, count int, known float8, lot float8,
    out granted int, out ready_in float8, out rate float8, out closed float8, out jumped bool
) language plpgsql as $$
declare
    a crossbook.account%rowtype;
    clock timestamptz;
    ahead float8;
    start timestamptz;
    this_second timestamptz;
begin
    select * into strict a from crossbook.account where id = account_id for update;
    clock := clock_timestamp();
    jumped := false;
    rate := known;
    if a.learned is not null then
        rate := least(known, crossbook.grown(a.learned, clock - a.learned_at));
    end if;
    closed := coalesce(extract(epoch from a.closed_until - clock), 0);
    if closed > a.closed_for then
        jumped := true;
        closed := a.closed_for;
        a.closed_until := clock + make_interval(secs => closed);
        update crossbook.account set closed_until = a.closed_until where id = account_id;
    end if;
    closed := greatest(0, closed);
    ahead := coalesce(extract(epoch from a.next_at - clock), 0);
    if ahead > 2 * lot + 2 * greatest(1, count) / rate + 0.5 then
        jumped := true;
        -- Lots of the time before may still be in use.
        a.next_at := clock + make_interval(secs => lot + greatest(1, count) / rate);
        ahead := lot;
        update crossbook.account set next_at = a.next_at where id = account_id;
    end if;
    granted := 0;
    if closed > 0 then
        ready_in := closed;
        return;
    end if;
    if ahead > lot then
        ready_in := ahead - lot;
        return;
    end if;
    -- A fast rate may make up for the time that a reservation takes.
    start := greatest(coalesce(a.next_at, clock), clock - make_interval(secs => 0.04));
    this_second := date_trunc('second', clock);
    granted := count;
    ready_in := extract(epoch from start - clock);
    update crossbook.account set
        next_at = start + make_interval(secs => count / reserve.rate),
        granted_before = case when a.second = this_second then a.granted_before
            when a.second = this_second - interval '1 second' then a.granted else 0 end,
        granted = case when a.second = this_second then a.granted + count else count end,
        second = this_second
    where id = account_id;
end $$;
"""

# The vendor refused a request because of the rate. Several refusals within a second are one: the other requests left
# before the first refusal was known.
_THROTTLED = """
create function crossbook.throttled(account_id bigint, known float8, wait float8) returns void language plpgsql as $$
declare
    a crossbook.account%rowtype;
    clock timestamptz;
    now_rate float8;
begin
    select * into strict a from crossbook.account where id = account_id for update;
    clock := clock_timestamp();
    if wait > 0 and clock + make_interval(secs => wait) > coalesce(a.closed_until, '-infinity') then
        update crossbook.account set closed_until = clock + make_interval(secs => wait), closed_for = wait
        where id = account_id;
    end if;
    if a.learned_at is not null and abs(extract(epoch from clock - a.learned_at)) < 1 then
        return;
    end if;
    now_rate := least(known, greatest(a.granted, a.granted_before));
    if a.learned is not null then
        now_rate := least(now_rate, crossbook.grown(a.learned, clock - a.learned_at));
    end if;
    update crossbook.account set learned = greatest(0.5, 0.82 * now_rate), learned_at = clock where id = account_id;
end $$;
"""

_SUPPRESSIONS = """
create table crossbook.suppression (
    id bigint generated always as identity primary key,
    kind text not null, key text not null, channel text not null, action text not null, time timestamptz not null,
    received timestamptz not null, reason text not null, source text not null, raw text, scheme int not null,
    lookup_keys text[] not null
);
create index suppression_keys on crossbook.suppression using gin (lookup_keys);
create table crossbook.suppression_receipt (id text primary key);
create table crossbook.suppression_tag (single bool primary key check (single), tag text not null);
"""

MIGRATIONS: tuple[str, ...] = (_TABLES + _RESERVE + _THROTTLED, _SUPPRESSIONS)


async def migrate(connection: Any) -> bool:
    """Bring the tables to this version, one process at a time. Return whether anything was changed.

    Args:
        connection: an open connection of asyncpg.

    Raises:
        UsageError: the tables were made by a newer version.
    """
    from crossbook.errors import UsageError

    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
        exists = await connection.fetchval("select to_regclass('crossbook.migration') is not null")
        version = await connection.fetchval("select max(version) from crossbook.migration") if exists else 0
        if version > len(MIGRATIONS):
            raise UsageError(
                f"the fleet's tables have version {version}, and this crossbook knows {len(MIGRATIONS)}: upgrade it"
            )
        for number, statements in enumerate(MIGRATIONS[version:], version + 1):
            await connection.execute(statements)
            await connection.execute("insert into crossbook.migration (version) values ($1)", number)
    return bool(version < len(MIGRATIONS))
