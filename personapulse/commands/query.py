"""`personapulse query`: ask the warehouse in SQL, get CSV."""

import sys
from typing import Annotated

import psycopg
import typer
from psycopg import sql

from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import embedded

commands = typer.Typer()


@commands.command()
def query(
    context: typer.Context,
    statement: Annotated[str, typer.Argument(metavar="SQL", help="One select; nothing can be changed with it.")],
) -> None:
    """Print the answer to one SQL query as CSV.

    Starts the embedded PostgreSQL for the moment if `personapulse up` is not running. For example:

    personapulse query "select segment, count(*) from marts.rfm where as_of_date = '2026-05-31' group by segment"
    """
    postgres = EmbeddedPostgres(Home.open(context.obj))
    with embedded(postgres) as connection:
        connection.read_only = True
        copy_out = sql.SQL("copy ({}\n) to stdout (format csv, header)").format(sql.SQL(statement.rstrip().rstrip(";")))
        try:
            with connection.transaction(), connection.cursor() as cursor, cursor.copy(copy_out) as rows:
                for chunk in rows:
                    sys.stdout.buffer.write(chunk)
        except psycopg.Error as error:
            raise PersonaPulseError(f"The query failed: {error.diag.message_primary or error}") from None
        except BrokenPipeError:
            sys.stderr.close()  # the reader has seen enough
