import statistics as st
from scipy.stats import t


def seed_interval(values, level=0.95, baseline=None):
    v = list(map(float, values))
    w = [] if baseline is None else list(map(float, baseline))
    p = st.variance(v) / len(v)
    q = st.variance(w) / len(w) if w else 0
    f = (p + q) ** 2 / (p * p / (len(v) - 1) + (q * q / (len(w) - 1) if w else 0))
    h = t.isf((1 - level) / 2, f) * (p + q) ** 0.5
    c = st.fmean(v) - (st.fmean(w) if w else 0)
    return (c - h, c + h)
