"""`in_background`: a call in a thread of its own, which does not outlive the process."""

from __future__ import annotations

import atexit
import ctypes
import threading
import time
from concurrent import futures
from typing import Callable, TypeVar

_GRACE_S = 5.0
_INTERVAL_S = 0.1

_Value = TypeVar("_Value")
_running: set[threading.Thread] = set()


def in_background(call: Callable[[], _Value]) -> futures.Future[_Value]:
    """Begins a call in another thread; its value, or what it raises, will be in the future.

    A process that ends while calls run asks them to end too and waits a few seconds, no longer.
    (For the threads of ``concurrent.futures`` it would wait until they are done.)
    """
    future: futures.Future[_Value] = futures.Future()

    def run() -> None:
        try:
            settle(future, call)
        finally:
            _running.discard(thread)

    thread = threading.Thread(target=run, name="tfnas-background", daemon=True)
    _running.add(thread)
    thread.start()
    return future


def settle(future: futures.Future[_Value], call: Callable[[], _Value]) -> None:
    """Makes a call here and puts its value, or what it raises, into the future."""
    try:
        future.set_result(call())
    except BaseException as error:  # an interrupt too belongs to whoever asks for the value
        future.set_exception(error)


@atexit.register
def _end() -> None:
    # A thread inside TensorFlow that is cut off when the interpreter is gone aborts the process
    # with a core dump. SystemExit reaches it at its next line of Python, and may be caught there.
    deadline = time.monotonic() + _GRACE_S
    for thread in tuple(_running):
        while thread.is_alive() and time.monotonic() < deadline:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))
            thread.join(_INTERVAL_S)
