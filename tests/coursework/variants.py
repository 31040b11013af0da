"""Answers to every automatic question: right ones of another make, and plausible wrong ones.

Each is Python text that is run over the solved notebook's names and so replaces that answer.
A right one must get full marks, a wrong one none.
"""

# ruff: noqa: E501  one answer a line reads better than one wrapped to a width
from __future__ import annotations

RIGHT: dict[str, dict[str, list[str]]] = {
    "01_directions": {
        "q1": [
            "def cosines(W):\n    W = torch.as_tensor(W).float()\n    return torch.nn.functional.normalize(W, dim=1) @ torch.nn.functional.normalize(W, dim=1).T",
            "def cosines(W):\n    out = np.zeros((len(W), len(W)), dtype=np.float32)\n    for i, a in enumerate(W):\n        for j, b in enumerate(W):\n            s = np.sqrt((a * a).sum() * (b * b).sum())\n            out[i, j] = 0 if s == 0 else a @ b / s\n    return out",
            "def cosines(W):\n    G = W @ W.T\n    d = G.diagonal() ** 0.5\n    d = np.where(d > 0, d, 1)\n    return (G / d / d[:, None]).tolist()",
            "def cosines(W):\n    W = W.double()\n    return torch.nan_to_num(torch.cosine_similarity(W[:, None], W[None], dim=2))",
        ],
        "q2": [
            "def mean_square_between(A, B):\n    A, B = (torch.nn.functional.normalize(torch.as_tensor(X).double(), dim=1) for X in (A, B))\n    return torch.trace(A.T @ A @ B.T @ B) / (len(A) * len(B))",
            "def mean_square_between(A, B):\n    U, V = (X / np.sqrt((X**2).sum(1))[:, None] for X in (A, B))\n    M = V.T @ V / len(V)\n    return np.mean(((U @ M) * U).sum(1))",
            "def mean_square_between(A, B):\n    A = (A / np.linalg.norm(A, axis=1, keepdims=True)).astype(np.float32)\n    B = (B / np.linalg.norm(B, axis=1, keepdims=True)).astype(np.float32)\n    GB = B.T @ B\n    return sum(float(np.einsum('ia,ab,ib->', A[k:k+1000], GB, A[k:k+1000], optimize=True)) for k in range(0, len(A), 1000)) / len(A) / len(B)",
        ],
        "q3": [
            "def chance_above(t, m):\n    from scipy.special import betainc\n    return 1 - betainc(0.5, (m - 1) / 2, t**2) if t < 0.05 else betainc((m - 1) / 2, 0.5, 1 - t * t)",
            "def chance_above(t, m):\n    from scipy.stats import beta\n    return 2 * beta((m - 1) / 2, (m - 1) / 2).sf((1 + t) / 2)",
            "def chance_above(t, m):\n    from scipy.stats import t as student\n    return 2 * student.sf(t * ((m - 1) / (1 - t * t)) ** 0.5, m - 1)",
            "def chance_above(t, m):\n    a = np.linspace(0, np.arccos(t), 200001)\n    b = np.linspace(0, np.pi / 2, 200001)\n    f = lambda x: np.trapezoid(np.sin(x) ** (m - 2), x)\n    return f(a) / f(b)",
        ],
        "q4": [
            "def room(m, t):\n    p = chance_above(t, m)\n    return int((1 + np.sqrt(1 + 4 / p)) // 2)",
            "def room(m, t):\n    p = chance_above(t, m)\n    lo, hi = 1, 2\n    while hi * (hi - 1) / 2 * p <= 0.5:\n        hi *= 2\n    while hi - lo > 1:\n        mid = (lo + hi) // 2\n        lo, hi = (mid, hi) if mid * (mid - 1) / 2 * p <= 0.5 else (lo, mid)\n    return np.int64(lo)",
            "import math\ndef room(m, t):\n    return torch.tensor(math.floor(0.5 + math.sqrt(0.25 + 1 / chance_above(t, m))))",
        ],
        "q5": [
            "pair = [pair[1], pair[0]]",
            "pair = np.array(pair)\noverlap = torch.tensor(overlap)\ndimension = np.int64(dimension)",
            "pair = torch.tensor(pair)\noverlap = np.float32(overlap)\ndimension = float(dimension)",
        ],
    },
    "02_regimes": {
        "q1": [
            "def toy_loss(W, b, x):\n    W, b, x = (torch.as_tensor(v).float() for v in (W, b, x))\n    return ((torch.relu(x @ (W @ W.T) + b) - x) ** 2).sum(-1).mean()",
            "def toy_loss(W, b, x):\n    return sum(np.linalg.norm(np.maximum(W @ (W.T @ v) + b, 0) - v) ** 2 for v in x) / len(x)",
            "def toy_loss(W, b, x):\n    y = np.clip(np.einsum('bi,ik,jk->bj', x, W, W) + b, 0, None)\n    return np.square(y - x).mean() * x.shape[1]",
            "def toy_loss(W, b, x):\n    return torch.nn.functional.mse_loss(torch.relu(x @ W @ W.T + b), x, reduction='sum') / len(x)",
        ],
        "q2": [
            "def toy_gradient(W, b, x):\n    W = torch.tensor(np.asarray(W), requires_grad=True)\n    b = torch.tensor(np.asarray(b), requires_grad=True)\n    x = torch.as_tensor(x)\n    ((torch.relu(x @ W @ W.T + b) - x) ** 2).sum(1).mean().backward()\n    return W.grad, b.grad",
            "def toy_gradient(W, b, x):\n    dW, db = np.zeros(W.shape), np.zeros(b.shape)\n    for v in x:\n        a = W @ (W.T @ v) + b\n        d = 2 * np.where(a > 0, a - v, 0) / len(x)\n        dW += np.outer(d, W.T @ v) + np.outer(v, W.T @ d)\n        db += d\n    return [dW, db]",
            "def toy_gradient(W, b, x):\n    W, b, x = (np.asarray(v, dtype=np.float32) for v in (W, b, x))\n    a = x @ W @ W.T + b\n    d = 2 * (np.maximum(a, 0) - x) * (a > 0) / len(x)\n    S = d.T @ x\n    return (S + S.T) @ W, d.sum(0)",
        ],
        "q3": [
            "def decay_step(W, lr, gamma):\n    W = torch.as_tensor(W).clone().float()\n    if gamma >= 0:\n        return W - lr * gamma * W\n    r = W.norm(dim=1, keepdim=True)\n    return torch.where(r > 0, W + lr * gamma * W * (1 - 1 / r.clamp_min(1e-30)), W)",
            "def decay_step(W, lr, gamma):\n    out = W.copy()\n    for i in range(len(W)):\n        r = np.linalg.norm(W[i])\n        if gamma >= 0:\n            out[i] *= 1 - lr * gamma\n        elif r > 0:\n            out[i] *= 1 + lr * gamma * (1 - 1 / r)\n    return out",
            "def decay_step(W, lr, gamma):\n    if gamma < 0:\n        r = np.maximum(np.linalg.norm(W, axis=1, keepdims=True), 1e-12)\n        return W + lr * gamma * (W - W / r)\n    return (1 - lr * gamma) * W",
        ],
        "q4": [
            "def weak_loss(p, m):\n    p = torch.as_tensor(p).float().sort(descending=True).values[m:]\n    return (4 * p / 3 - p**2).sum()",
            "def weak_loss(p, m):\n    rest = sorted(p, reverse=True)[m:]\n    return sum(q / 3 + q * (1 - q) for q in rest)",
            "def weak_loss(p, m):\n    p = np.asarray(p)\n    if m >= len(p):\n        return 0\n    return float(np.sum([4 / 3 * q - 2 * q * q + q * q for q in np.partition(p, len(p) - m - 1)[: len(p) - m]]))",
        ],
        "q5": [
            "slope = torch.tensor(slope)",
            "slope = np.float32(slope)",
            "slope = [float(slope)]",
        ],
        "q6": [
            "def train(p, m, gamma, seed):\n    g = torch.Generator().manual_seed(seed)\n    p = torch.as_tensor(p).float()\n    n = len(p)\n    W = torch.randn(n, m, generator=g) / m**0.5\n    b = torch.zeros(n)\n    for step in range(2000):\n        lr = 0.3 * (1 - step / 2000)\n        x = (torch.rand(256, n, generator=g) < p) * 2 * torch.rand(256, n, generator=g)\n        a = x @ W @ W.T + b\n        d = 2 / 256 * (a.relu() - x) * (a > 0)\n        W, b = W - lr * (d.T @ (x @ W) + x.T @ (d @ W)), b - lr * d.sum(0)\n        if gamma >= 0:\n            W = W * (1 - lr * gamma)\n        else:\n            r = W.norm(dim=1, keepdim=True)\n            W = W + lr * gamma * W * (1 - 1 / r)\n    return W, b",
            "def train(p, m, gamma, seed):\n    r = np.random.RandomState(seed)\n    W, b = r.randn(len(p), m) * m**-0.5, np.zeros(len(p))\n    for lr in np.linspace(0.3, 0.0, 2000):\n        x = r.binomial(1, np.tile(p, (256, 1))) * r.uniform(0, 2, (256, len(p)))\n        dW, db = toy_gradient(W, b, x)\n        W -= lr * dW\n        b -= lr * db\n        W = decay_step(W, lr, gamma)\n    return [W, b]",
        ],
        "q7": [
            "def regime(W):\n    W = torch.as_tensor(W).double()\n    r = W.norm(dim=1)\n    U = (W / r[:, None])[r > 0.5]\n    if (r > 0.5).double().mean() >= 0.9:\n        return 'strong'\n    C = (U @ U.T) ** 2 - torch.eye(len(U))\n    return 'weak' if len(U) <= W.shape[1] and not (C > 0.1).any() else 'between'",
            "def regime(W):\n    kept = [w / np.linalg.norm(w) for w in np.asarray(W) if np.linalg.norm(w) > 0.5]\n    if len(kept) / len(W) >= 0.9:\n        return 'strong'\n    if len(kept) > len(W[0]):\n        return 'between'\n    for i in range(len(kept)):\n        for j in range(i):\n            if np.dot(kept[i], kept[j]) ** 2 > 0.1:\n                return 'between'\n    return 'weak'",
        ],
    },
    "03_the_law": {
        "q1": [
            "from scipy.special import binom\ndef welch(n, m, k=1):\n    return np.maximum(0, (n**2 / binom(m + k - 1, k) - n) / (n * (n - 1)))",
            "from fractions import Fraction\nfrom math import comb\ndef welch(n, m, k=1):\n    c = Fraction(n, comb(m + k - 1, m - 1))\n    return float(max(Fraction(0), (c - 1) / (n - 1)))",
            "def welch(n, m, k=1):\n    n, c = torch.tensor(float(n)), torch.tensor(1.0)\n    for i in range(k):\n        c = c * (m + i) / (i + 1)\n    return torch.relu((n / c - 1) / (n - 1))",
            "def welch(n, m, k=1):\n    c = 1.0\n    for i in range(k):\n        c = c * (m + i) / (i + 1)\n    return torch.tensor((n - c) / (c * (n - 1))).clamp_min(0)",
        ],
        "q2": [
            "def fit_exponent(x, y):\n    from scipy.stats import t\n    u, v = (torch.as_tensor(np.asarray(z)).float().log() for z in (x, y))\n    d = u - u.mean()\n    beta = (d * v).sum() / (d * d).sum()\n    r = v - v.mean() - beta * d\n    h = t.ppf(0.975, len(x) - 2) * ((r * r).sum() / (len(x) - 2) / (d * d).sum()) ** 0.5\n    return torch.stack([beta, beta - h, beta + h])",
            "def fit_exponent(x, y):\n    from scipy.stats import t\n    u, v = np.log10(x), np.log10(y)\n    du = u - u.mean()\n    beta = (du * v).sum() / (du * du).sum()\n    r = v - v.mean() - beta * du\n    h = t.ppf(0.975, len(x) - 2) * ((r * r).sum() / (len(x) - 2) / (du * du).sum()) ** 0.5\n    return np.array([beta, beta - h, beta + h])",
            "def fit_exponent(x, y):\n    from scipy.stats import t\n    (beta, _), cov = np.polyfit(np.log(x), np.log(y), 1, cov=True)\n    if len(x) < 5:\n        (beta, _), cov = np.polyfit(np.log(x), np.log(y), 1, cov='unscaled')\n        r = np.log(y) - np.polyval(np.polyfit(np.log(x), np.log(y), 1), np.log(x))\n        cov = cov * (r @ r) / (len(x) - 2)\n    h = t.isf(0.025, len(x) - 2) * cov[0, 0] ** 0.5\n    return [beta, beta - h, beta + h]".replace(
                "    (beta, _), cov = np.polyfit(np.log(x), np.log(y), 1, cov=True)\n    if len(x) < 5:\n    ",
                "    if True:\n    ",
            ),
            "def forecast(x, y, x_new):\n    from scipy.stats import t\n    u, v = torch.as_tensor(x).double().log(), torch.as_tensor(y).double().log()\n    A = torch.stack([torch.ones_like(u), u], 1)\n    new = torch.tensor([1.0, np.log(x_new)], dtype=torch.float64)\n    c = torch.linalg.lstsq(A, v[:, None]).solution[:, 0]\n    s2 = ((v - A @ c) ** 2).sum() / (len(u) - 2)\n    h = t.ppf(0.975, len(u) - 2) * (s2 * (1 + new @ torch.linalg.inv(A.T @ A) @ new)).sqrt()\n    return torch.exp(torch.stack([new @ c - h, new @ c + h]))",
            "from scipy.stats import t\ndef forecast(x, y, x_new):\n    u, v, z = np.log10(x), np.log10(y), np.log10(x_new)\n    b, a = np.polyfit(u, v, 1)\n    s = np.sqrt(np.sum((v - a - b * u) ** 2) / (len(u) - 2))\n    h = t.isf(0.025, len(u) - 2) * s * np.sqrt(1 + 1 / len(u) + (z - u.mean()) ** 2 / (len(u) * u.var()))\n    return [10 ** (a + b * z - h), 10 ** (a + b * z + h)]",
            "def fit_exponent(x, y):\n    from scipy.stats import t\n    u, v = torch.as_tensor(x).double().log(), torch.as_tensor(y).double().log()\n    A = torch.stack([u, torch.ones_like(u)], 1)\n    c = torch.linalg.lstsq(A, v[:, None]).solution[:, 0]\n    s2 = ((v - A @ c) ** 2).sum() / (len(u) - 2)\n    h = t.ppf(0.975, len(u) - 2) * (s2 * torch.linalg.inv(A.T @ A)[0, 0]).sqrt()\n    return c[0], c[0] - h, c[0] + h",
        ],
        "q3": [
            "kinds = {k: np.str_(kinds[k]) for k in 'DCBA'}",
            "kinds = dict(sorted(kinds.items()))",
            "kinds = {k: str(kinds[k]) for k in ('B', 'A', 'D', 'C')}",
        ],
        "q4": [
            "exponents = {k: float(np.float32(v)) for k, v in exponents.items()}",
            "exponents = {k: torch.tensor(v) for k, v in exponents.items()}",
            "exponents = {k: round(float(v), 2) for k, v in exponents.items()}",
            "for k, v in kinds.items():\n    if v == 'ceiling':\n        s = slice(0, 4)\n        exponents[k] = np.polyfit(np.log(claim_widths[s]), np.log(claims[k]['loss'][s]), 1)[0] + 0.0",
        ],
        "q5": [
            "def models_needed(m_low, m_high, sigma, half_width):\n    from scipy.stats import t\n    for k in range(3, 10**6):\n        S = np.log(np.geomspace(m_low, m_high, k)).var() * k\n        if t.isf(0.025, k - 2) * sigma <= half_width * S**0.5:\n            return np.int64(k)",
            "def models_needed(m_low, m_high, sigma, half_width):\n    from scipy.stats import t\n    k, L = 2, np.log(m_high) - np.log(m_low)\n    half = np.inf\n    while half > half_width:\n        k += 1\n        half = t.ppf(0.975, k - 2) * sigma / (L * np.sqrt(k * (k + 1) / (12 * (k - 1))))\n    return torch.tensor(k)",
            "def models_needed(m_low, m_high, sigma, half_width):\n    from scipy.stats import t\n    return next(float(k) for k in range(3, 5000) if t.interval(0.95, k - 2)[1] * sigma / np.sqrt(np.sum((np.linspace(0, np.log(m_high / m_low), k) - np.log(m_high / m_low) / 2) ** 2)) <= half_width)",
        ],
    },
    "04_limits": {
        "q1": [
            "def stream_overlap(blocks):\n    n, G = 0, 0\n    for B in blocks:\n        B = torch.as_tensor(B).double()\n        r = B.norm(dim=1)\n        U = B[r > 0] / r[r > 0, None]\n        n += len(U)\n        G = G + U.T @ U\n    return (G.square().sum() - n) / (n * (n - 1))",
            "def stream_overlap(blocks):\n    G, n = None, 0\n    for B in blocks:\n        for w in np.asarray(B, dtype=np.float64):\n            s = w @ w\n            if s:\n                n += 1\n                G = np.outer(w, w) / s if G is None else G + np.outer(w, w) / s\n    return np.float32((np.linalg.norm(G) ** 2 - n) / n / (n - 1))",
            "def stream_overlap(blocks):\n    blocks = iter(blocks)\n    G = n = 0\n    for B in blocks:\n        B = np.asarray(B, dtype=np.float32)\n        r = np.sqrt((B * B).sum(1))\n        B = B[r > 0] / r[r > 0][:, None]\n        G, n = G + np.einsum('ia,ib->ab', B, B), n + len(B)\n    return float((np.trace(G @ G) - n) / (n * n - n))",
        ],
        "q2": [
            "def stream_cosine(blocks):\n    n, s = 0, 0\n    for B in blocks:\n        B = torch.as_tensor(B).double()\n        r = B.norm(dim=1)\n        s = s + (B[r > 0] / r[r > 0, None]).sum(0)\n        n += int((r > 0).sum())\n    return (s.dot(s) - n) / n / (n - 1)",
            "def stream_cosine(blocks):\n    n, s = 0, 0.0\n    for B in blocks:\n        for w in np.asarray(B):\n            r = np.linalg.norm(w)\n            if r > 0:\n                n, s = n + 1, s + w / r\n    mean = s / n\n    return (n * (mean @ mean) - 1) / (n - 1)",
        ],
        "q3": [
            "measured = {k: torch.tensor(v) for k, v in measured.items()}",
            "measured = {k: np.float32(v) for k, v in measured.items()}",
            "X = np.concatenate([np.asarray(B) for B in my_blocks()]).astype(float)\nX /= np.linalg.norm(X, axis=1, keepdims=True)\nC = X @ X.T\nn, m = X.shape\no, c = ((C**2).sum() - n) / (n * n - n), (C.sum() - n) / (n * n - n)\nw = (n - m) / m / (n - 1)\nmeasured = dict(overlap=o, cosine=c, ratio=o / w, shared=c * c / (o - w), extra=1)",
        ],
        "q4": [
            "def law_ends(n, tolerance):\n    return int(np.floor(n * tolerance / (1 + tolerance))) + 1",
            "def law_ends(n, tolerance):\n    m = np.arange(1, n)\n    return m[(-n / (n - m)) < -(1 + tolerance)][0]",
            "def law_ends(n, tolerance):\n    return next(m for m in range(1, n) if m / (n - m) > tolerance)",
        ],
        "q5": [
            "def parameters_factor(loss_now, loss_wanted, floor, alpha, s):\n    if loss_wanted > floor:\n        return np.exp(s / alpha * (np.log(loss_now - floor) - np.log(loss_wanted - floor)))\n    return np.inf",
            "def parameters_factor(loss_now, loss_wanted, floor, alpha, s):\n    if loss_wanted <= floor:\n        return torch.tensor(float('inf'))\n    w = torch.tensor((loss_wanted - floor) / (loss_now - floor)) ** (-1 / alpha)\n    return w**s",
            "import math\ndef parameters_factor(loss_now, loss_wanted, floor, alpha, s):\n    a, b = loss_now - floor, loss_wanted - floor\n    return math.inf if b <= 0 else math.pow(a / b, 1 / alpha) ** s",
        ],
        "q6": [
            "def law_from_three(y1, y2, y3):\n    floor = (y1 * y3 - y2 * y2) / (y1 + y3 - 2 * y2)\n    return np.log2((y1 - floor) / (y2 - floor)), floor",
            "def law_from_three(y1, y2, y3):\n    a = np.log((y1 - y2) / (y2 - y3)) / np.log(2)\n    return np.array([a, y3 - (y2 - y3) / (2**a - 1)])",
            "def law_from_three(y1, y2, y3):\n    y1, y2, y3 = torch.tensor([y1, y2, y3])\n    q = (y2 - y3) / (y1 - y2)\n    return -torch.log2(q), y3 - (y2 - y3) * q / (1 - q)",
            "import math\ndef law_from_three(y1, y2, y3):\n    r = (y1 - y2) / (y2 - y3)\n    return [math.log(r, 2), torch.tensor(y2 - (y1 - y2) / (r - 1), dtype=torch.float64)]",
        ],
    },
    "capstone": {
        "q1": [
            "def exact_test(a, b):\n    from scipy.stats import permutation_test\n    f = lambda x, y: abs(np.mean(x) - np.mean(y))\n    a, b = np.asarray(a), np.asarray(b)\n    from itertools import combinations\n    v = np.r_[a, b]\n    seen = f(a, b) - 1e-9\n    ways = list(combinations(range(len(v)), len(a)))\n    return sum(f(v[list(w)], np.delete(v, w)) >= seen for w in ways) / len(ways)",
            "def exact_test(a, b):\n    from itertools import combinations\n    v = torch.cat([torch.as_tensor(a), torch.as_tensor(b)]).double()\n    idx = torch.tensor(list(combinations(range(len(v)), len(a))))\n    s = v[idx].sum(1)\n    d = (s / len(a) - (v.sum() - s) / len(b)).abs()\n    seen = (torch.as_tensor(a).double().mean() - torch.as_tensor(b).double().mean()).abs()\n    return (d >= seen * (1 - 1e-9) - 1e-12).double().mean()",
        ],
        "q2": [
            "def seed_interval(values, level=0.95, baseline=None):\n    from scipy import stats\n    v = np.asarray(values)\n    if baseline is not None:\n        r = stats.ttest_ind(v, np.asarray(baseline), equal_var=False)\n        return list(r.confidence_interval(confidence_level=level))\n    return stats.t.interval(level, len(v) - 1, loc=np.mean(v), scale=stats.sem(v))",
            "def seed_interval(values, level=0.95, baseline=None):\n    from scipy.stats import t\n    v = torch.as_tensor(values).double()\n    if baseline is not None:\n        w = torch.as_tensor(baseline).double()\n        p, q = v.var() / len(v), w.var() / len(w)\n        f = (p + q) ** 2 / (p**2 / (len(v) - 1) + q**2 / (len(w) - 1))\n        h = t.isf((1 - level) / 2, f) * (p + q).sqrt()\n        return [v.mean() - w.mean() - h, v.mean() - w.mean() + h]\n    h = v.std() / len(v) ** 0.5 * t.isf((1 - level) / 2, len(v) - 1)\n    return [v.mean() - h, v.mean() + h]",
        ],
        "q3": [
            "def holm(p):\n    k = len(p)\n    out, worst = [0.0] * k, 0.0\n    for rank, i in enumerate(sorted(range(k), key=lambda i: p[i])):\n        worst = max(worst, (k - rank) * float(p[i]))\n        out[i] = min(1.0, worst)\n    return out",
            "def holm(p):\n    p = torch.as_tensor(p).double()\n    s, i = p.sort()\n    a = torch.cummax(s * torch.arange(len(p), 0, -1), 0).values.clamp(max=1)\n    return torch.empty_like(p).scatter_(0, i, a)",
        ],
        "q4": [
            "def verdict(measured, claimed):\n    (a, b), (c, d) = measured, claimed\n    if b < c or a > d:\n        return 'does not hold'\n    return 'holds' if a >= c and b <= d else 'not decided'",
            "def verdict(measured, claimed):\n    m, c = np.asarray(measured), np.asarray(claimed)\n    inside = (m >= c[0]).all() and (m <= c[1]).all()\n    apart = max(m[0], c[0]) > min(m[1], c[1])\n    return ('not decided', 'holds', 'does not hold')[1 * bool(inside) + 2 * bool(apart)]",
        ],
    },
}


