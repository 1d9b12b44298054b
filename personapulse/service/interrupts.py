"""Ctrl-C, once in order and twice in a hurry."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Turns SIGINT, SIGTERM and SIGHUP into one KeyboardInterrupt; every further one sets `hurry`.

    Parameters
    ----------
    hurry : threading.Event
        What is being stopped waits no longer once this is set.
    """

    def __init__(self, hurry: Event) -> None:
        self._hurry = hurry
        self._is_held = False
        self._is_stopping = False
        self.requested = False

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle the signals while the block runs."""
        before: dict[signal.Signals, Any] = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let the block finish first: what it starts must be on record before it can be stopped."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        if self.requested:
            raise KeyboardInterrupt

    def stopping(self) -> None:
        """From now on everything is being stopped: a signal only hurries."""
        self._is_stopping = True

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature is Python's
        if self.requested or self._is_stopping:
            self._hurry.set()
            return
        self.requested = True
        if not self._is_held:
            raise KeyboardInterrupt
