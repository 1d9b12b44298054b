"""The home folder: everything PersonaPulse keeps on this machine, in one place."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from personapulse import __version__
from personapulse.errors import PersonaPulseError

DEFAULT_HOME = Path(".personapulse")
LAYOUT = 1  # raised when files under the home move; a newer home is refused by older code


@dataclass(frozen=True)
class Home:
    """Paths under one home folder; nothing is made before `Home.open` asks for it.

    Parameters
    ----------
    root : Path
        Absolute path of the home folder.
    """

    root: Path

    @property
    def postgres(self) -> Path:
        """Data folder of the embedded PostgreSQL."""
        return self.root / "postgres"

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME: logs and the generated login."""
        return self.root / "airflow"

    @property
    def run(self) -> Path:
        """Records of the processes that are running now, and their lock."""
        return self.root / "run"

    @property
    def report(self) -> Path:
        """Where `publish_dashboards` writes the newest report."""
        return self.root / "report"

    @property
    def models(self) -> Path:
        """Where artifacts of models and their cards are kept, a folder per version."""
        return self.root / "models"

    @classmethod
    def open(cls, root: Path | None = None) -> "Home":
        """Make the home folder if needed and refuse one that newer code owns.

        Parameters
        ----------
        root : Path, optional
            The folder; without it `PERSONAPULSE_HOME`, else `.personapulse` in the current folder.

        Raises
        ------
        PersonaPulseError
            If the folder cannot be made, or was last used by a newer version.
        """
        chosen = root or Path(os.environ.get("PERSONAPULSE_HOME") or DEFAULT_HOME)
        home = cls(chosen.expanduser().resolve())
        try:
            home.run.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PersonaPulseError(
                f"Cannot use {home.root} as home: {error.strerror}. Name another with --home."
            ) from None
        home._claim()
        return home

    def _claim(self) -> None:
        marker = self.root / "home.json"
        if marker.exists():
            try:
                layout = int(json.loads(marker.read_text())["layout"])
            except (ValueError, KeyError, TypeError):
                raise PersonaPulseError(f"{marker} is damaged; it should read like {self._marker()!r}.") from None
            if layout > LAYOUT:
                raise PersonaPulseError(
                    f"{self.root} was last used by a newer PersonaPulse (layout {layout}; "
                    f"{__version__} knows up to {LAYOUT}). Update PersonaPulse, or name another folder with --home."
                )
        marker.write_text(self._marker())

    @staticmethod
    def _marker() -> str:
        return json.dumps({"layout": LAYOUT, "version": __version__}) + "\n"
