"""What people are told when something needs them, whatever channel it goes through."""

from dataclasses import dataclass
from pathlib import Path


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
