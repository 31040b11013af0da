"""Give the book to a new owner: every mention of the old repository becomes the new one.

    make adopt REPO=https://github.com/their/fork

_config.yml names the repository; this rewrites that name and all that is held to it (the first
cell of each notebook, the citation, the coursework, the addresses of the published pages).
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")
# What may stand before owner/name in an address. Without it "their/fork" could be any words.
BEFORE = (
    r"(github(?:usercontent)?\.com[/:]|mybinder\.org/v2/gh/|colab\.research\.google\.com/github/)"
)
AFTER = r"(?![\w-]|\.(?!git\b)\w)"  # the name ends here


def pages(owner: str, name: str) -> str:
    """Where GitHub Pages puts a repository's site, without the scheme."""
    host = f"{owner.lower()}.github.io"
    return host if name.lower() == host else f"{host}/{name}"


def adopt(root: Path, repo: str) -> list[Path]:
    """Rewrite the repository at `root` to belong to `repo`; the files that changed."""
    new = ADDRESS.fullmatch(repo.strip())
    if not new:
        raise ValueError(f"REPO must look like https://github.com/their/fork, not {repo!r}")
    config = (root / "_config.yml").read_text(encoding="utf8")
    found = re.search(r"^\s+url: (\S+)$", config, re.MULTILINE)
    old = ADDRESS.fullmatch(found[1]) if found else None
    if not old:
        raise ValueError("_config.yml names no repository: url: https://github.com/owner/name")
    address = re.compile(BEFORE + re.escape("/".join(old.groups())) + AFTER)
    site = re.compile(r"(?<![\w.-])" + re.escape(pages(*old.groups())) + AFTER, re.IGNORECASE)
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    changed = []
    for path in (root / name for name in listing.split("\0") if name):
        try:
            text = path.read_bytes().decode("utf8")  # bytes: line endings stay as they are
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        mine = address.sub(lambda at: at[1] + "/".join(new.groups()), text)
        mine = site.sub(pages(*new.groups()), mine)
        if mine != text:
            path.write_bytes(mine.encode("utf8"))
            changed.append(path)
    return changed


if __name__ == "__main__":
    try:
        for path in adopt(ROOT, sys.argv[1] if len(sys.argv) > 1 else ""):
            print(path.relative_to(ROOT))
    except ValueError as error:
        sys.exit(str(error))
