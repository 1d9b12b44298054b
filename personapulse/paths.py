"""Where the SQL, the rules, the sample shop and the dags are: in a checkout beside the package, installed inside it."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_SHIPPED = _PACKAGE / "_shipped"
ROOT = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent

DAGS = ROOT / "dags"
PLUGINS = ROOT / "plugins"
INCLUDE = ROOT / "include"
SQL = INCLUDE / "sql"
SAMPLE_SHOP = INCLUDE / "data"
