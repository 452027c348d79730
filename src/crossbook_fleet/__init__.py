"""One import on many machines, with one limit, one login and one journal in Postgres (extra `fleet`).

`Postgres` is the fleet. Books that get it by `shared=` have one limit and one login in all processes. `submit` stores
the inputs of a batch in chunks, `work` processes the chunks of all runs, and `status` reports on them. `chunk`
processes one chunk, for engines other than PgQueuer.
"""

from crossbook_fleet._fleet import Postgres, RunStatus, chunk

__all__ = ["Postgres", "RunStatus", "chunk"]