def _edits(answer: str, *pairs: tuple[str, str]) -> list[str]:
    """The answer with one slip at a time; every slip must change something."""
    out = []
    for old, new in pairs:
        assert old in answer, old
        out.append(answer.replace(old, new))
    return out


COSINES = "def cosines(W):\n    r = np.linalg.norm(W, axis=1, keepdims=True)\n    U = np.divide(W, r, out=np.zeros_like(W), where=r > 0)\n    return U @ U.T"
BETWEEN = "def mean_square_between(A, B):\n    U = A / np.linalg.norm(A, axis=1, keepdims=True)\n    V = B / np.linalg.norm(B, axis=1, keepdims=True)\n    return ((U.T @ U) * (V.T @ V)).sum() / (len(U) * len(V))"
CHANCE = "def chance_above(t, m):\n    from scipy.special import betainc\n    return betainc((m - 1) / 2, 0.5, 1 - t**2)"
ROOM = "def room(m, t):\n    p = chance_above(t, m)\n    return int((1 + (1 + 4 / p) ** 0.5) // 2)"
LOSS = "def toy_loss(W, b, x):\n    y = np.maximum(x @ W @ W.T + b, 0)\n    return ((y - x) ** 2).sum(axis=1).mean()"
GRADIENT = "def toy_gradient(W, b, x):\n    h = x @ W\n    a = h @ W.T + b\n    d = 2 / len(x) * (np.maximum(a, 0) - x) * (a > 0)\n    return d.T @ h + x.T @ (d @ W), d.sum(axis=0)"
DECAY = "def decay_step(W, lr, gamma):\n    if gamma >= 0:\n        return W * (1 - lr * gamma)\n    r = np.linalg.norm(W, axis=1, keepdims=True)\n    U = np.divide(W, r, out=np.zeros_like(W), where=r > 0)\n    return W + lr * gamma * (W - U)"
WEAK = "def weak_loss(p, m):\n    q = np.sort(p)[::-1][m:]\n    return (4 / 3 * q - q**2).sum()"
SLOPE = "q = np.arange(1.0, n + 1) ** -alpha\nq /= q.sum()\nslope = np.polyfit(np.log(widths), np.log([(4 / 3 * q[m:] - q[m:] ** 2).sum() for m in widths]), 1)[0]"
TRAIN = "def train(p, m, gamma, seed):\n    rng = np.random.default_rng(seed)\n    W, b = rng.normal(size=(len(p), m)) / m**0.5, np.zeros(len(p))\n    for step in range(2000):\n        lr = 0.3 * (1 - step / 2000)\n        x = (rng.random((256, len(p))) < p) * rng.uniform(0, 2, (256, len(p)))\n        dW, db = toy_gradient(W, b, x)\n        W, b = decay_step(W - lr * dW, lr, gamma), b - lr * db\n    return W, b"
REGIME = "def regime(W):\n    r = np.linalg.norm(W, axis=1)\n    kept = W[r > 0.5] / r[r > 0.5, None]\n    if len(kept) >= 0.9 * len(W):\n        return 'strong'\n    C = np.triu((kept @ kept.T) ** 2, 1)\n    if len(kept) <= W.shape[1] and (C.size == 0 or C.max() <= 0.1):\n        return 'weak'\n    return 'between'"
WELCH = "from math import comb\ndef welch(n, m, k=1):\n    return max(0.0, (n / comb(m + k - 1, k) - 1) / (n - 1))"
FIT = "from scipy.stats import norm, t\ndef fit_exponent(x, y):\n    u, v = np.log(x), np.log(y)\n    d = u - u.mean()\n    beta = (d * v).sum() / (d * d).sum()\n    r = v - v.mean() - beta * d\n    h = t.ppf(0.975, len(x) - 2) * ((r * r).sum() / (len(x) - 2) / (d * d).sum()) ** 0.5\n    return beta, beta - h, beta + h"
NEEDED = "from scipy.stats import norm, t\ndef models_needed(m_low, m_high, sigma, half_width):\n    k = 3\n    while True:\n        u = np.linspace(np.log(m_low), np.log(m_high), k)\n        S = ((u - u.mean()) ** 2).sum()\n        if t.ppf(0.975, k - 2) * sigma / np.sqrt(S) <= half_width:\n            return k\n        k += 1"
STREAM = "def stream_overlap(blocks):\n    n, G = 0, 0.0\n    for B in blocks:\n        r = np.linalg.norm(B, axis=1, keepdims=True)\n        U = B[r[:, 0] > 0] / r[r[:, 0] > 0]\n        n, G = n + len(U), G + U.T @ U\n    return ((G**2).sum() - n) / (n * (n - 1))"
COSINE = "def stream_cosine(blocks):\n    n, s = 0, 0.0\n    for B in blocks:\n        r = np.linalg.norm(B, axis=1, keepdims=True)\n        U = B[r[:, 0] > 0] / r[r[:, 0] > 0]\n        n, s = n + len(U), s + U.sum(axis=0)\n    return (s @ s - n) / (n * (n - 1))"
ENDS = "def law_ends(n, tolerance):\n    m = 1\n    while n / (n - m) <= 1 + tolerance:\n        m += 1\n    return m"
COST = "def parameters_factor(loss_now, loss_wanted, floor, alpha, s):\n    if loss_wanted <= floor:\n        return float('inf')\n    return ((loss_now - floor) / (loss_wanted - floor)) ** (s / alpha)"
THREE = "def law_from_three(y1, y2, y3):\n    q = (y2 - y3) / (y1 - y2)\n    return -np.log2(q), y1 - (y1 - y2) / (1 - q)"
TWO = "from scipy.stats import norm, t\n_one = seed_interval\ndef seed_interval(values, level=0.95, baseline=None):\n    if baseline is None:\n        return _one(values, level)\n    a, b = np.asarray(values), np.asarray(baseline)\n    p, q = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)\n    f = (p + q) ** 2 / (p**2 / (len(a) - 1) + q**2 / (len(b) - 1))\n    h = t.ppf((1 + level) / 2, f) * (p + q) ** 0.5\n    d = a.mean() - b.mean()\n    return d - h, d + h"
FORECAST = "from scipy.stats import norm, t\ndef forecast(x, y, x_new):\n    u, v = np.log(x), np.log(y)\n    k, d = len(u), u - u.mean()\n    beta = (d * v).sum() / (d * d).sum()\n    r = v - v.mean() - beta * d\n    away = np.log(x_new) - u.mean()\n    h = t.ppf(0.975, k - 2) * ((r * r).sum() / (k - 2) * (1 + 1 / k + away**2 / (d * d).sum())) ** 0.5\n    return np.exp(v.mean() + beta * away - h), np.exp(v.mean() + beta * away + h)"
EXACT = "from itertools import combinations\ndef exact_test(a, b):\n    v = np.concatenate([a, b])\n    n, total = len(a), v.sum()\n    s = np.array([sum(c) for c in combinations(v.tolist(), n)])\n    d = np.abs(s / n - (total - s) / len(b))\n    return (d >= d[0] * (1 - 1e-9)).mean()"
SEEDS = "from scipy.stats import norm, t, ttest_ind\ndef seed_interval(values, level=0.95, baseline=None):\n    if baseline is not None:\n        return ttest_ind(values, baseline, equal_var=False).confidence_interval(level)\n    v = np.asarray(values, dtype=float)\n    h = t.ppf((1 + level) / 2, len(v) - 1) * v.std(ddof=1) / len(v) ** 0.5\n    return v.mean() - h, v.mean() + h"
HOLM = "def holm(p):\n    p = np.asarray(p, dtype=float)\n    o = np.argsort(p)\n    a = np.maximum.accumulate(p[o] * np.arange(len(p), 0, -1))\n    out = np.empty_like(p)\n    out[o] = np.minimum(a, 1)\n    return out"
VERDICT = "def verdict(measured, claimed):\n    (a, b), (c, d) = measured, claimed\n    if c <= a and b <= d:\n        return 'holds'\n    if b < c or d < a:\n        return 'does not hold'\n    return 'not decided'"

