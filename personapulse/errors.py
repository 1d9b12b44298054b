"""The one exception people are meant to read."""


class PersonaPulseError(Exception):
    """Something a person can mend: the message names the file, line, column or setting, and what to do.

    The command line prints it without a traceback and exits with 1; Airflow fails the task with it.
    """


class UnreachableError(PersonaPulseError):
    """Something that is away, such as object storage, and may come back by itself: Airflow tries the task again."""
