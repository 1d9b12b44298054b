"""Putting an audience's CSV into a folder, near or far."""

import uuid
from urllib.parse import urlsplit

import fsspec

from personapulse.audiences.content import Content
from personapulse.errors import PersonaPulseError
from personapulse.ingest.files import kind_of


def put(content: Content, folder: str) -> str:
    """Write `<folder>/<day>/<audience>.csv`, whole or not at all, in place of a former one; return its address.

    Parameters
    ----------
    content : Content
        Whose file to copy.
    folder : str
        A path or any fsspec URL, without credentials.

    Raises
    ------
    PersonaPulseError
        If the folder's URL holds credentials, or it cannot be written to; `UnreachableError` if that may pass.
    """
    refuse_credentials(folder)
    address = f"{folder.rstrip('/')}/{content.as_of_date}/{content.audience}.csv"
    try:
        filesystem, path = fsspec.core.url_to_fs(address, use_listings_cache=False)
        filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
        part = f"{path}.{uuid.uuid4().hex}"
        filesystem.put_file(str(content.file), part)
        filesystem.mv(part, path)
    except Exception as error:  # noqa: BLE001 - each kind of store has errors of its own
        raise kind_of(error)(
            f"The audience cannot be written to {address}: {str(error) or type(error).__name__}. "
            "Is the folder there, and may it be written to?"
        ) from None
    return address


def refuse_credentials(folder: str) -> None:
    """Raise PersonaPulseError if a folder's URL holds a user, password or token: the books keep the URL."""
    parts = urlsplit(folder)
    if parts.scheme and ("@" in parts.netloc or parts.query):
        raise PersonaPulseError(
            "The folder for audiences holds credentials in its URL. Leave them out; set them up where its library "
            "looks for them (docs/audiences.md)."
        )
