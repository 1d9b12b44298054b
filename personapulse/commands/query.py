"""`personapulse query`: ask the warehouse in SQL, get CSV."""

import sys
from typing import Annotated

import psycopg
import typer
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from personapulse import roles
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import embedded

commands = typer.Typer()

HINT = ". The role pp_reader reads marts and reporting, without personal columns; --everything asks as pp_auditor."


@commands.command()
def query(
    context: typer.Context,
    statement: Annotated[str, typer.Argument(metavar="SQL", help="One select; nothing can be changed with it.")],
    everything: Annotated[
        bool,
        typer.Option(
            "--everything", help="Read as pp_auditor: also core, ops (quarantine, loads), ml, and personal columns."
        ),
    ] = False,
) -> None:
    """Print the answer to one SQL query as CSV.

    Asks as the role pp_reader, which reads marts and reporting, without personal columns, and can change nothing.
    Starts the embedded PostgreSQL for the moment if `personapulse up` is not running. For example:

    personapulse query "select segment, count(*) from marts.rfm where as_of_date = '2026-05-31' group by segment"
    """
    postgres = EmbeddedPostgres(Home.open(context.obj))
    with embedded(postgres, roles.AUDITOR if everything else roles.READER) as connection:
        copy_out = sql.SQL("copy ({}\n) to stdout (format csv, header)").format(sql.SQL(statement.rstrip().rstrip(";")))
        try:
            with connection.transaction(), connection.cursor() as cursor, cursor.copy(copy_out) as rows:
                for chunk in rows:
                    sys.stdout.buffer.write(chunk)
        except psycopg.Error as error:
            hint = "" if everything or not isinstance(error, InsufficientPrivilege) else HINT
            raise PersonaPulseError(f"The query failed: {error.diag.message_primary or error}{hint}") from None
        except BrokenPipeError:
            sys.stderr.close()  # the reader has seen enough
