"""A place to run a stranger's code: no network, no home, no environment, nothing to write to.

Three kinds, tried in this order and found by trying, not by guessing:
  bwrap    bubblewrap, where it is installed and may make namespaces
  unshare  the same with util-linux's unshare and a few mounts
  none     limits and a clean environment only; the caller must say so out loud
"""

from __future__ import annotations

import contextlib
import functools
import os
import resource
import shutil
import signal
import site
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import limits

HERE = Path(__file__).resolve().parent
MB = 2**20
INSIDE = "/grading"  # where worker.py and wire.py are seen from inside
HOME = "/home/student"
SCRATCH_MB = 256  # what a submission may write, all of it gone afterwards

# Mapped as shared, /dev/zero gives memory that the watch cannot count.
NO_ZERO = ["--ro-bind", "/dev/null", "/dev/zero"]

WARNING = (
    "No sandbox on this machine: neither bubblewrap nor unshare can make namespaces here.\n"
    "Submissions run with limits and an empty environment, but they can read your files and "
    "reach the network.\nGrade strangers' work in the container described in coursework/README.md."
)


def readable() -> list[Path]:
    """What a submission may read: the Python in use, its packages, and the system's libraries."""
    paths = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parent}
    paths |= {Path(p) for p in site.getsitepackages()}
    paths.add(_module())
    paths |= set(_checkpoint())
    for extra in ("/usr", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime"):
        paths.add(Path(extra))
    kept: list[Path] = []
    for path in sorted(p for p in paths if p.exists()):
        if not any(path.is_relative_to(above) for above in kept):
            kept.append(path)
    return kept


def _module() -> Path:
    """Where the book's module lies."""
    import superposition

    return Path(superposition.__file__).resolve().parent.parent


def _checkpoint() -> list[Path]:
    """The trained model that assignment 4 streams, where grade.py or build.py has found it."""
    cache = os.environ.get("SUPERPOSITION_CACHE")
    return sorted(Path(cache).glob("all-MiniLM-L6-v2-*")) if cache else []


def fetch_checkpoint() -> str:
    """Have the trained model ready for submissions, which have no network; '' or why not."""
    from superposition.llm.minilm import ModelUnavailable, minilm_folder

    try:
        os.environ["SUPERPOSITION_CACHE"] = str(minilm_folder().parent)
        return ""
    except ModelUnavailable as why:
        return f"Submissions will use the made-up stand-in for the trained model: {why}"


def environment() -> dict[str, str]:
    """The whole environment of a submission: none of the instructor's."""
    found = _checkpoint()
    cache = {"SUPERPOSITION_CACHE": str(found[0].parent)} if found else {}
    # Among other packages it is found anyway, and their folder must not come before Python's own.
    if str(_module()) not in map(str, site.getsitepackages()):
        cache["PYTHONPATH"] = str(_module())
    return {
        **cache,
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": HOME,
        "USER": "student",
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": "/tmp",
        "IPYTHONDIR": "/tmp/ipython",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "LOKY_MAX_CPU_COUNT": "1",
    }


def command(kind: str, argv: list[str], files: dict[str, Path], root: Path) -> list[str]:
    """The command line that runs `argv` in a sandbox of this kind.

    files: path inside → file outside, read-only. root: an empty folder of the caller's, used as
    a mount point by `unshare` and as the working folder by `none`.
    """
    if kind == "bwrap":
        size = str(SCRATCH_MB * MB)

        out = [
            "bwrap",
            "--unshare-all",
            "--die-with-parent",
            "--new-session",
            "--clearenv",
            "--uid",
            "65534",
            "--gid",
            "65534",
            "--cap-drop",
            "ALL",
            "--hostname",
            "grading",
            "--size",
            size,
            "--tmpfs",
            "/tmp",
            "--size",
            size,
            "--tmpfs",
            HOME,
        ]

        for key, value in environment().items():
            out += ["--setenv", key, value]
        for path in readable():
            out += ["--ro-bind", str(path), str(path)]
        for inside, outside in files.items():
            out += ["--ro-bind", str(outside), inside]
        for link in ("/bin", "/sbin", "/lib", "/lib64", "/lib32"):
            if os.path.islink(link):
                out += ["--symlink", os.readlink(link), link]
            elif os.path.isdir(link):
                out += ["--ro-bind", link, link]
        out += ["--proc", "/proc", "--dev", "/dev", *NO_ZERO, "--size", size, "--tmpfs", "/dev/shm"]
        return [*out, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME, "--", *argv]
    if kind == "unshare":
        out = [
            "unshare",
            "--user",
            "--map-root-user",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--net",
            "--ipc",
            "--uts",
            "--",
            "sh",
            "-c",
            _UNSHARE,
            "sh",
            str(root),
            str(SCRATCH_MB),
            str(len(readable()) + len(files)),
        ]

        for path in readable():
            out += [str(path), str(path)]
        for inside, outside in files.items():
            out += [str(outside), inside]
        settings = [f"{key}={value}" for key, value in environment().items()]
        return [*out, "env", "-i", *settings, *argv]
    settings = [f"{k}={v}" for k, v in {**environment(), "HOME": str(root)}.items()]
    settings = [s for s in settings if not s.startswith("TMPDIR=")] + [f"TMPDIR={root}"]
    for inside, outside in files.items():
        argv = [str(outside) if part == inside else part for part in argv]
    return ["env", "-i", f"--chdir={root}", *settings, *argv]


# Builds a new root on a tmpfs, binds the readable paths into it, moves into it and lets the old
# root go; then gives up every capability, so that nothing of it can be undone from inside.
_UNSHARE = r"""
set -e
root=$1; size=$2; count=$3; shift 3
mount -t tmpfs -o size=16m,mode=755,nosuid tmpfs "$root"
mkdir -p "$root/proc" "$root/dev/shm" "$root/tmp" "$root/home/student" "$root/.old"
for place in tmp home/student dev/shm; do  # first, or it would hide what is bound below it
  mount -t tmpfs -o "size=${size}m,mode=1777,nosuid,nodev" tmpfs "$root/$place"
done
while [ "$count" -gt 0 ]; do
  to="$root$2"
  if [ -d "$1" ]; then mkdir -p "$to"; else mkdir -p "$(dirname "$to")"; : > "$to"; fi
  mount --bind "$1" "$to"
  mount -o remount,bind,ro,nosuid "$to"
  shift 2; count=$((count - 1))
done
for link in bin sbin lib lib64 lib32; do
  if [ -L "/$link" ]; then ln -s "$(readlink "/$link")" "$root/$link"
  elif [ -d "/$link" ]; then
    mkdir -p "$root/$link"; mount --bind "/$link" "$root/$link"
    mount -o remount,bind,ro,nosuid "$root/$link"
  fi
done
mount -t proc proc "$root/proc"
for node in null full random urandom; do
  : > "$root/dev/$node"; mount --bind "/dev/$node" "$root/dev/$node"
done
cd "$root"
pivot_root . .old
cd /
umount -l /.old
rmdir /.old
mount -o remount,ro /
cd /home/student
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""


def probe(kind: str) -> str:
    """'' if this kind of sandbox works here and keeps its promises, else what went wrong."""
    if kind != "none" and shutil.which(kind) is None:
        return f"{kind} is not installed"
    # From inside: no network but loopback, no file of the caller's, no way to write to the root.
    secret = tempfile.NamedTemporaryFile("w", suffix="-probe", delete=False)  # noqa: SIM115
    secret.write("seen")
    secret.close()
    test = (
        "import os, socket\n"
        "names = [n for _, n in socket.if_nameindex()]\n"
        f"assert names in ([], ['lo']), names\n"
        f"assert not os.path.exists({secret.name!r}), 'sees files outside'\n"
        "import numpy\n"
        "try: open('/usr/written', 'w'); assert False, 'can write to /usr'\n"
        "except OSError: pass\n"
    )
    try:
        with tempfile.TemporaryDirectory(prefix="grading-") as root:
            line = command(kind, [sys.executable, "-c", test], {}, Path(root))
            done = subprocess.run(line, capture_output=True, text=True, timeout=60)
        return "" if done.returncode == 0 else (done.stderr.strip() or "failed").splitlines()[-1]
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    finally:
        os.unlink(secret.name)


@functools.cache
def best() -> str:
    """The strongest kind that works on this machine: 'bwrap', 'unshare' or 'none'."""
    return next((kind for kind in ("bwrap", "unshare") if not probe(kind)), "none")


class Process:
    """A submission's process, with everything it starts; `kill` leaves none of it behind.

    Make only one at a time in a process that called `become_subreaper`: every other child of
    that process counts as this one's. A watch kills it when it outgrows `memory_mb` (resident,
    summed over all its processes) or `processes`; `why` then says so.
    """

    def __init__(
        self,
        kind: str,
        memory_mb: int = limits.MEMORY_MB,
        processes: int = 64,
        core: int | None = None,
    ) -> None:
        self.why = ""
        self.peak_mb = 0.0
        self._root = tempfile.mkdtemp(prefix="grading-")
        names = ("worker.py", "wire.py", "syscalls.py")
        files = {f"{INSIDE}/{name}": HERE / name for name in names}
        argv = [sys.executable, "-B", f"{INSIDE}/worker.py"]
        self._process = subprocess.Popen(
            command(kind, argv, files, Path(self._root)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=functools.partial(_limits, memory_mb, core),
            close_fds=True,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self.write_fd = self._process.stdin.fileno()
        self.read_fd = self._process.stdout.fileno()
        self._seen: set[int] = {self._process.pid}
        self._stop = threading.Event()
        self._watch = threading.Thread(
            target=self._look_after, args=(memory_mb, processes), daemon=True
        )
        self._watch.start()

    def kill(self) -> None:
        """End the process and its descendants, close its pipes, remove its folder."""
        self._stop.set()
        self._end_all()
        self._process.wait()
        self._watch.join()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        shutil.rmtree(self._root, ignore_errors=True)

    def _look_after(self, memory_mb: int, processes: int) -> None:
        while not self._stop.wait(0.1):
            family = descendants(self._process.pid, orphans=True)
            self._seen |= family
            memory, threads = zip(*(_resident_mb_and_threads(pid) for pid in family), strict=True)
            used = sum(memory)
            self.peak_mb = max(self.peak_mb, used)
            if used > memory_mb:
                self.why = f"used more than {memory_mb} MB of memory"
            elif len(family) > processes:
                self.why = f"started more than {processes} processes"
            elif sum(threads) > 8 * processes:
                self.why = f"started more than {8 * processes} threads"
            if self.why:
                self._end_all()
                return

    def _end_all(self) -> None:
        # Rounds, because a process may start another while its parent is being ended. With a
        # namespace the first kill already takes all: its first process takes the rest along.
        for _ in range(50):
            family = descendants(self._process.pid, orphans=True)
            family |= {p for p in self._seen if _ours(p)}
            for pid in family:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            if self._process.poll() is not None and not any(_ours(p) for p in family):
                return
            time.sleep(0.02)


def become_subreaper() -> None:
    """Orphans of this process's children become its own children, so that they can be found."""
    with contextlib.suppress(OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def descendants(pid: int, orphans: bool = False) -> set[int]:
    """`pid` and every living process below it; with `orphans`, also what this process adopted."""
    children: dict[int, list[int]] = {}
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                children.setdefault(_parent(int(name)), []).append(int(name))
    todo = [pid, *(children.get(os.getpid(), []) if orphans else [])]
    found = set(todo)
    while todo:
        below = [c for c in children.get(todo.pop(), []) if c not in found]
        found |= set(below)
        todo += below
    return found


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return -1


def _ours(pid: int) -> bool:
    """Is it alive (not a zombie) and still below us? A number may have been given out again."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            state, parent = file.read().rpartition(")")[2].split()[:2]
    except (OSError, ValueError):
        return False
    if state in "ZX":
        return False
    while int(parent) > 1 and int(parent) != os.getpid():
        parent = str(_parent(int(parent)))
    return int(parent) == os.getpid()


def _resident_mb_and_threads(pid: int) -> tuple[float, int]:
    """Memory that is the process's own (anonymous and shared, not mapped files); its threads."""
    total = threads = 0
    with contextlib.suppress(OSError, ValueError), open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith(("RssAnon:", "RssShmem:")):
                total += int(line.split()[1])
            elif line.startswith("Threads:"):
                threads = int(line.split()[1])
    return total / 1024, threads


def _limits(memory_mb: int, core: int | None) -> None:
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})  # what keeps it busy is not taken from its neighbours
    resource.setrlimit(resource.RLIMIT_DATA, (memory_mb * MB, memory_mb * MB))
    resource.setrlimit(resource.RLIMIT_FSIZE, (SCRATCH_MB * MB, SCRATCH_MB * MB))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)  # the watch must get its turn even beside a fork bomb


if __name__ == "__main__":
    for kind in ("bwrap", "unshare"):
        print(f"{kind}: {probe(kind) or 'works'}")
    print(f"used: {best()}")
    if best() == "none":
        print(WARNING)
