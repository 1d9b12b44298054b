"""sqlfluff, looking for garbage less often: it makes millions of small objects that are in use until a file is done."""

import gc

from sqlfluff.cli.commands import cli

gc.set_threshold(200_000, 30, 30)  # here, so that it holds in the processes it starts, too

if __name__ == "__main__":
    cli()
