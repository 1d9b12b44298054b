"""What people are told when something needs them, whatever channel it goes through."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2


@dataclass(frozen=True)
class Message:
    """One alert, for every channel.

    Parameters
    ----------
    subject : str
        One line that says what happened.
    text : str
        Plain text, for chats and logs.
    html : str
        For mail.
    files : tuple of Path
        Pictures to attach.
    """

    subject: str
    text: str
    html: str
    files: tuple[Path, ...] = ()


def rendered(package: str, name: str, *, subject: str, files: tuple[Path, ...] = (), **told: Any) -> Message:
    """Fill in the templates `pages/<name>.txt.jinja` and `pages/<name>.html.jinja` of a package.

    They know `subject`, `pictures` (the files) and whatever else is told.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(package, "pages"),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(["html.jinja"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text, html = (
        environment.get_template(f"{name}.{kind}.jinja").render(subject=subject, pictures=files, **told)
        for kind in ("txt", "html")
    )
    return Message(subject, text, html, files)
