"""`personapulse prepare-server`: make a PostgreSQL server of your own ready, or bring it up to date."""

import json
from pathlib import Path
from typing import Annotated

import typer

from personapulse.errors import PersonaPulseError
from personapulse.own_server import OwnServer, prepare


def prepare_server(
    server: Annotated[
        str, typer.Argument(metavar="SERVER", help='Who may make databases and roles, such as "host=db user=postgres".')
    ],
    password_file: Annotated[
        Path | None,
        typer.Option(
            "--password-file", metavar="FILE", exists=True, dir_okay=False, help="Holds that login's password."
        ),
    ] = None,
    roles_file: Annotated[
        Path | None,
        typer.Option(
            "--roles-file", metavar="FILE", exists=True, dir_okay=False, help='JSON: {"pp_loader": "password", ...}'
        ),
    ] = None,
) -> None:
    """Make a PostgreSQL server of your own ready: databases, migrations, roles, passwords (docs/deployment.md).

    Run it again after an update, or to change passwords; what is there already is left alone.

    personapulse prepare-server "host=db user=postgres" --password-file postgres_password --roles-file roles.json
    """
    password = password_file.read_text().strip() if password_file else None
    prepare(OwnServer(server, password), _passwords(roles_file) if roles_file else {})
    typer.echo("The warehouse is up to date.")


def _passwords(file: Path) -> dict[str, str]:
    try:
        content = json.loads(file.read_text())
    except ValueError as error:
        raise PersonaPulseError(f"{file} is no JSON ({error}).") from None
    if not isinstance(content, dict) or not all(isinstance(value, str) and value for value in content.values()):
        raise PersonaPulseError(f'{file} must give each role a password: {{"pp_loader": "...", "pp_modeler": "..."}}')
    return content