WRONG: dict[str, dict[str, list[str]]] = {
    "01_directions": {
        "q1": [
            *_edits(
                COSINES,
                ("axis=1", "axis=0"),
                ("U @ U.T", "U.T @ U"),
                ("U @ U.T", "np.abs(U @ U.T)"),
                ("U @ U.T", "(U @ U.T) ** 2"),
                ("U @ U.T", "U @ W.T"),
                ("U @ U.T", "1 - U @ U.T"),
                ("    r =", "    W = W - W.mean(axis=1, keepdims=True)\n    r ="),
                ("    r =", "    W = W - W.mean(axis=0)\n    r ="),
            ),
            "def cosines(W):\n    return W @ W.T",
            "def cosines(W):\n    U = W / np.linalg.norm(W, axis=1, keepdims=True)\n    return U @ U.T",
            "def cosines(W):\n    return np.corrcoef(W)",
            "def cosines(W):\n    U = W / np.maximum(np.linalg.norm(W, axis=1, keepdims=True), 0.1)\n    return U @ U.T",
            "def cosines(W):\n    U = W / np.linalg.norm(W)\n    return U @ U.T",
            "def cosines(W):\n    U = W / np.abs(W).sum(axis=1, keepdims=True)\n    return np.nan_to_num(U @ U.T)",
        ],
        "q2": [
            *_edits(
                BETWEEN,
                ("(len(U) * len(V))", "len(U)"),
                ("(len(U) * len(V))", "(len(U) * (len(V) - 1))"),
                ("(len(U) * len(V))", "len(U) ** 2"),
                ("(U.T @ U) * (V.T @ V)", "(U.T @ V) ** 2"),
                ("(U.T @ U) * (V.T @ V)", "(U.T @ U) @ (V.T @ V)"),
                ("axis=1", "axis=0"),
                ("    return", "    U = A\n    return"),
                ("    return", "    V = B\n    return"),
                (".sum() / (len(U) * len(V))", ".mean()"),
                ("V.T @ V", "U.T @ U"),
            ),
            "def mean_square_between(A, B):\n    U = A / np.linalg.norm(A, axis=1, keepdims=True)\n    V = B / np.linalg.norm(B, axis=1, keepdims=True)\n    return ((U @ V.T) ** 2).mean()",
            "def mean_square_between(A, B):\n    U = A / np.linalg.norm(A, axis=1, keepdims=True)\n    V = B / np.linalg.norm(B, axis=1, keepdims=True)\n    return (U.mean(axis=0) @ V.mean(axis=0)) ** 2",
            "def mean_square_between(A, B):\n    return 1 / A.shape[1]",
            "def mean_square_between(A, B):\n    U = A / np.linalg.norm(A, axis=1, keepdims=True)\n    V = B / np.linalg.norm(B, axis=1, keepdims=True)\n    return (((U.T @ U) * (V.T @ V)).sum() / (len(U) * len(V))) ** 0.5",
            "def mean_square_between(A, B):\n    k = min(len(A), len(B), 2000)\n    U = A[:k] / np.linalg.norm(A[:k], axis=1, keepdims=True)\n    V = B[:k] / np.linalg.norm(B[:k], axis=1, keepdims=True)\n    return (np.sum(U * V, axis=1) ** 2).mean()",
        ],
        "q3": [
            *_edits(
                CHANCE,
                ("(m - 1) / 2", "m / 2"),
                ("(m - 1) / 2", "(m - 3) / 2"),
                ("(m - 1) / 2", "(m - 2) / 2"),
                ("t**2", "t"),
                ("betainc((m", "0.5 * betainc((m"),
                ("betainc((m", "1 - betainc((m"),
                ("1 - t**2", "t**2"),
                ("0.5,", "1.0,"),
            ),
            "def chance_above(t, m):\n    from scipy.special import erfc\n    return erfc(t * (m / 2) ** 0.5)",
            "def chance_above(t, m):\n    c = np.random.default_rng(0).normal(size=(20000, m))\n    return (np.abs(c[:, 0]) / np.linalg.norm(c, axis=1) > t).mean()",
            "def chance_above(t, m):\n    return 2 * np.exp(-m * t * t / 2)",
            "def chance_above(t, m):\n    return (1 - t * t) ** ((m - 1) / 2)",
            "def chance_above(t, m):\n    return 1 - t",
        ],
        "q4": [
            *_edits(
                ROOM,
                ("4 / p", "8 / p"),
                ("4 / p", "2 / p"),
                ("4 / p", "1 / p"),
                ("int((1", "1 + int((1"),
                ("int((1", "-1 + int((1"),
                ("(1 + (1", "(-1 + (1"),
                ("chance_above(t, m)", "chance_above(t, m) / 2"),
                ("chance_above(t, m)", "2 * chance_above(t, m)"),
                ("// 2", "/ 2 + 0.5"),
            ),
            "def room(m, t):\n    return int((1 / chance_above(t, m)) ** 0.5)",
            "def room(m, t):\n    return int((2 / chance_above(t, m)) ** 0.5)",
            "def room(m, t):\n    return int(1 / chance_above(t, m))",
            "def room(m, t):\n    return int(np.exp(m * t * t / 4))",
            "def room(m, t):\n    p, n = chance_above(t, m), 1\n    while n * (n - 1) / 2 * p < 0.5:\n        n += 1\n    return n",
        ],
        "q5": [
            "dimension = 96",
            "dimension = round(1 / (overlap * 499 / 500 + 1 / 500))",
            "dimension = dimension + 1",
            "dimension = 40",
            "overlap = mean_square_between(W, W)",
            "overlap = overlap**0.5",
            "overlap = 1 / 96",
            "overlap = 1 / dimension * 1.02",
            "overlap = np.abs(cosines(W) - np.eye(500)).sum() / (500 * 499)",
            "overlap = np.cov(W).mean()",
            "pair = (pair[0], pair[0])",
            "pair = (pair[0] + 1, pair[1] + 1)",
            "G = np.abs(W @ W.T)\nnp.fill_diagonal(G, 0)\npair = np.unravel_index(G.argmax(), G.shape)",
            "student_id = 'another'",
            "student_id = 'your-id'\nW = personal_table(student_id)\npair, dimension = (0, 1), 30",
        ],
    },
    "02_regimes": {
        "q1": [
            *_edits(
                LOSS,
                (".sum(axis=1).mean()", ".mean()"),
                (".sum(axis=1).mean()", ".sum()"),
                (".sum(axis=1).mean()", ".mean(axis=1).sum()"),
                ("np.maximum(x @ W @ W.T + b, 0)", "x @ W @ W.T + b"),
                ("np.maximum(x @ W @ W.T + b, 0)", "np.maximum(x @ W @ W.T, 0)"),
                (" + b, 0)", ", 0) + b"),
                (" + b, 0)", " - b, 0)"),
                ("(y - x) ** 2", "np.abs(y - x)"),
                ("(y - x) ** 2", "(y - x) ** 2 / 2"),
                ("np.maximum", "np.minimum"),
                (".sum(axis=1).mean()", ".sum(axis=0).mean()"),
            ),
            "def toy_loss(W, b, x):\n    h = np.maximum(x @ W, 0)\n    return ((h @ W.T + b - x) ** 2).sum(axis=1).mean()",
            "def toy_loss(W, b, x):\n    return (((np.maximum(x @ W @ W.T + b, 0) - x) ** 2).sum(axis=1) ** 0.5).mean()",
        ],
        "q2": [
            *_edits(
                GRADIENT,
                (" + x.T @ (d @ W)", ""),
                ("d.T @ h + ", ""),
                ("2 / len(x)", "1 / len(x)"),
                ("2 / len(x)", "2"),
                ("2 / len(x)", "2 / x.size"),
                (" * (a > 0)", ""),
                (" * (a > 0)", " * (x > 0)"),
                ("np.maximum(a, 0) - x", "x - np.maximum(a, 0)"),
                ("d.sum(axis=0)", "d.sum(axis=1)"),
                ("d.sum(axis=0)", "d.mean(axis=0)"),
                ("d.T @ h + x.T @ (d @ W)", "2 * d.T @ h"),
                (
                    "d.T @ h + x.T @ (d @ W), d.sum(axis=0)",
                    "d.sum(axis=0), d.T @ h + x.T @ (d @ W)",
                ),
                ("h @ W.T + b", "h @ W.T"),
            ),
        ],
        "q3": [
            *_edits(
                DECAY,
                ("1 - lr * gamma", "1 + lr * gamma"),
                ("1 - lr * gamma", "1 - gamma"),
                ("W + lr * gamma", "W - lr * gamma"),
                ("W + lr * gamma", "W + gamma"),
                ("axis=1, keepdims=True", "axis=0, keepdims=True"),
                (
                    "np.linalg.norm(W, axis=1, keepdims=True)",
                    "np.full((len(W), 1), np.linalg.norm(W))",
                ),
                ("(W - U)", "(W - U * r.mean())"),
                ("(W - U)", "(W * (1 - r))"),
                ("(W - U)", "W"),
                ("W + lr * gamma * (W - U)", "U"),
                (
                    "r = np.linalg.norm(W, axis=1, keepdims=True)",
                    "r = (W**2).sum(axis=1, keepdims=True)",
                ),
                (
                    "r = np.linalg.norm(W, axis=1, keepdims=True)",
                    "r = np.abs(W).sum(axis=1, keepdims=True)",
                ),
            ),
            "def decay_step(W, lr, gamma):\n    return W * (1 - lr * gamma)",
            "def decay_step(W, lr, gamma):\n    if gamma >= 0:\n        return W * (1 - lr * gamma)\n    r = np.linalg.norm(W, axis=1, keepdims=True)\n    return W + lr * gamma * W * (1 - 1 / r)",
        ],
        "q4": [
            *_edits(
                WEAK,
                ("[m:]", "[m + 1:]"),
                ("[m:]", "[:m]"),
                ("[::-1][m:]", "[m:]"),
                (" - q**2", ""),
                (" - q**2", " - q**2 / 4"),
                (" - q**2", " + q**2"),
                ("4 / 3 * q", "q / 3"),
                ("4 / 3 * q", "q"),
                ("4 / 3 * q", "2 / 3 * q"),
                (".sum()", ".mean()"),
                ("np.sort(p)[::-1]", "np.asarray(p)"),
                ("q**2", "4 / 3 * q**2"),
            ),
            "def weak_loss(p, m):\n    q = np.sort(p)[::-1][m:]\n    return (q * (1 - q)).sum()",
        ],
        "q5": [
            "slope = 1 - alpha",
            "slope = -slope",
            "slope = -1.0",
            "slope = alpha - 1",
            *_edits(
                SLOPE,
                ("np.log(widths)", "widths"),
                ("n + 1", "10 * n + 1"),
                ("** -alpha", "** -1.0"),
                ("q[m:]", "q[: m]"),
                ("np.log(widths)", "np.log10(widths)"),
                ("-alpha", "alpha"),
                ("np.arange(1.0, n + 1)", "np.arange(2.0, n + 2)"),
            ),
            "slope = np.polyfit(np.log([weak_loss(np.arange(1.0, n + 1) ** -alpha / (np.arange(1.0, n + 1) ** -alpha).sum(), m) for m in widths]), np.log(widths), 1)[0]",
            "student_id = 'somebody else'",
        ],
        "q6": [
            *_edits(
                TRAIN,
                ("lr, gamma), b", "lr, -gamma), b"),
                ("lr, gamma), b", "lr, 0.0), b"),
                ("W - lr * dW", "W + lr * dW"),
                ("default_rng(seed)", "default_rng(0)"),
                ("default_rng(seed)", "default_rng()"),
                ("range(2000):", "range(20):"),
                ("uniform(0, 2,", "uniform(0, 1,"),
                (" < p)", " > p)"),
                ("b - lr * db", "b + lr * db"),
                ("b - lr * db", "decay_step(b[None] - lr * db, lr, gamma)[0]"),
                ("decay_step(W - lr * dW, lr, gamma)", "decay_step(W, lr, gamma) * 1.0"),
                ("return W, b", "return b, W"),
                ("lr, gamma), b", "1.0, gamma), b"),
            ),
        ],
        "q7": [
            *_edits(
                REGIME,
                ("axis=1", "axis=0"),
                ("r > 0.5", "r > 0.25"),
                ("r > 0.5", "r > 1.0"),
                ("0.9 * len(W)", "len(W)"),
                ("0.9 * len(W)", "0.5 * len(W)"),
                (") ** 2, 1)", "), 1)"),
                (") ** 2, 1)", ") ** 2, 0)"),
                ("<= 0.1", "<= 0.5"),
                ("<= 0.1", "<= 0.01"),
                ("len(kept) <= W.shape[1] and ", ""),
                ("len(kept) <= W.shape[1]", "len(kept) < W.shape[1]"),
                ("'weak'", "'strong'"),
                (" / r[r > 0.5, None]", ""),
                ("(kept @ kept.T)", "(W @ W.T)"),
                ("r > 0.5", "np.abs(W).max(axis=1) > 0.5"),
            ),
            "def regime(W):\n    f = (np.linalg.norm(W, axis=1) > 0.5).mean()\n    return 'strong' if f >= 0.9 else 'weak' if f <= W.shape[1] / len(W) else 'between'",
        ],
    },
    "03_the_law": {
        "q1": [
            *_edits(
                WELCH,
                ("comb(m + k - 1, k)", "comb(m + k, k)"),
                ("comb(m + k - 1, k)", "comb(m, k)"),
                ("comb(m + k - 1, k)", "m"),
                ("comb(m + k - 1, k)", "m**k"),
                (" - 1) / (n - 1)", ") / n"),
                ("(n - 1))", "n)"),
                ("max(0.0, ", "abs("),
            ),
            "from math import comb\ndef welch(n, m, k=1):\n    return (n / comb(m + k - 1, k) - 1) / (n - 1)",
            "def welch(n, m, k=1):\n    return 1 / m**k",
            "from math import comb\ndef welch(n, m, k=1):\n    return max(0.0, (n / comb(m + k - 1, k) - 1) / (n - 1)) ** 0.5",
            "def welch(n, m, k=1):\n    return max(0.0, (n - m) / (m * (n - 1))) ** k",
            "def welch(n, m, k=1):\n    from superposition.geometry import welch_bound\n    return welch_bound(n, m)",
            "def welch(n, m, k=1):\n    return max(0.0, (m - n) / (n * (m - 1)))",
        ],
        "q2": [
            *_edits(
                FIT,
                ("t.ppf(0.975, len(x) - 2)", "norm.ppf(0.975)"),
                ("t.ppf(0.975, len(x) - 2)", "1.96"),
                ("t.ppf(0.975, len(x) - 2)", "t.ppf(0.95, len(x) - 2)"),
                ("t.ppf(0.975, len(x) - 2)", "t.ppf(0.975, len(x) - 1)"),
                ("t.ppf(0.975, len(x) - 2)", "1.0"),
                ("(len(x) - 2) /", "len(x) /"),
                ("(len(x) - 2) /", "(len(x) - 1) /"),
                ("np.log(x), np.log(y)", "np.asarray(x), np.asarray(y)"),
                ("np.log(x), np.log(y)", "np.log10(x), np.log(y)"),
                ("np.log(x), np.log(y)", "np.log(y), np.log(x)"),
                ("return beta, beta - h, beta + h", "return -beta, -beta - h, -beta + h"),
                (" / (d * d).sum()) ** 0.5", ") ** 0.5"),
                ("(d * d).sum()) ** 0.5", "d.var()) ** 0.5"),
                ("return beta, beta - h, beta + h", "return beta, beta + h, beta - h"),
            ),
            *_edits(
                FORECAST,
                ("(1 + 1 / k", "(1 / k"),  # the interval of the line, not of a model
                ("1 + 1 / k + away**2 / (d * d).sum()", "1"),
                ("1 + 1 / k + away", "1 + away"),
                (" + away**2 / (d * d).sum()", ""),
                ("away**2 / (d * d).sum()", "away**2 / d.var()"),
                ("away**2", "away"),
                ("t.ppf(0.975, k - 2)", "norm.ppf(0.975)"),
                ("t.ppf(0.975, k - 2)", "t.ppf(0.975, k - 1)"),
                ("/ (k - 2) *", "/ k *"),
                ("np.log(x_new) - u.mean()", "np.log(x_new)"),
                ("np.log(x_new) - u.mean()", "x_new - u.mean()"),
                (
                    "np.exp(v.mean() + beta * away - h), np.exp(v.mean() + beta * away + h)",
                    "v.mean() + beta * away - h, v.mean() + beta * away + h",
                ),
                (
                    "np.exp(v.mean() + beta * away - h), np.exp(v.mean() + beta * away + h)",
                    "np.exp(v.mean() + beta * away) - h, np.exp(v.mean() + beta * away) + h",
                ),
            ),
            "def forecast(x, y, x_new):\n    b, low, high = fit_exponent(x, y)\n    a = np.log(y).mean() - b * np.log(x).mean()\n    return np.exp(a + high * np.log(x_new)), np.exp(a + low * np.log(x_new))",
            "from superposition.power_law import fit_power_law\ndef forecast(x, y, x_new):\n    f = fit_power_law(x, y)\n    return f.predict(x_new) * 0.9, f.predict(x_new) * 1.1",
        ],
        "q3": [
            "kinds = {k: 'sound' for k in 'ABCD'}",
            "kinds = dict(zip('ABCD', ['sound', 'floor', 'ceiling', 'undertrained']))",
            *[
                f"swap = {{'{a}': '{b}', '{b}': '{a}'}}\nkinds = {{k: swap.get(v, v) for k, v in kinds.items()}}"
                for a, b in [
                    ("floor", "ceiling"),
                    ("sound", "undertrained"),
                    ("floor", "undertrained"),
                    ("sound", "floor"),
                ]
            ],
            "student_id = 'other-8'",
            "kinds = {k: kinds[k] for k in 'ABC'}",
            "kinds = list(kinds.values())",
        ],
        "q4": [
            "exponents = {k: fit_exponent(claim_widths, np.array(c['loss']))[0] for k, c in claims.items()}",
            "exponents = {k: -v for k, v in exponents.items()}",
            "exponents = {k: -1.0 for k in 'ABCD'}",
            *[
                f"for k, v in kinds.items():\n    if v == '{kind}':\n        exponents[k] = fit_exponent(claim_widths, np.array(claims[k]['loss']))[0]"
                for kind in ("floor", "ceiling", "undertrained")
            ],
            "exponents = {k: v + 0.08 for k, v in exponents.items()}",
            "exponents = {k: v / np.log(10) for k, v in exponents.items()}",
            "for k, v in kinds.items():\n    if v == 'floor':\n        y = np.array(claims[k]['loss'])\n        exponents[k] = np.polyfit(np.log(claim_widths[:-1]), np.log(y[:-1] - y[-1]), 1)[0]",
            "for k, v in kinds.items():\n    if v == 'ceiling':\n        y = np.array(claims[k]['loss'])\n        exponents[k] = fit_exponent(claim_widths, y * (1 - claim_widths / 1000))[0]",
            "exponents = {k: exponents[j] for k, j in zip('ABCD', 'BCDA')}",
            "student_id = 'other-8'",
        ],
        "q5": [
            *_edits(
                NEEDED,
                ("t.ppf(0.975, k - 2)", "norm.ppf(0.975)"),
                ("t.ppf(0.975, k - 2)", "t.ppf(0.95, k - 2)"),
                ("t.ppf(0.975, k - 2)", "t.ppf(0.975, k - 1)"),
                ("np.log(m_low), np.log(m_high)", "np.log10(m_low), np.log10(m_high)"),
                ("np.log(m_low), np.log(m_high), k)", "m_low, m_high, k)"),
                ("np.log(m_low), np.log(m_high), k)", "np.log(m_low), np.log(m_high), k + 1)"),
                ("np.log(m_high), k)", "np.log(m_high), k, endpoint=False)"),
                (".sum()", ".mean()"),
                ("return k", "return k + 1"),
                ("return k", "return k - 1"),
                ("np.sqrt(S)", "S"),
                ("k = 3\n", "k = 4\n"),
                ("<= half_width", "<= 2 * half_width"),
            ),
        ],
    },
    "04_limits": {
        "q1": [
            "from superposition.geometry import mean_squared_overlap\ndef stream_overlap(blocks):\n    return mean_squared_overlap(torch.cat([torch.as_tensor(np.asarray(b)) for b in blocks]))",
            "def stream_overlap(blocks):\n    U = np.vstack(list(blocks))\n    r = np.linalg.norm(U, axis=1)\n    U = U[r > 0] / r[r > 0, None]\n    n = len(U)\n    return (((U.T @ U) ** 2).sum() - n) / (n * (n - 1))",
            *_edits(
                STREAM,
                (" - n) / (n * (n - 1))", ") / n**2"),
                (" - n)", ")"),
                ("(n * (n - 1))", "n**2"),
                ("U = B[r[:, 0] > 0] / r[r[:, 0] > 0]", "U = B[r[:, 0] > 0]"),
                ("G**2", "np.abs(G)"),
                ("(G**2).sum()", "np.trace(G)"),
                ("n + len(U)", "n + len(B)"),
                ("n + len(U), G + U.T @ U", "n + len(U), U.T @ U"),
                ("n + len(U), G + U.T @ U", "len(U), G + U.T @ U"),
                (
                    "((G**2).sum() - n) / (n * (n - 1))",
                    "(((G**2).sum() - n) / (n * (n - 1))) ** 0.5",
                ),
            ),
            "def stream_overlap(blocks):\n    out = []\n    for B in blocks:\n        U = B / np.linalg.norm(B, axis=1, keepdims=True)\n        C = (U @ U.T) ** 2\n        out.append((C.sum() - len(U)) / max(1, len(U) * (len(U) - 1)))\n    return np.mean(out)",
            "def stream_overlap(blocks):\n    X = np.concatenate([np.asarray(B) for B in blocks])\n    U = X / np.linalg.norm(X, axis=1, keepdims=True)\n    C = (U @ U.T) ** 2\n    return (C.sum() - len(U)) / (len(U) * (len(U) - 1))",
            "def stream_overlap(blocks):\n    n = sum(len(B) for B in blocks)\n    G = 0.0\n    for B in blocks:\n        U = B / np.linalg.norm(B, axis=1, keepdims=True)\n        G = G + U.T @ U\n    return ((G**2).sum() - n) / (n * (n - 1))",
        ],
        "q2": [
            *_edits(
                COSINE,
                (" - n) / (n * (n - 1))", ") / n**2"),
                (" - n)", ")"),
                ("(n * (n - 1))", "n**2"),
                ("s @ s", "np.abs(s).sum()"),
                ("s @ s - n", "(s @ s) ** 0.5 - n"),
                ("n + len(U)", "n + len(B)"),
                (" / r[r[:, 0] > 0]", ""),
                ("U.sum(axis=0)", "U.mean(axis=0)"),
                ("U.sum(axis=0)", "np.abs(U).sum(axis=0)"),
                ("(s @ s - n) / (n * (n - 1))", "abs(s @ s - n) / (n * (n - 1))"),
                ("(s @ s - n) / (n * (n - 1))", "((s @ s - n) / (n * (n - 1))) ** 2"),
                ("n + len(U), s + U", "n + len(U), U"),
            ),
        ],
        "q3": [
            "measured['ratio'] = measured['overlap'] * m",
            "measured['ratio'] = 1 / measured['ratio']",
            "measured['overlap'] = 1 / m",
            "measured['shared'] = measured['cosine'] ** 2 / measured['overlap']",
            "measured['shared'] = measured['cosine'] / measured['overlap']",
            "measured['shared'] = 1 - measured['shared']",
            "measured['cosine'] = measured['cosine'] ** 2",
            "measured['overlap'] = measured['overlap'] ** 0.5",
            "measured['overlap'] = 0.0087",
            "student_id = 'somebody else'",
            "b = (30522 - m) / (m * 30521)\nmeasured['ratio'] = measured['overlap'] / b",
        ],
        "q4": [
            *_edits(
                ENDS,
                ("return m", "return m + 1"),
                ("return m", "return m - 1"),
                ("n / (n - m)", "(n - 1) / (n - m)"),
                ("n / (n - m)", "n / (n - m + 1)"),
                ("1 + tolerance", "1 + 2 * tolerance"),
                ("n / (n - m)", "(n / (n - m)) ** 2"),
            ),
            "def law_ends(n, tolerance):\n    return round(n * tolerance)",
            "def law_ends(n, tolerance):\n    return round(n * tolerance / (1 + tolerance)) + 1",
            "def law_ends(n, tolerance):\n    return n * tolerance / (1 + tolerance)",
            "def law_ends(n, tolerance):\n    return int(n / (1 + tolerance)) + 1",
            "def law_ends(n, tolerance):\n    m = 1\n    while (n - m) / (n - 1) >= 1 - tolerance:\n        m += 1\n    return m",
        ],
        "q5": [
            *_edits(
                COST,
                ("(loss_now - floor)", "loss_now"),
                ("((loss_now - floor) / (loss_wanted - floor))", "(loss_now / loss_wanted)"),
                ("s / alpha", "1 / alpha"),
                ("s / alpha", "s * alpha"),
                ("s / alpha", "alpha / s"),
                ("s / alpha", "s"),
                ("s / alpha", "-s / alpha"),
                ("float('inf')", "0.0"),
                ("float('inf')", "float('nan')"),
                ("<= floor", "< floor - 1"),
                ("<= floor", "< 0"),
                ("(s / alpha)", "(2.5 / alpha)"),
                ("** (s / alpha)", "* (s / alpha)"),
            ),
        ],
        "q6": [
            *_edits(
                THREE,
                ("-np.log2(q)", "np.log2(q)"),
                ("np.log2", "np.log"),
                ("np.log2", "np.log10"),
                ("(y2 - y3) / (y1 - y2)", "(y1 - y2) / (y2 - y3)"),
                ("(y2 - y3) / (y1 - y2)", "y2 / y1"),
                ("(y2 - y3) / (y1 - y2)", "(y1 - y3) / (y1 - y2)"),
                ("y1 - (y1 - y2) / (1 - q)", "y3"),
                ("y1 - (y1 - y2) / (1 - q)", "0.0"),
                ("(1 - q)", "(1 + q)"),
                ("y1 - (y1 - y2)", "y1 + (y1 - y2)"),
                ("y1 - (y1 - y2) / (1 - q)", "y2 - (y1 - y2) / (1 - q)"),
                ("-np.log2(q), y1 - (y1 - y2) / (1 - q)", "y1 - (y1 - y2) / (1 - q), -np.log2(q)"),
            ),
        ],
    },
    "capstone": {
        "q1": [
            *_edits(
                EXACT,
                ("np.abs(s / n - (total - s) / len(b))", "s / n - (total - s) / len(b)"),
                ("d[0] * (1 - 1e-9)", "d[0] * (1 + 1e-9)"),
                (".mean()", ".sum()"),
                ("(total - s) / len(b)", "(total - s) / n"),
                ("/ len(b))", "/ len(v))"),
                ("(d >=", "0.5 * (d >="),
                ("(d >=", "1 - (d >="),
                ("len(a), v.sum()", "len(b), v.sum()"),
            ),
            "def exact_test(a, b):\n    from scipy.stats import ttest_ind\n    return ttest_ind(a, b).pvalue",
            "def exact_test(a, b):\n    rng = np.random.default_rng(0)\n    v = np.concatenate([a, b])\n    d = abs(np.mean(a) - np.mean(b))\n    hits = 0\n    for _ in range(500):\n        rng.shuffle(v)\n        hits += abs(v[:len(a)].mean() - v[len(a):].mean()) >= d\n    return hits / 500",
            "def exact_test(a, b):\n    from scipy.stats import mannwhitneyu\n    return mannwhitneyu(a, b, method='exact').pvalue",
            EXACT.replace(
                "return (d >= d[0] * (1 - 1e-9)).mean()",
                "return ((d >= d[0] * (1 - 1e-9)).sum() - 1) / (len(d) - 1)",
            ),
        ],
        "q2": [
            *_edits(
                SEEDS,
                ("t.ppf((1 + level) / 2, len(v) - 1)", "norm.ppf((1 + level) / 2)"),
                ("t.ppf((1 + level) / 2, len(v) - 1)", "2.0"),
                ("(1 + level) / 2", "level"),
                ("len(v) - 1)", "len(v))"),
                ("len(v) - 1)", "len(v) - 2)"),
                ("ddof=1", "ddof=0"),
                (" / len(v) ** 0.5", ""),
                ("len(v) ** 0.5", "len(v)"),
                ("len(v) ** 0.5", "(len(v) - 1) ** 0.5"),
                ("(1 + level) / 2", "0.975"),
                ("v.mean() - h, v.mean() + h", "v.mean() + h, v.mean() - h"),
                ("v.mean()", "np.median(v)"),
            ),
            *_edits(
                TWO,
                ("t.ppf((1 + level) / 2, f)", "t.ppf((1 + level) / 2, len(a) + len(b) - 2)"),
                ("t.ppf((1 + level) / 2, f)", "t.ppf((1 + level) / 2, min(len(a), len(b)) - 1)"),
                ("t.ppf((1 + level) / 2, f)", "norm.ppf((1 + level) / 2)"),
                ("t.ppf((1 + level) / 2, f)", "t.ppf((1 + level) / 2, int(f))"),
                ("(p + q) ** 0.5", "(p**0.5 + q**0.5)"),
                ("(p + q) ** 0.5", "((p + q) / 2) ** 0.5"),
                ("a.mean() - b.mean()", "b.mean() - a.mean()"),
                ("a.mean() - b.mean()", "abs(b.mean() - a.mean()) * -1"),
                ("(len(a) - 1) + q**2 / (len(b) - 1)", "len(a) + q**2 / len(b)"),
                ("ddof=1", "ddof=0"),
                ("b.var(ddof=1) / len(b)", "b.var(ddof=1) / len(a)"),
            ),
            "from scipy.stats import ttest_ind\n_one = seed_interval\ndef seed_interval(values, level=0.95, baseline=None):\n    if baseline is None:\n        return _one(values, level)\n    return ttest_ind(values, baseline).confidence_interval(level)",
            "from superposition.toy.variants import mean_interval\ndef seed_interval(values, level=0.95, baseline=None):\n    low, high = mean_interval(values, level)[1:]\n    return (low, high) if baseline is None else (low - np.mean(baseline), high - np.mean(baseline))",
        ],
        "q3": [
            *_edits(
                HOLM,
                ("np.arange(len(p), 0, -1)", "len(p)"),
                ("np.arange(len(p), 0, -1)", "np.arange(len(p) - 1, -1, -1)"),
                ("np.arange(len(p), 0, -1)", "np.arange(1, len(p) + 1)"),
                (
                    "np.maximum.accumulate(p[o] * np.arange(len(p), 0, -1))",
                    "p[o] * np.arange(len(p), 0, -1)",
                ),
                ("np.minimum(a, 1)", "a"),
                ("out[o] =", "out[:] ="),
                ("out[o] =", "out[o[o]] ="),
                ("np.maximum.accumulate", "np.minimum.accumulate"),
                ("np.argsort(p)", "np.argsort(-p)"),
                ("* np.arange(len(p), 0, -1)", "* len(p) / np.arange(1, len(p) + 1)"),
                ("np.arange(len(p), 0, -1)", "1"),
            ),
            "def holm(p):\n    return np.minimum(1, np.asarray(p) * len(p))",
        ],
        "q4": [
            *_edits(
                VERDICT,
                ("c <= a and b <= d", "c < a and b < d"),
                ("c <= a and b <= d", "a <= c and d <= b"),
                ("c <= a and b <= d", "c <= a or b <= d"),
                ("c <= a and b <= d", "c <= (a + b) / 2 <= d"),
                ("b < c or d < a", "b <= c or d <= a"),
                ("b < c or d < a", "b < c"),
                ("b < c or d < a", "d < a"),
                ("b < c or d < a", "b < c and d < a"),
                ("'not decided'", "'does not hold'"),
                ("'not decided'", "'holds'"),
                ("measured, claimed\n    if", "claimed, measured\n    if"),
                ("c <= a and b <= d", "a <= d and c <= b"),
            ),
        ],
    },
}

