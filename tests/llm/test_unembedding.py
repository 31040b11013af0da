"""llm.unembedding against checkpoints that transformers wrote, through a loopback hub."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path

import huggingface_hub
import pytest
import torch
import transformers as tf
from safetensors.torch import save_file

from hub import COMMIT, loopback_hub
from superposition import geometry
from superposition.llm import unembedding

N, M = 999, 24
SIZES = {"vocab_size": N, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
GPT2 = tf.GPT2Config(n_embd=M, n_layer=2, n_head=2, n_positions=32, **SIZES)
OPT = {"ffn_dim": 32, "num_hidden_layers": 2, "num_attention_heads": 2, **SIZES}
QWEN = {
    "hidden_size": M,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    **SIZES,
}
NEOX = {
    "hidden_size": M,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    **SIZES,
}
#: id: (configuration, dtype, how it is saved)
KINDS = {
    "gpt2": (GPT2, torch.float32, "safetensors"),
    "gpt2-half-bin": (GPT2, torch.float16, "bin"),
    "gpt2-base": (GPT2, torch.float32, "base"),
    "opt-bin": (tf.OPTConfig(hidden_size=M, word_embed_proj_dim=M, **OPT), torch.float16, "bin"),
    "opt-projected": (
        tf.OPTConfig(hidden_size=2 * M, word_embed_proj_dim=M, **OPT),
        torch.float16,
        "bin",
    ),
    "opt-sharded-bin": (
        tf.OPTConfig(hidden_size=M, word_embed_proj_dim=M, **OPT),
        torch.float32,
        "sharded bin",
    ),
    "qwen-tied": (tf.Qwen2Config(tie_word_embeddings=True, **QWEN), torch.bfloat16, "safetensors"),
    "qwen-untied-sharded": (tf.Qwen2Config(**QWEN), torch.bfloat16, "sharded"),
    "pythia": (tf.GPTNeoXConfig(**NEOX), torch.float16, "safetensors"),
    "pythia-tied": (tf.GPTNeoXConfig(tie_word_embeddings=True, **NEOX), torch.float32, "sharded"),
}


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory):
    """{id: (folder, the true output matrix)}, written the ways the public ones are."""
    made = {}
    for seed, (name, (config, dtype, form)) in enumerate(KINDS.items()):
        torch.manual_seed(seed)
        model = tf.AutoModelForCausalLM.from_config(config).to(dtype)
        W = model.get_output_embeddings().weight.detach().clone()
        folder = tmp_path_factory.mktemp(name)
        shard = "40KB" if form.startswith("sharded") else "50GB"
        (model.base_model if form == "base" else model).save_pretrained(
            folder, max_shard_size=shard
        )
        if form.endswith("bin"):
            _to_bin(folder, model, sharded="sharded" in form)
        made[name] = (folder, W)
    return made


def _to_bin(folder: Path, model, sharded: bool) -> None:
    """Replace the safetensors files by what torch.save writes: one file, or two and an index."""
    for file in folder.glob("model*.safetensors*"):
        file.unlink()
    state = model.state_dict()
    if not sharded:
        return torch.save(state, folder / "pytorch_model.bin")
    names, index = list(state), {}
    for k, part in enumerate((names[: len(names) // 2], names[len(names) // 2 :]), start=1):
        file = f"pytorch_model-0000{k}-of-00002.bin"
        torch.save({name: state[name] for name in part}, folder / file)
        index |= dict.fromkeys(part, file)
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": index}))


@pytest.fixture
def hub(checkpoints, tmp_path, monkeypatch):
    monkeypatch.setenv("SUPERPOSITION_CACHE", str(tmp_path / "cache"))
    with loopback_hub({f"org/{name}": folder for name, (folder, _) in checkpoints.items()}) as hub:
        yield hub


def records(tmp_path: Path) -> list[Path]:
    return sorted(tmp_path.glob("cache/**/*"))


@pytest.mark.parametrize("name", KINDS)
def test_the_matrix_is_the_models_own_bit_for_bit(name, checkpoints, hub):
    folder, W = checkpoints[name]
    remote = unembedding.output_matrix(f"org/{name}", endpoint=hub.url)
    for found in (unembedding.output_matrix(folder), remote):
        assert found.shape == tuple(W.shape) and found.place.dtype == W.dtype
        assert torch.equal(found.load(), W)
        assert ("width 48 inside, 24" in found.note) == (name == "opt-projected")
    assert remote.source.revision == COMMIT
    # little but the tensor travels
    assert hub.served <= 1.05 * W.numel() * W.itemsize + 200_000


def test_little_but_the_tensor_travels_from_a_file_much_larger_than_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SUPERPOSITION_CACHE", str(tmp_path / "cache"))
    W = torch.randn(2000, 64)
    state = {"junk.before": torch.randn(1_500_000), "lm_head.weight": W}
    state["junk.after"] = torch.randn(1_500_000)
    for form in ("safetensors", "bin"):
        folder = tmp_path / form
        folder.mkdir()
        (folder / "config.json").write_text('{"model_type": "gpt2"}')
        if form == "bin":
            torch.save(state, folder / "pytorch_model.bin")
        else:
            save_file(state, folder / "model.safetensors")
        with loopback_hub({"org/large": folder}) as hub:
            assert torch.equal(unembedding.output_matrix("org/large", endpoint=hub.url).load(), W)
            assert W.numel() * 4 <= hub.served <= 1.05 * W.numel() * 4 + 200_000


def test_ties_follow_the_configuration_and_else_the_class(tmp_path):
    """An input embedding is no output matrix unless the two are one."""
    W = torch.randn(50, 8)
    save_file({"model.embed_tokens.weight": W}, tmp_path / "model.safetensors")
    for config, tied in (
        ({"model_type": "qwen2"}, False),
        ({"model_type": "gpt_neox"}, False),
        ({"model_type": "opt"}, True),
        ({"model_type": "gpt2"}, True),
        ({"model_type": "qwen2", "tie_word_embeddings": True}, True),
        ({"model_type": "gpt2", "tie_word_embeddings": False}, False),
    ):
        (tmp_path / "config.json").write_text(json.dumps(config))
        if tied:
            assert torch.equal(unembedding.output_matrix(tmp_path).load(), W)
        else:
            with pytest.raises(ValueError, match="no output matrix"):
                unembedding.output_matrix(tmp_path)


@pytest.mark.parametrize("n, m, shift", [(3000, 96, 0.0), (700, 1500, 0.5), (5000, 40, 2.0)])
def test_statistics_equal_all_pairs_in_double_precision(n, m, shift, tmp_path, monkeypatch):
    """Against every pair, one by one in float64; several blocks of rows and panels of columns."""
    monkeypatch.setattr(unembedding, "BLOCK_BYTES", 100_000)
    generator = torch.Generator().manual_seed(n)
    W = torch.randn(n, m, generator=generator) + shift
    W[n // 3] = 0
    W[-1] = 0
    save_file({"lm_head.weight": W}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    found = unembedding.overlap_statistics(tmp_path)

    def all_pairs(X: torch.Tensor) -> float:
        U = X.double() / X.double().norm(dim=1, keepdim=True)
        squares = (U @ U.T).square()
        return float((squares.sum() - squares.trace()) / (len(U) * (len(U) - 1)))

    kept = W[W.norm(dim=1) > 0]
    # 1e-6: the sums are taken in single precision
    assert found.mean_squared_overlap == pytest.approx(all_pairs(kept), rel=1e-6)
    assert found.mean_squared_overlap == pytest.approx(geometry.mean_squared_overlap(W), rel=1e-6)
    assert (found.n, found.m, found.zero_rows) == (n, m, 2)


def test_nan_rows_are_an_error(tmp_path):
    save_file({"lm_head.weight": torch.full((9, 4), torch.nan)}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(ValueError, match="NaN"):
        unembedding.overlap_statistics(tmp_path)


#: fault: (what the message must say, whether it counts as no usable hub)
FAULTS = {
    "ignores range": ("ignores ranges", False),
    "another range": ("ignores ranges", False),
    "cut": ("bytes early", True),
    "429": ("429", True),
    "503": ("503", True),
    "silence": ("no answer|timed out", True),
    "silent body": ("no answer|timed out", True),
    "drip": ("bytes a second", True),
    "dripping headers": ("no answer|timed out", True),
}


@pytest.mark.parametrize("everywhere", [False, True], ids=["large files", "every request"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_server_is_a_clear_error(fault, everywhere, hub, tmp_path):
    if everywhere and fault in ("ignores range", "another range", "cut", "silent body", "drip"):
        pytest.skip("concerns bodies")
    says, unreachable = FAULTS[fault]
    hub.fault, hub.everywhere = fault, everywhere
    with pytest.raises(unembedding.HubError, match=says) as caught:
        unembedding.overlap_statistics("org/gpt2", endpoint=hub.url)
    assert isinstance(caught.value, unembedding.HubUnreachable) == unreachable
    assert records(tmp_path) == [], "a partial result was remembered"


@pytest.mark.parametrize("fault, times", [("cut", 3), ("503", 2), ("silent body", 1)])
def test_a_hiccup_is_survived(fault, times, checkpoints, hub):
    """Resumed where the connection broke, so still exact, and nothing is read twice."""
    hub.fault, hub.failures = fault, times
    found = unembedding.output_matrix("org/gpt2", endpoint=hub.url)
    W = checkpoints["gpt2"][1]
    assert torch.equal(found.load(), W)
    assert hub.failures == 0 and hub.served <= 1.05 * W.numel() * 4 + 200_000


def test_refused_connection_and_offline_mode(hub, monkeypatch):
    for endpoint in ("http://127.0.0.1:9", "http://no-such-host.invalid"):
        with pytest.raises(unembedding.HubUnreachable, match="cannot be reached"):
            unembedding.output_matrix("org/gpt2", endpoint=endpoint)
        assert "reached" in unembedding.hub_problem(endpoint)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(unembedding.HubUnreachable):
        unembedding.output_matrix("org/gpt2", endpoint=hub.url)


def test_wrong_id_wrong_revision_gated_and_missing_files(hub, tmp_path):
    assert unembedding.hub_problem(hub.url) == ""  # it answers, though it lacks the model asked for
    for call, says in (
        (("org/nothing",), "no such model"),
        (("org/gpt2", "v9"), "v9.: the hub has no such revision"),
        (("org/gated",), "gated"),
        (("org/empty",), "config.json"),
    ):
        empty = tmp_path / "empty"
        empty.mkdir(exist_ok=True)
        hub.repositories |= {"org/gated": empty, "org/empty": empty}
        hub.gated = {"org/gated"}
        with pytest.raises(unembedding.HubError, match=says) as caught:
            unembedding.overlap_statistics(*call, endpoint=hub.url)
        assert not isinstance(caught.value, unembedding.HubUnreachable)
    (empty / "config.json").write_text("{}")
    with pytest.raises(ValueError, match="no output matrix"):
        unembedding.output_matrix("org/empty", endpoint=hub.url)
    with pytest.raises(FileNotFoundError):
        unembedding.output_matrix(tmp_path / "absent")
    assert records(tmp_path) == []


def test_the_token_stays_with_the_hub(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    unembedding.output_matrix("org/gpt2", endpoint=hub.url).load()
    kept = {authorization for origin, _, authorization in hub.seen if origin == "hub"}
    sent = {authorization for origin, _, authorization in hub.seen if origin == "storage"}
    assert kept == {"Bearer hf_secret"} and sent == {None}


class Evil:
    def __reduce__(self):
        return Path.touch, (Path(self.target),)


def test_a_pickle_that_would_run_something_is_refused_and_nothing_runs(hub, tmp_path):
    folder, marker = tmp_path / "evil", tmp_path / "it-ran"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "opt"}')
    evil = Evil()
    evil.target = str(marker)
    torch.save({"x": evil, "lm_head.weight": torch.ones(3, 2)}, folder / "pytorch_model.bin")
    torch.load(folder / "pytorch_model.bin", weights_only=False)
    assert marker.exists(), "the pickle is harmless, so refusing it shows nothing"
    marker.unlink()
    hub.repositories["org/evil"] = folder
    for call in ({"model_id": folder}, {"model_id": "org/evil", "endpoint": hub.url}):
        with pytest.raises(ValueError, match="refused"):
            unembedding.overlap_statistics(**call)
    assert not marker.exists() and records(tmp_path) == []


@pytest.mark.parametrize(
    "code",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.",
        b"(ios\ngetcwd\n.",
        b"\x80\x02ctorch\nload\n.",
        b"c__builtin__\ngetattr\n.",
    ],
)
def test_every_opcode_that_imports_is_refused(code, tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "opt"}')
    with zipfile.ZipFile(tmp_path / "pytorch_model.bin", "w") as archive:
        archive.writestr("archive/data.pkl", code)
    with pytest.raises(ValueError, match="refused"):
        unembedding.output_matrix(tmp_path)


def test_checkpoints_that_cannot_be_read_in_part_say_what_to_do(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "opt"}')
    file, state = tmp_path / "pytorch_model.bin", {"lm_head.weight": torch.ones(300, 20)}
    torch.save(state, file, _use_new_zipfile_serialization=False)
    with pytest.raises(ValueError, match=r"before 1\.6.*save it again"):
        unembedding.output_matrix(tmp_path)
    torch.save(state, file)
    file.write_bytes(file.read_bytes()[:-500])
    with pytest.raises(ValueError, match="damaged"):
        unembedding.output_matrix(tmp_path)
    torch.save({"lm_head.weight": torch.ones(20, 300).T}, file)
    with pytest.raises(ValueError, match="one after another"):
        unembedding.output_matrix(tmp_path)
    file.write_bytes(pickle.dumps([1]))
    with pytest.raises(ValueError, match=r"before 1\.6"):
        unembedding.output_matrix(tmp_path)
    file.unlink()
    save_file(state, tmp_path / "model.safetensors")
    whole = (tmp_path / "model.safetensors").read_bytes()
    for content in (whole[:-40], whole[:20], b"\xff" * 40, b"{}"):
        (tmp_path / "model.safetensors").write_bytes(content)
        with pytest.raises(ValueError, match=r"safetensors|does not fit"):
            unembedding.output_matrix(tmp_path)
    index = {"weight_map": {"lm_head.weight": "../outside.safetensors"}}
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ValueError, match="outside"):
        unembedding.output_matrix(tmp_path)


def test_results_are_remembered_by_commit_and_serve_without_a_network(hub, tmp_path):
    first = unembedding.overlap_statistics("org/gpt2", endpoint=hub.url)
    served = hub.served
    assert unembedding.overlap_statistics("org/gpt2", endpoint=hub.url) == first
    assert hub.served == served, "it was fetched again"
    assert all(len(path.read_text()) < 5000 for path in records(tmp_path) if path.is_file())
    hub.fault, hub.everywhere = "503", True
    assert unembedding.overlap_statistics("org/gpt2", endpoint=hub.url) == first
    with pytest.raises(unembedding.HubUnreachable):
        unembedding.overlap_statistics("org/qwen-tied", endpoint=hub.url)
