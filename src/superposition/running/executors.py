"""Independent pieces of work side by side, one core each.

A small model takes small steps, and threads that take small steps wait for Python's lock about as
long as they work: two threads of them finish hardly sooner than one. Processes do not wait, but
take seconds to start. So long work goes to processes, which stay for what comes next, and short
work to threads.
"""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

import torch

_IDLE_SECONDS = 120  # after which a process without work ends and gives its memory back
_MOST_PROCESSES = 8  # each holds torch, a third of a gigabyte


def count() -> int:
    """Cores that this process may use; LOKY_MAX_CPU_COUNT lowers it."""
    from joblib import cpu_count

    return int(cpu_count())


@contextmanager
def pool(pieces: int, *, long: bool) -> Iterator[Executor]:
    """An executor for so many pieces of work; `long`: starting processes would pay.

    In a process each piece has one core to itself. In threads, pieces share this process's cores
    evenly. Where processes cannot be had (a sandbox, one core, a daemon), threads do all.
    """
    processes = _processes() if long and min(pieces, count()) > 1 else None
    if processes is not None:
        yield processes
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(max(1, threads // max(1, pieces)))
    try:
        with ThreadPoolExecutor(count()) as executor:
            yield executor
    finally:
        torch.set_num_threads(threads)


def _processes() -> Executor | None:
    """Worker processes, shared by all callers; None where this machine lets us have none.

    Loky's, and not the standard library's: those want `if __name__ == "__main__"` in every
    script and cannot be sent a function that a notebook defines.
    """
    if multiprocessing.current_process().daemon:
        return None
    try:
        from joblib.externals.loky import get_reusable_executor

        one = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
        workers: Executor = get_reusable_executor(
            min(count(), _MOST_PROCESSES),
            timeout=_IDLE_SECONDS,
            initializer=torch.set_num_threads,
            initargs=(1,),
            env=one,
        )
        workers.submit(torch.get_num_threads).result(timeout=60)
        return workers
    except (ImportError, OSError, RuntimeError, TimeoutError) as why:
        warnings.warn(
            f"no worker processes here ({why}): using threads, which are slower",
            RuntimeWarning,
            stacklevel=4,
        )
        return None
