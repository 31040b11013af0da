"""Takes from this process and all it starts a few calls of the kernel that no homework needs.

They hold memory that belongs to no process, so that a watch cannot count it (memfd_create, shmget,
shared pages without a file, a mount of one's own), move to another's processor
(sched_setaffinity), or open parts of the kernel best left closed. Runs inside the sandbox, before
the submission does; a filter (seccomp) cannot be taken off again. Linux on x86-64 and ARM only;
elsewhere `forbid` returns False and the other limits stand alone.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys

# The kernel's name for the architecture, the number of mmap, and the numbers not allowed.
NEW_MOUNTS = (428, 429, 430, 432)  # open_tree, move_mount, fsopen, fsmount: the same everywhere
OTHERS = (425, 447)  # io_uring_setup, memfd_secret
NUMBERS = {
    # mount, unshare, setns, memfd_create, shmget, sched_setaffinity, bpf, userfaultfd,
    # perf_event_open, add_key, keyctl
    "x86_64": (0xC000003E, 9, (165, 272, 308, 319, 29, 203, 321, 323, 298, 248, 250)),
    "aarch64": (0xC00000B7, 222, (40, 97, 268, 279, 194, 122, 280, 282, 241, 217, 219)),
}
SHARED_ANONYMOUS = 0x21  # MAP_SHARED | MAP_ANONYMOUS
LOAD, AND, EQUAL, AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06  # of the kernel's filter machine
ALLOW, NOT_PERMITTED = 0x7FFF0000, 0x00050001


def forbid() -> bool:
    """Put the filter in place; False where that cannot be done."""
    if sys.platform != "linux" or platform.machine() not in NUMBERS or sys.byteorder != "little":
        return False
    kernel = ctypes.CDLL(None, use_errno=True)
    code = program(*NUMBERS[platform.machine()])
    buffer = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog: the number of instructions and where they stand
    header = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    no_new_privileges = kernel.prctl(38, 1, 0, 0, 0)
    return no_new_privileges == 0 and kernel.prctl(22, 2, ctypes.c_char_p(header), 0, 0) == 0


def program(architecture: int, mmap: int, numbers: tuple[int, ...]) -> bytes:
    """The filter: other architectures' calls and those listed fail with EPERM."""
    denied = [*numbers, *NEW_MOUNTS, *OTHERS]
    refuse = len(denied) + 9  # the last line
    # (operation, jump if true, jump if false, value); a jump counts the lines it leaves out
    lines = [(LOAD, 0, 0, 4)]  # the architecture
    lines.append((EQUAL, 0, refuse - 2, architecture))
    lines.append((LOAD, 0, 0, 0))  # the number of the call
    lines.append((AT_LEAST, refuse - 4, 0, 0x40000000))  # x86-64's second set of numbers
    for number in denied:
        lines.append((EQUAL, refuse - len(lines) - 1, 0, number))
    lines += [
        (EQUAL, 0, 3, mmap),
        (LOAD, 0, 0, 16 + 3 * 8),  # its flags
        (AND, 0, 0, SHARED_ANONYMOUS),
        (EQUAL, 1, 0, SHARED_ANONYMOUS),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, NOT_PERMITTED),
    ]
    return b"".join(struct.pack("HBBI", *line) for line in lines)
