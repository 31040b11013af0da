"""What others published: numbers to compare with, each with its source, never computed here.

Nothing in this file may appear in a figure as a result of ours; figures draw these values in
`plots.PUBLISHED`. Values read off a printed figure have about two meaningful digits.
"""

from __future__ import annotations

from dataclasses import dataclass

PAPER = "Liu, Liu and Gore 2025, arXiv 2505.10465"
CHINCHILLA = "Hoffmann et al. 2022, arXiv 2203.15556"
REFIT = "Besiroglu et al. 2024, arXiv 2404.10102"


@dataclass(frozen=True)
class Value:
    """One published number: `value` ± `error` (None where no error is given), and its source."""

    value: float
    source: str
    error: float | None = None


@dataclass(frozen=True)
class Model:
    """A public language model: width m and vocabulary n of its output matrix (n, m)."""

    family: str
    name: str
    repo: str
    m: int
    vocabulary: int
    tied: bool | None  # None: the source does not say
    source: str = "model configurations published with the weights"

    @property
    def parameters(self) -> float | None:
        """Parameters as the name states them ("1.3b" is 1.3e9), or None where it states none."""
        unit = {"m": 1e6, "b": 1e9}.get(self.name[-1].lower())
        try:
            return float(self.name[:-1]) * unit if unit else None
        except ValueError:
            return None


def _models() -> tuple[Model, ...]:
    opt = {"125m": 768, "350m": 512, "1.3b": 2048, "2.7b": 2560, "6.7b": 4096, "13b": 5120,
           "30b": 7168, "66b": 9216}  # fmt: skip
    qwen = {"0.5B": 896, "1.5B": 1536, "3B": 2048, "7B": 3584, "14B": 5120, "32B": 5120,
            "72B": 8192}  # fmt: skip
    gpt2 = {"gpt2": 768, "gpt2-medium": 1024, "gpt2-large": 1280, "gpt2-xl": 1600}
    pythia = {"70m": 512, "160m": 768, "410m": 1024, "1b": 2048, "1.4b": 2048, "2.8b": 2560,
              "6.9b": 4096, "12b": 5120}  # fmt: skip
    small = ("0.5B", "1.5B", "3B")  # Qwen2.5's tied models, with the shorter vocabulary
    padded = {"6.9b": 50_432, "12b": 50_688}  # Pythia pads its vocabulary to suit the hardware
    return (
        *(Model("OPT", k, f"facebook/opt-{k}", m, 50_272, None) for k, m in opt.items()),
        *(
            Model("Qwen2.5", k, f"Qwen/Qwen2.5-{k}", m, 151_936 if k in small else 152_064,
                  k in small)
            for k, m in qwen.items()
        ),
        *(Model("GPT-2", k, f"openai-community/{k}", m, 50_257, True) for k, m in gpt2.items()),
        *(
            Model("Pythia", k, f"EleutherAI/pythia-{k}", m, padded.get(k, 50_304), False)
            for k, m in pythia.items()
        ),
    )  # fmt: skip


#: The 27 models whose output matrices the paper measures. OPT-350m is projected to m = 512
#: from a hidden width of 1024.
MODELS: tuple[Model, ...] = _models()

#: Mean squared overlap of normalised output rows, by family: (m, value).
OVERLAPS: dict[str, tuple[tuple[int, float], ...]] = {
    "OPT": ((512, 0.087), (768, 0.101), (2048, 0.035), (2560, 0.0092), (4096, 0.0118),
            (5120, 0.0032), (7168, 0.0018), (9216, 0.0062)),
    "Qwen2.5": ((896, 0.035), (1536, 0.017), (2048, 0.0104), (3584, 0.013), (5120, 0.0016),
                (5120, 0.0032), (8192, 0.0095)),
    "GPT-2": ((768, 0.075), (1024, 0.097), (1280, 0.0099), (1600, 0.0089)),
    "Pythia": ((1024, 0.013), (2048, 0.0115), (2048, 0.0073), (2560, 0.0059), (4096, 0.0035),
               (5120, 0.0010)),
}  # fmt: skip
OVERLAPS_SOURCE = f"{PAPER}, read off figure 8a (about two digits)"

#: α_m of L = A / m^α_m + B(family, corpus) over 4 families and 4 corpora.
LOSS_EXPONENT = Value(0.91, f"{PAPER}, language-model loss fit", 0.04)

