"""A worker to be killed: loads a source into a warehouse, in a process of its own.

    python ingesting.py CONNINFO SOURCE WAY

WAY is `days` (stage and merge each), `merges` (merge each, as a scheduler repeats only what failed), or `history`.
Tells its session's process id, waits for a line on its standard input, and loads.
"""

import sys

import psycopg

from personapulse import ingest
from personapulse.errors import PersonaPulseError
from personapulse.warehouse import connect

REFUSED, LOST = 3, 4  # exit codes: a message for people; the connection is gone


def load(connection: psycopg.Connection[object], source: ingest.Source, way: str) -> None:
    days = source.days()
    if way == "history":
        ingest.load_history(connection, source, days[0], days[-1], lambda told: None)
        return
    for day in days:
        if way == "days":
            ingest.stage(connection, source, day)
        ingest.merge(connection, source, day)


def main(conninfo: str, url: str, way: str) -> int:
    source = ingest.Source(url)
    connection = connect(conninfo)
    print(connection.info.backend_pid, flush=True)  # noqa: T201
    sys.stdin.readline()
    try:
        load(connection, source, way)
    except PersonaPulseError as error:
        print(error, flush=True)  # noqa: T201
        return REFUSED
    except psycopg.OperationalError as error:
        print(error, flush=True)  # noqa: T201
        return LOST
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