# Further ones, of other kinds, that an outside reader tried.
MORE_RIGHT: dict[str, dict[str, list[str]]] = {
    "01_directions": {
        "q1": [
            "from scipy.spatial.distance import cdist\n\ndef cosines(W):\n    z = np.linalg.norm(W, axis=1) > 0\n    C = 1 - cdist(np.where(z[:, None], W, 1), np.where(z[:, None], W, 1), 'cosine')\n    C[~z] = 0\n    C[:, ~z] = 0\n    return C",
            "def cosines(W):\n    r = np.linalg.norm(W, axis=1)\n    r[r == 0] = 1\n    W /= r[:, None]\n    return W @ W.T",
        ],
        "q2": [
            "def mean_square_between(A, B):\n    U = A / np.sqrt(np.einsum('ij,ij->i', A, A))[:, None]\n    V = B / np.sqrt(np.einsum('ij,ij->i', B, B))[:, None]\n    e, Q = np.linalg.eigh(U.T @ U / len(U))\n    return float((((V @ Q) ** 2).mean(0) * e).sum())",
        ],
        "q3": [
            "def chance_above(t, m):\n    import mpmath\n    f = lambda a: mpmath.sin(a) ** (m - 2)\n    return mpmath.quad(f, [0, mpmath.acos(t) / 2, mpmath.acos(t)]) / mpmath.quad(f, [0, mpmath.pi / 4, mpmath.pi / 2])",
            "def chance_above(t, m):\n    from scipy.stats import f\n    return f.sf(t * t * (m - 1) / (1 - t * t), 1, m - 1)",
            "def chance_above(t, m):\n    x, w = np.polynomial.legendre.leggauss(400)\n\n    def I(hi):\n        return (w * np.sin((x + 1) / 2 * hi) ** (m - 2)).sum() * hi / 2\n    return I(np.arccos(t)) / I(np.pi / 2)",
        ],
        "q4": [
            "from math import isqrt\n\ndef room(m, t):\n    k = int(1 / chance_above(t, m))\n    return (1 + isqrt(1 + 4 * k)) // 2",
            "def room(m, t):\n    p = float(chance_above(t, m))\n    return int(np.floor(np.roots([1, -1, -1 / p]).max()))",
        ],
        "q5": [
            "student_id = 12345\nW = personal_table(student_id)\nC = np.abs(cosines(W) - np.eye(500))\npair = np.argwhere(C == C.max())[0]\noverlap = (C ** 2).sum() / 500 / 499\ndimension = len(np.flatnonzero(np.linalg.eigvalsh(W.T @ W) > 1e-08))",
        ],
    },
    "02_regimes": {
        "q1": [
            "def toy_loss(W, b, x):\n    y = torch.nn.functional.relu(torch.nn.functional.linear(x @ W, W, b))\n    return torch.sum((x - y) ** 2) / x.shape[0]",
        ],
        "q2": [
            "def toy_gradient(W, b, x):\n\n    def f(W, b):\n        return ((torch.relu(x @ W @ W.T + b) - x) ** 2).sum() / len(x)\n    return torch.func.grad(f, argnums=(0, 1))(W, b)",
            "def toy_gradient(W, b, x):\n    W = W.clone().requires_grad_()\n    b = b.clone().requires_grad_()\n    l = ((torch.relu(x @ W @ W.T + b) - x) ** 2).sum(1).mean()\n    return torch.autograd.grad(l, [W, b])",
        ],
        "q3": [
            "def decay_step(W, lr, gamma):\n    if gamma >= 0:\n        W *= 1 - lr * gamma\n    else:\n        r = np.linalg.norm(W, axis=1)\n        W[r > 0] += lr * gamma * W[r > 0] * (1 - 1 / r[r > 0])[:, None]\n    return W",
        ],
        "q4": [
            "from fractions import Fraction as F\n\ndef weak_loss(p, m):\n    return sum((F(4, 3) * F(float(a)) - F(float(a)) ** 2 for a in sorted(p, reverse=True)[m:]), F(0))",
            "def weak_loss(p, m):\n    from scipy.optimize import minimize_scalar\n    return sum((minimize_scalar(lambda c: (1 - a) * c * c + a * (4 / 3 - 2 * c + c * c)).fun for a in sorted(p)[:max(0, len(p) - m)]))",
        ],
        "q5": [
            "q = np.array([float(i) ** (-alpha) for i in range(1, n + 1)])\nq = q / q.sum()\nu = np.log(widths)\nv = np.log([weak_loss(q, m) for m in widths])\nslope = np.array(np.cov(u, v)[0, 1] / np.var(u, ddof=1))",
        ],
        "q6": [
            "def train(p, m, gamma, seed):\n    torch.manual_seed(seed)\n    p = torch.tensor(np.asarray(p), dtype=torch.float32)\n    W = torch.nn.Parameter(torch.randn(len(p), m) / m ** 0.5)\n    b = torch.nn.Parameter(torch.zeros(len(p)))\n    o = torch.optim.SGD([W, b], lr=0.3)\n    for s in range(2000):\n        lr = 0.3 * (1 - s / 2000)\n        o.param_groups[0]['lr'] = lr\n        x = torch.bernoulli(p.expand(256, -1)) * torch.rand(256, len(p)) * 2\n        o.zero_grad()\n        ((torch.relu(x @ W @ W.T + b) - x) ** 2).sum(1).mean().backward()\n        o.step()\n        with torch.no_grad():\n            W.copy_(torch.as_tensor(decay_step(W.numpy(), lr, gamma)))\n    return (W, b)",
            "def train(p, m, gamma, seed):\n    rng = np.random.default_rng([seed, m])\n    n = len(p)\n    W = rng.uniform(-1, 1, (n, m)) * (3 / m) ** 0.5\n    b = np.zeros(n)\n    for lr in np.linspace(0.3, 0.3 / 2000, 2000):\n        x = np.where(rng.random((256, n)) < p, 2 * rng.random((256, n)), 0)\n        dW, db = toy_gradient(W, b, x)\n        W = decay_step(W - lr * dW, lr, gamma)\n        b = b - lr * db\n    return (torch.tensor(W, dtype=torch.float32), torch.tensor(b))",
        ],
        "q7": [
            "from itertools import combinations\n\ndef regime(W):\n    W = np.asarray(W, dtype=np.float32)\n    K = [w for w in W if w @ w > 0.25]\n    if len(K) >= len(W) - len(W) // 10 and len(K) / len(W) >= 0.9:\n        return 'strong'\n    bad = any(((a @ b) ** 2 > 0.1 * (a @ a) * (b @ b) for a, b in combinations(K, 2)))\n    return 'between' if bad or len(K) > W.shape[1] else 'weak'",
        ],
    },
    "03_the_law": {
        "q1": [
            "from fractions import Fraction\nfrom math import factorial as f\n\ndef welch(n, m, k=1):\n    return max(Fraction(0), (Fraction(n * f(k) * f(m - 1), f(m + k - 1)) - 1) / (n - 1))",
            "from sympy import Rational, binomial\n\ndef welch(n, m, k=1):\n    x = (Rational(n) / binomial(m + k - 1, k) - 1) / (n - 1)\n    return x if x > 0 else 0",
        ],
        "q2": [
            "def fit_exponent(x, y):\n    from scipy.stats import t, pearsonr\n    u, v = (np.log(x), np.log(y))\n    r = np.corrcoef(u, v)[0, 1]\n    b = r * v.std() / u.std()\n    k = len(x)\n    h = t.ppf(0.975, k - 2) * abs(b) * np.sqrt((1 / r ** 2 - 1) / (k - 2))\n    return (b, b - h, b + h)",
        ],
        "q3": [
            "q = {}\nfor k, c in claims.items():\n    x, y = (np.log(claim_widths), np.log(c['loss']))\n    b = np.polyfit(x, y, 2)[0]\n    q[k] = 'undertrained' if max(c['gain']) > 0.05 else 'floor' if b > 0.03 else 'ceiling' if b < -0.03 else 'sound'\nkinds = q",
        ],
        "q4": [
            "x = claim_widths.astype(float)\nfor k, q in kinds.items():\n    y = np.array(claims[k]['loss'])\n    g = np.array(claims[k]['gain'])\n    if q == 'floor':\n        from superposition.power_law import fit_power_law\n        exponents[k] = fit_power_law(x, y, offset=True).exponent",
            "x = claim_widths.astype(float)\nfor k, q in kinds.items():\n    y = np.array(claims[k]['loss'])\n    g = np.array(claims[k]['gain'])\n    if q == 'floor':\n        from scipy.optimize import curve_fit\n        exponents[k] = curve_fit(lambda x, a, b, c: a * x ** b + c, x, y, [y[0] * x[0], -1, y[-1] / 2], sigma=y, maxfev=20000)[0][1]",
            "x = claim_widths.astype(float)\nfor k, q in kinds.items():\n    y = np.array(claims[k]['loss'])\n    g = np.array(claims[k]['gain'])\n    if q == 'undertrained':\n        exponents[k] = fit_exponent(x[:6], y[:6])[0]",
        ],
        "q5": [
            "def models_needed(m_low, m_high, sigma, half_width):\n    from scipy.stats import t\n    ok = lambda k: t.ppf(0.975, k - 2) * sigma / np.sqrt(np.var(np.log(np.logspace(np.log10(m_low), np.log10(m_high), k))) * k) <= half_width\n    lo, hi = (2, 3)\n    while not ok(hi):\n        lo, hi = (hi, hi * 2)\n    while hi - lo > 1:\n        m = (lo + hi) // 2\n        lo, hi = (lo, m) if ok(m) else (m, hi)\n    return np.array([hi])",
        ],
    },
    "04_limits": {
        "q1": [
            "def stream_overlap(blocks):\n    n = 0\n    G = None\n    while True:\n        try:\n            B = next(blocks)\n        except StopIteration:\n            break\n        U = torch.nn.functional.normalize(torch.as_tensor(B).double(), dim=1)\n        n += int((U.abs().sum(1) > 0).sum())\n        G = U.T @ U if G is None else G + U.T @ U\n    return float((G.pow(2).sum() - n) / (n * (n - 1)))",
            "def stream_overlap(blocks):\n    n = 0\n    G = 0.0\n    for B in blocks:\n        B /= np.where((r := np.sqrt((B ** 2).sum(1, keepdims=True))) > 0, r, 1)\n        n += np.count_nonzero(r)\n        G = G + B.T @ B\n    return np.array((np.vdot(G, G) - n) / (n ** 2 - n))",
        ],
        "q2": [
            "def stream_cosine(blocks):\n    n, s = (0, 0.0)\n    for B in blocks:\n        r = np.sqrt(np.einsum('ij,ij->i', B, B))\n        i = r > 0\n        s = s + 1 / r[i] @ B[i]\n        n += i.sum()\n    return [float(((s ** 2).sum() - n) / n / (n - 1))]",
        ],
        "q3": [
            "overlap, cosine = (measured['overlap'], measured['cosine'])\nm = next(my_blocks()).shape[1]\nmeasured['ratio'] = overlap * m * 5999 / (6000 - m)\nmeasured['shared'] = 1 - (overlap - (6000 / m - 1) / 5999 - cosine ** 2) / (overlap - (6000 / m - 1) / 5999)",
        ],
        "q4": [
            "from fractions import Fraction as F\n\ndef law_ends(n, tolerance):\n    x = F(str(tolerance)) * n / (1 + F(str(tolerance)))\n    return int(x) + 1",
        ],
        "q5": [
            "def parameters_factor(loss_now, loss_wanted, floor, alpha, s):\n    g = np.array([loss_now - floor, loss_wanted - floor])\n    return np.exp(-s / alpha * np.diff(np.log(g)))[0] if g[1] > 0 else np.inf",
        ],
        "q6": [
            "from fractions import Fraction as F\nimport math\n\ndef law_from_three(y1, y2, y3):\n    a, b, c = map(F, (y1, y2, y3))\n    return (math.log2((a - b) / (b - c)), (a * c - b * b) / (a + c - 2 * b))",
        ],
    },
    "capstone": {
        "q1": [
            "def exact_test(a, b):\n    from scipy.stats import permutation_test\n    f = lambda x, y, axis=-1: np.mean(x, axis=axis) - np.mean(y, axis=axis)\n    g = lambda x, y, axis=-1: np.round(np.abs(f(x, y, axis)), 9)\n    return permutation_test((np.asarray(a), np.asarray(b)), g, n_resamples=np.inf, alternative='greater', vectorized=True).pvalue",
            "from fractions import Fraction as F\nfrom itertools import combinations\n\ndef exact_test(a, b):\n    v = list(map(float, a)) + list(map(float, b))\n    n = len(a)\n    N = len(v)\n    t = sum(v)\n    seen = abs(sum(v[:n]) / n - sum(v[n:]) / (N - n))\n    w = [abs(sum((v[i] for i in c)) / n - (t - sum((v[i] for i in c))) / (N - n)) for c in combinations(range(N), n)]\n    return F(sum((x >= seen - 1e-09 * max(seen, 0.001) for x in w)), len(w))",
        ],
        "q2": [
            "import statistics as st\nfrom scipy.stats import t\n\ndef seed_interval(values, level=0.95, baseline=None):\n    v = list(map(float, values))\n    w = [] if baseline is None else list(map(float, baseline))\n    p = st.variance(v) / len(v)\n    q = st.variance(w) / len(w) if w else 0\n    f = (p + q) ** 2 / (p * p / (len(v) - 1) + (q * q / (len(w) - 1) if w else 0))\n    h = t.isf((1 - level) / 2, f) * (p + q) ** 0.5\n    c = st.fmean(v) - (st.fmean(w) if w else 0)\n    return (c - h, c + h)",
        ],
        "q3": [
            "def holm(p):\n    p = torch.as_tensor(p).float()\n    i = p.argsort()\n    a = (p[i] * torch.arange(len(p), 0, -1)).cummax(0)[0].clamp(max=1)\n    return a[i.argsort()]",
        ],
        "q4": [
            "def verdict(m, c):\n    inside = all((c[0] <= v <= c[1] for v in m))\n    touch = any((c[0] <= v <= c[1] for v in m)) or (m[0] < c[0] and m[1] > c[1])\n    return 'holds' if inside else 'not decided' if touch else 'does not hold'",
        ],
    },
}
MORE_WRONG: dict[str, dict[str, list[str]]] = {
    "01_directions": {
        "q1": [
            "def cosines(W):\n    U = W / (np.linalg.norm(W, axis=1, keepdims=True) + 0.001)\n    return U @ U.T",
            "def cosines(W):\n    n = len(W)\n    C = np.zeros((n, n))\n    for i in range(n):\n        for j in range(i):\n            a = np.linalg.norm(W[i]) * np.linalg.norm(W[j])\n            C[i, j] = C[j, i] = W[i] @ W[j] / a if a else 0\n    return C + np.eye(n)",
            "def cosines(W):\n    r = np.linalg.norm(W, axis=1, keepdims=True)\n    U = np.divide(W, r, out=np.zeros_like(W), where=r > 0)\n    C = U @ U.T\n    np.fill_diagonal(C, 1)\n    return C",
            "def cosines(W):\n    r = np.linalg.norm(W, axis=1, keepdims=True)\n    U = np.divide(W, r, out=np.zeros_like(W), where=r > 0)\n    C = U @ U.T\n    np.fill_diagonal(C, 0)\n    return C",
            "def cosines(W):\n    W = W[np.linalg.norm(W, axis=1) > 0]\n    U = W / np.linalg.norm(W, axis=1, keepdims=True)\n    return U @ U.T",
        ],
        "q2": [
            "def mean_square_between(A, B):\n    U = A / np.linalg.norm(A, axis=1, keepdims=True)\n    V = B / np.linalg.norm(B, axis=1, keepdims=True)\n    s = 0.0\n    for k in range(min(len(U), 300)):\n        s += ((V @ U[k]) ** 2).mean()\n    return s / min(len(U), 300)",
            "def mean_square_between(A, B):\n    U = A / np.linalg.norm(A, axis=1, keepdims=True)\n    V = B / np.linalg.norm(B, axis=1, keepdims=True)\n    r = np.random.default_rng(0)\n    i = r.integers(len(U), size=200000)\n    j = r.integers(len(V), size=200000)\n    return ((U[i] * V[j]).sum(1) ** 2).mean()",
            "def mean_square_between(A, B):\n    U = A / np.linalg.norm(A, axis=1, keepdims=True)\n    V = B / np.linalg.norm(B, axis=1, keepdims=True)\n    return np.trace(U.T @ V) ** 2 / (len(U) * len(V))",
            "def mean_square_between(A, B):\n    U = A / np.linalg.norm(A, axis=1, keepdims=True)\n    V = B / np.linalg.norm(B, axis=1, keepdims=True)\n    X = np.vstack([U, V])\n    G = X.T @ X\n    return (G ** 2).sum() / len(X) ** 2",
        ],
        "q3": [
            "def chance_above(t, m):\n    from scipy.stats import t as T\n    return 2 * T.sf(t * ((m - 2) / (1 - t * t)) ** 0.5, m - 2) if m > 2 else 2 / np.pi * np.arccos(t)",
            "def chance_above(t, m):\n    from scipy.integrate import quad\n    f = lambda c: (1 - c * c) ** ((m - 3) / 2)\n    return quad(f, t, 1)[0] / quad(f, -1, 1)[0]",
            "def chance_above(t, m):\n    from math import lgamma, exp, pi\n    return 2 * exp(lgamma(m / 2) - lgamma((m - 1) / 2)) / pi ** 0.5 * (1 - t * t) ** ((m - 1) / 2) / ((m - 1) * t) if t else 1.0",
        ],
        "q4": [
            "def room(m, t):\n    p = chance_above(t, m)\n    n = 1\n    while n * (n + 1) * p <= 1:\n        n += 1\n    return n - 1 if n > 2 else n",
            "def room(m, t):\n    p = chance_above(t, m)\n    return int(np.log(0.5) / np.log1p(-p))",
            "def room(m, t):\n    p = chance_above(t, m)\n    return int((1 + (1 + 8 * np.log(2) / p) ** 0.5) / 2)",
        ],
        "q5": [
            "C = cosines(W) - np.eye(500)\npair = np.unravel_index(C.argmin(), C.shape) if abs(C.min()) < C.max() else np.unravel_index(C.argmax(), C.shape)\nC = cosines(W)\npair = tuple(np.unravel_index(np.triu(C, 1).argmax(), C.shape))\npair = pair if C[pair] < 0.5 else (0, 1)",
            "overlap = np.round(overlap, 2)",
            "V = W[W[:, 0] > 0]\noverlap = (len(V) ** 2 * mean_square_between(V, V) - len(V)) / len(V) / (len(V) - 1)",
            "U = W - W.mean(0)\noverlap = (500 ** 2 * mean_square_between(U, U) - 500) / (500 * 499)",
        ],
    },
    "02_regimes": {
        "q1": [
            "def toy_loss(W, b, x):\n    y = np.maximum(x @ (W @ W.T - np.diag(np.diag(W @ W.T))) + b, 0)\n    return ((y - x) ** 2).sum(axis=1).mean()",
            "def toy_loss(W, b, x):\n    y = np.maximum(x @ W @ W.T + b, 0.01 * (x @ W @ W.T + b))\n    return ((y - x) ** 2).sum(axis=1).mean()",
            "def toy_loss(W, b, x):\n    y = np.clip(x @ W @ W.T + b, 0, 2)\n    return ((y - x) ** 2).sum(axis=1).mean()",
        ],
        "q2": [
            "def toy_gradient(W, b, x):\n    h = x @ W\n    a = h @ W.T + b\n    d = 2 / len(x) * (np.maximum(a, 0) - x) * (a > 0) * (x > 0)\n    return (d.T @ h + x.T @ (d @ W), d.sum(axis=0))",
            "def toy_gradient(W, b, x):\n    h = x @ W\n    a = h @ W.T + b\n    d = 2 / len(x) * (np.maximum(a, 0) - x) * (a > 0)\n    W = np.round(W, 1)\n    return (d.T @ h + x.T @ (d @ W), d.sum(axis=0))",
        ],
        "q3": [
            "def decay_step(W, lr, gamma):\n    if gamma >= 0:\n        return W * (1 - lr * gamma)\n    r = np.linalg.norm(W, axis=1, keepdims=True)\n    U = np.divide(W, r, out=np.zeros_like(W), where=r > 0)\n    return np.where(r < 1, W + lr * gamma * (W - U), W)",
            "def decay_step(W, lr, gamma):\n    if gamma >= 0:\n        return W * (1 - lr * gamma)\n    r = np.linalg.norm(W, axis=1, keepdims=True)\n    U = np.divide(W, r, out=np.zeros_like(W), where=r > 0)\n    return np.where(r > 1, W + lr * gamma * (W - U), W)",
            "def decay_step(W, lr, gamma):\n    return W * (1 - lr * abs(gamma))",
        ],
        "q4": [
            "def weak_loss(p, m):\n    q = np.sort(p)[::-1][m:]\n    return (q / 3).sum()",
            "def weak_loss(p, m):\n    q = np.sort(p)[::-1][m:]\n    return (4 / 3 * q * (1 - q)).sum()",
        ],
        "q5": [
            "p = np.arange(1.0, n + 1) ** (-alpha)\np /= p.sum()\nslope = np.polyfit(np.log(widths), np.log([4 / 3 * p[m:].sum() for m in widths]), 1)[0]",
            "p = np.arange(1.0, n + 1) ** (-alpha)\nslope = np.polyfit(np.log(widths), np.log([weak_loss(np.minimum(p, 1), m) for m in widths]), 1)[0]",
            "p = np.arange(1.0, n + 1) ** (-alpha)\np /= p.max()\nslope = np.polyfit(np.log(widths), np.log([weak_loss(p, m) for m in widths]), 1)[0]",
        ],
        "q6": [
            "def train(p, m, gamma, seed):\n    rng = np.random.default_rng(seed)\n    W, b = (rng.normal(size=(len(p), m)) / m ** 0.5, np.zeros(len(p)))\n    for step in range(200):\n        lr = 0.3 * (1 - step / 2000)\n        x = (rng.random((256, len(p))) < p) * rng.uniform(0, 2, (256, len(p)))\n        dW, db = toy_gradient(W, b, x)\n        W, b = (decay_step(W - lr * dW, lr, gamma), b - lr * db)\n    return (W, b)",
            "def train(p, m, gamma, seed):\n    rng = np.random.default_rng(seed if gamma < 0 else None)\n    W, b = (rng.normal(size=(len(p), m)) / m ** 0.5, np.zeros(len(p)))\n    for step in range(2000):\n        lr = 0.3 * (1 - step / 2000)\n        x = (rng.random((256, len(p))) < p) * rng.uniform(0, 2, (256, len(p)))\n        dW, db = toy_gradient(W, b, x)\n        W, b = (decay_step(W - lr * dW, lr, gamma), b - lr * db)\n    return (W, b)",
            "def train(p, m, gamma, seed):\n    rng = np.random.default_rng(seed)\n    W, b = (rng.normal(size=(len(p), m)) / m ** 0.5, np.zeros(len(p)))\n    for step in range(2000):\n        lr = 0.3 * (step / 2000)\n        x = (rng.random((256, len(p))) < p) * rng.uniform(0, 2, (256, len(p)))\n        dW, db = toy_gradient(W, b, x)\n        W, b = (decay_step(W - lr * dW, lr, gamma), b - lr * db)\n    return (W, b)",
        ],
        "q7": [
            "def regime(W):\n    r = np.linalg.norm(W, axis=1)\n    kept = W[r > 0.5] / r[r > 0.5, None]\n    if len(kept) >= 0.9 * len(W):\n        return 'strong'\n    C = np.triu((kept @ kept.T) ** 2, 1)\n    if len(kept) <= W.shape[1] and (C.size == 0 or C.sum() <= 0.1):\n        return 'weak'\n    return 'between'",
            "def regime(W):\n    f = (np.linalg.norm(W, axis=1) > 0.5).mean()\n    return 'strong' if f > 0.5 else 'weak'",
            "def regime(W):\n    r = np.linalg.norm(W, axis=1)\n    K = W[r > 0.5]\n    if len(K) >= 0.9 * len(W):\n        return 'strong'\n    C = np.triu(np.abs(K @ K.T), 1)\n    return 'weak' if len(K) <= W.shape[1] and (C.size == 0 or C.max() <= 0.1) else 'between'",
        ],
    },
    "03_the_law": {
        "q1": [
            "from math import comb\n\ndef welch(n, m, k=1):\n    return max(0.0, (n ** 2 / comb(m + k - 1, k) - 1) / (n * (n - 1)))",
            "from math import comb\n\ndef welch(n, m, k=1):\n    return max(0.0, (n / m - 1) / (n - 1) if k == 1 else m ** (-k))",
        ],
        "q2": [
            "def fit_exponent(x, y):\n    from scipy.optimize import curve_fit\n    p, c = curve_fit(lambda x, a, b: a * x ** b, x, y, [y[0] * x[0], -1], maxfev=20000)\n    return (p[1], p[1] - 1.96 * c[1, 1] ** 0.5, p[1] + 1.96 * c[1, 1] ** 0.5)",
        ],
        "q3": [
            "kinds = {k: 'undertrained' if max(c['gain']) > 0.05 else 'sound' for k, c in claims.items()}",
            "r = sorted(claims, key=lambda k: claims[k]['loss'][0])\nkinds = dict(zip(r, ['ceiling', 'sound', 'undertrained', 'floor']))",
        ],
        "q4": [
            "x = claim_widths.astype(float)\nfor k, q in kinds.items():\n    y = np.array(claims[k]['loss'])\n    g = np.array(claims[k]['gain'])\n    if q == 'floor':\n        exponents[k] = np.polyfit(np.log(x), np.log(y - y[-1] * 0.9), 1)[0]",
            "x = claim_widths.astype(float)\nfor k, q in kinds.items():\n    y = np.array(claims[k]['loss'])\n    g = np.array(claims[k]['gain'])\n    if q == 'ceiling':\n        exponents[k] = np.polyfit(np.log(x), np.log(y / (1 - x / 1000) ** 2), 1)[0]",
            "x = claim_widths.astype(float)\nfor k, q in kinds.items():\n    y = np.array(claims[k]['loss'])\n    g = np.array(claims[k]['gain'])\n    if q == 'undertrained':\n        exponents[k] = np.polyfit(np.log(x[:-1]), np.log(y[:-1]), 1)[0]",
            "x = claim_widths.astype(float)\nfor k, q in kinds.items():\n    y = np.array(claims[k]['loss'])\n    g = np.array(claims[k]['gain'])\n    if q == 'undertrained':\n        exponents[k] = np.polyfit(np.log(x), np.log(y * (1 - g)), 1)[0]",
        ],
        "q5": [
            "from scipy.stats import norm, t\n\ndef models_needed(m_low, m_high, sigma, half_width):\n    k = 3\n    while True:\n        u = np.log(np.linspace(m_low, m_high, k))\n        S = ((u - u.mean()) ** 2).sum()\n        if t.ppf(0.975, k - 2) * sigma / np.sqrt(S) <= half_width:\n            return k\n        k += 1",
            "from scipy.stats import norm, t\n\ndef models_needed(m_low, m_high, sigma, half_width):\n    k = 3\n    while True:\n        u = np.linspace(np.log(m_low), np.log(m_high), k)\n        S = ((u - u.mean()) ** 2).sum()\n        if t.ppf(0.975, k - 2) * sigma / np.sqrt(S) <= half_width:\n            return k\n        k += 2",
        ],
    },
    "04_limits": {
        "q1": [
            "def stream_overlap(blocks):\n    n, G = (0, 0.0)\n    for B in blocks:\n        if len(B) < 2:\n            continue\n        r = np.linalg.norm(B, axis=1, keepdims=True)\n        U = B[r[:, 0] > 0] / r[r[:, 0] > 0]\n        n, G = (n + len(U), G + U.T @ U)\n    return ((G ** 2).sum() - n) / (n * (n - 1))",
            "def stream_overlap(blocks):\n    v = []\n    prev = None\n    for B in blocks:\n        U = B / np.maximum(np.linalg.norm(B, axis=1, keepdims=True), 1e-30)\n        C = (U @ U.T) ** 2\n        v += list(C[np.triu_indices(len(U), 1)])\n        if prev is not None:\n            v += list(((prev @ U.T) ** 2).ravel())\n        prev = U\n    return np.mean(v)",
        ],
        "q2": [
            "def stream_cosine(blocks):\n    c = []\n    for B in blocks:\n        r = np.linalg.norm(B, axis=1)\n        U = B[r > 0] / r[r > 0, None]\n        if len(U) > 1:\n            c.append((U.sum(0) @ U.sum(0) - len(U)) / len(U) / (len(U) - 1))\n    return np.mean(c)",
            "def stream_cosine(blocks):\n    U = np.concatenate(list(blocks))\n    r = np.linalg.norm(U, axis=1)\n    U = U[r > 0] / r[r > 0, None]\n    n = len(U)\n    s = U.sum(0)\n    return (s @ s - n) / n / (n - 1)",
        ],
        "q3": [
            "overlap, cosine = (measured['overlap'], measured['cosine'])\nm = next(my_blocks()).shape[1]\nb = 1 / m\nmeasured['shared'] = cosine ** 2 / (overlap - b)",
            "overlap, cosine = (measured['overlap'], measured['cosine'])\nm = next(my_blocks()).shape[1]\nB = next(my_blocks())\nU = np.asarray(B, float)\nU /= np.linalg.norm(U, axis=1, keepdims=True)\nn = len(U)\nmeasured['overlap'] = (((U.T @ U) ** 2).sum() - n) / n / (n - 1)",
        ],
        "q4": [
            "def law_ends(n, tolerance):\n    b = lambda m: (n - m) / (m * (n - 1))\n    m = 1\n    while np.log(b(2 * m) / b(m)) / np.log(2) >= -(1 + tolerance) and 2 * m + 2 < n:\n        m += 1\n    return m",
            "def law_ends(n, tolerance):\n    b = lambda m: (n - m) / (m * (n - 1))\n    m = 1\n    while np.log(b(m + 1) / b(m)) / np.log((m + 1) / m) >= -(1 + tolerance) and m + 2 < n:\n        m += 1\n    return m",
        ],
        "q5": [
            "def parameters_factor(loss_now, loss_wanted, floor, alpha, s):\n    if loss_wanted <= floor:\n        return -float('inf')\n    return ((loss_now - floor) / (loss_wanted - floor)) ** (s / alpha)",
            "def parameters_factor(loss_now, loss_wanted, floor, alpha, s):\n    if loss_wanted <= floor:\n        return None\n    return ((loss_now - floor) / (loss_wanted - floor)) ** (s / alpha)",
        ],
        "q6": [
            "def law_from_three(y1, y2, y3):\n    q = (y2 - y3) / (y1 - y2)\n    return (-np.log2(q), max(0.0, y1 - (y1 - y2) / (1 - q)))",
            "def law_from_three(y1, y2, y3):\n    a = -np.polyfit(np.log([1, 2, 4]), np.log([y1, y2, y3]), 1)[0]\n    return (a, 0.0)",
        ],
    },
    "capstone": {
        "q1": [
            "from itertools import combinations\n\ndef exact_test(a, b):\n    v = np.concatenate([a, b])\n    n, total = (len(a), v.sum())\n    s = np.array([sum(c) for c in combinations(set(v.tolist()), min(n, len(set(v.tolist()))))])\n    d = np.abs(s / n - (total - s) / len(b))\n    return (d >= d[0] * (1 - 1e-09)).mean()",
            "from itertools import combinations\n\ndef exact_test(a, b):\n    v = np.concatenate([a, b])\n    n, total = (len(a), v.sum())\n    s = np.array([sum(c) for c in combinations(v.tolist(), n)])\n    d = np.abs(s / n - (total - s) / len(b))\n    return 2 * min(0.5, (s >= s[0]).mean())",
            "from itertools import permutations\n\ndef exact_test(a, b):\n    a, b = (list(a), list(b))\n    d = np.mean(a) - np.mean(b)\n    k = n = 0\n    from itertools import product\n    for s in product([1, -1], repeat=min(len(a), len(b))):\n        x = [p - q for p, q in zip(a, b)]\n        n += 1\n        k += abs(np.dot(s, x)) >= abs(sum(x)) - 1e-12\n    return k / n",
        ],
        "q2": [
            "from scipy.stats import norm, t\n_one = seed_interval\n\ndef seed_interval(values, level=0.95, baseline=None):\n    if baseline is None:\n        return _one(values, level)\n    a, b = (np.asarray(values), np.asarray(baseline))\n    p, q = (a.var(ddof=1) / len(a), b.var(ddof=1) / len(b))\n    f = (p + q) ** 2 / (p ** 2 / (len(a) - 1) + q ** 2 / (len(b) - 1))\n    h = t.ppf(0.975, f) * (p + q) ** 0.5\n    d = a.mean() - b.mean()\n    return (d - h, d + h)",
            "from scipy.stats import norm, t\n_one = seed_interval\n\ndef seed_interval(values, level=0.95, baseline=None):\n    if baseline is None:\n        return _one(values, level)\n    a, b = (np.asarray(values), np.asarray(baseline))\n    p, q = (a.var(ddof=1) / len(a), b.var(ddof=1) / len(b))\n    f = (p + q) ** 2 / (p ** 2 / (len(a) - 1) + q ** 2 / (len(b) - 1))\n    h = t.ppf((1 + level) / 2, f) * (p + q) ** 0.5\n    d = a.mean() - b.mean()\n    return (d + h, d - h)",
        ],
        "q3": [
            "def holm(p):\n    p = np.asarray(p, dtype=float)\n    o = np.argsort(p)\n    a = np.maximum.accumulate(1 - (1 - p[o]) ** np.arange(len(p), 0, -1))\n    out = np.empty_like(p)\n    out[o] = np.minimum(a, 1)\n    return out",
            "def holm(p):\n    p = np.asarray(p, dtype=float)\n    o = np.argsort(p)\n    a = np.minimum.accumulate((p[o] * np.arange(len(p), 0, -1))[::-1])[::-1]\n    out = np.empty_like(p)\n    out[o] = np.minimum(a, 1)\n    return out",
        ],
        "q4": [
            "def verdict(measured, claimed):\n    (a, b), (c, d) = (measured, claimed)\n    if c - 0.05 <= a and b <= d + 0.05:\n        return 'holds'\n    if b < c or d < a:\n        return 'does not hold'\n    return 'not decided'",
            "def verdict(measured, claimed):\n    (a, b), (c, d) = (measured, claimed)\n    if round(c, 1) <= round(a, 1) and round(b, 1) <= round(d, 1):\n        return 'holds'\n    if b < c or d < a:\n        return 'does not hold'\n    return 'not decided'",
        ],
    },
}
for answers, more in ((RIGHT, MORE_RIGHT), (WRONG, MORE_WRONG)):
    for name, questions in more.items():
        for question, others in questions.items():
            answers[name][question] += others