#: Toy model, n = 10,240, strong superposition (γ = -1): α_m by frequency law.
STRONG_EXPONENTS: dict[str, Value] = {
    "exponential": Value(1.005, f"{PAPER}, large toy set, γ = -1"),
    "power": Value(0.984, f"{PAPER}, large toy set, γ = -1"),
    "linear": Value(0.886, f"{PAPER}, large toy set, γ = -1"),
}
#: R² of a straight line in log-log, same set; weak is γ = 0.1.
STRONG_R2 = {"exponential": 0.985, "power": 0.963, "linear": 0.987}
WEAK_R2 = {"exponential": 0.80, "power": 0.99, "linear": 0.867}
R2_SOURCE = f"{PAPER}, large toy set"

#: Mean squared overlap of rows in the strong regime (n = 1000): (m, value), and its source.
STRONG_OVERLAPS = ((10, 0.10), (100, 0.0095))
STRONG_OVERLAPS_SOURCE = f"{PAPER}, toy model, γ = -1"
#: α_m in the strong regime: its range for α ≤ 1, and at α = 2 after rising towards 2(α - 1).
STRONG_EXPONENT_RANGES = {"alpha <= 1": (0.8, 1.1), "alpha = 2": (2.0, 2.3)}
#: φ_1/2 at α = 1: it is 1 up to the first γ and about m/n, a little above, from the second.
PHI_HALF_ALPHA_1 = {"one_up_to_gamma": -0.55, "m_over_n_from_gamma": 0.3}
PHI_HALF_SOURCE = f"{PAPER}, toy model, n = 1000"

#: Strong-regime exponents for densities E from 1 to 7.5, in order; the densities between the
#: two ends are not given in our source.
DENSITY_EXPONENTS: tuple[Value, ...] = tuple(
    Value(value, f"{PAPER}, toy model, density from 1 to 7.5", error)
    for value, error in ((1.12, 0.06), (1.12, 0.08), (1.1, 0.1), (1.1, 0.1), (1.1, 0.2))
)
DENSITY_RANGE = (1.0, 7.5)


#: How the paper trained its toy models; γ and α are even steps between the ends given.
TOY_PROTOCOL = {
    "source": PAPER, "n": 1000, "m": (10, 15, 25, 39, 63, 100), "gamma": (-1.0, 1.0),
    "gamma_steps": 10, "alpha": (0.0, 2.0), "alpha_steps": 17, "density": 1.0,
    "batch_size": 2048, "steps": 20_000, "learning_rate": 1e-2, "warm_up": 2_000,
    "final_share": 0.05, "models": 1080, "cpus": 96,
}  # fmt: skip
LARGE_PROTOCOL = {
    "source": PAPER, "n": 10_240, "m": (8, 1024), "batch_size": 8192, "steps": 40_000,
    "laws": {"power": 1.2, "exponential": 400, "linear": None},
}  # fmt: skip


@dataclass(frozen=True)
class LossFit:
    """L(N, D) = E + A / N^alpha + B / D^beta; N parameters, D tokens, L nats per token."""

    E: float
    A: float
    B: float
    alpha: float
    beta: float
    source: str


CHINCHILLA_FITS: dict[str, LossFit] = {
    "Hoffmann": LossFit(1.69, 406.4, 410.7, 0.34, 0.28, f"{CHINCHILLA}, approach 3"),
    "Besiroglu": LossFit(1.8172, 482.01, 2085.43, 0.3478, 0.3658, REFIT),
}
#: Chinchilla's models: (parameters in millions, d_model).
CHINCHILLA_TABLE: tuple[tuple[int, int], ...] = (
    (44, 512), (57, 576), (74, 640), (90, 640), (106, 640), (117, 768), (140, 768), (163, 768),
    (175, 896), (196, 896), (217, 896), (251, 1024), (278, 1024), (306, 1024), (425, 1280),
    (489, 1280), (509, 1408), (552, 1280), (587, 1408), (632, 1536), (664, 1408), (724, 1536),
    (816, 1536), (893, 1792), (1018, 1792), (1143, 1792), (1266, 2048), (1424, 2176),
    (1429, 2048), (1593, 2048), (1609, 2176), (1731, 2304), (1794, 2176), (2007, 2304),
    (2283, 2304), (2298, 2560), (2639, 2560), (2980, 2560), (3530, 2688), (3802, 2816),
    (4084, 2944), (4516, 3072), (6796, 3584), (9293, 4096), (11452, 4352), (12295, 4608),
    (12569, 4608), (13735, 4864), (14940, 4992), (16183, 5120),
)  # fmt: skip
CHINCHILLA_TABLE_SOURCE = f"{CHINCHILLA}, table A9"
#: N ∝ m^k over that table, and the α_m it implies with the re-fit's α.
PARAMETERS_PER_WIDTH = Value(2.523, f"line through {CHINCHILLA}, table A9")
CHINCHILLA_EXPONENT = Value(0.88, PAPER, 0.06)
