"""`python -m personapulse.powerbi_service.double FOLDER`: run the double until it is stopped.

It writes `powerbi-double.json` into the folder: its address, and the environment that tells Airflow of it. It prints
each request it is sent.
"""

import json
import sys
from pathlib import Path

from personapulse.powerbi_service.double import RECORD, PowerBIDouble


def main() -> None:
    """Run the double."""
    folder = Path(sys.argv[1])
    double = PowerBIDouble(folder, lambda request: print(request, flush=True))  # noqa: T201 - its log
    half = folder / f"{RECORD}.new"
    half.write_text(json.dumps({"address": double.address, "environment": double.environment()}))
    half.replace(folder / RECORD)
    double.serve()


if __name__ == "__main__":
    main()
