"""Start one program, wait for it, and write its time, peak memory and start to the descriptor named first.

    python3 -I -S launch.py FD LIMIT-OR-0 PROGRAM ARGUMENT...

A program of its own because of the memory: the kernel counts a process from before its exec, when it still is a copy of
its parent. This parent imports next to nothing, so that small peaks can be seen.
"""

import os
import signal
import sys
import time


def main() -> None:
    results, limit = int(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(results, False)
    # ends the program and all it has started: the group is ours, see measure.py
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(0, signal.SIGKILL))
    signal.alarm(limit)
    started = time.perf_counter()
    try:
        # Python ignores SIGPIPE, and the program would inherit that
        pid = os.posix_spawnp(sys.argv[3], sys.argv[3:], os.environ, setsigdef=[signal.SIGPIPE])
    except OSError as why:
        sys.exit(f"{sys.argv[3]}: {why.strerror}")
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - started
    os.write(results, f"{seconds!r} {usage.ru_maxrss * 1024} {floor_bytes()} {started!r}".encode())
    sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)


def floor_bytes() -> int:
    """The largest that this process has been, which is the smallest peak that it can see."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024


main()
