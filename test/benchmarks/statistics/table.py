"""Makes table.json: the same figures by exact fractions and plain enumeration, sharing no code with src/bench.

    python3 test/benchmarks/statistics/table.py > test/benchmarks/statistics/table.json
"""
import json
from decimal import Decimal, getcontext
from fractions import Fraction
from itertools import combinations, product
from math import comb

getcontext().prec = 50
Z = Decimal("1.959963984540054")


def pass_at_k():
    """Every choice of k tries, looked at one by one."""
    rows = []
    for tries in range(1, 9):
        for resolved in range(tries + 1):
            for k in range(1, tries + 1):
                choices = list(combinations([True] * resolved + [False] * (tries - resolved), k))
                rows.append([tries, resolved, k, float(Fraction(sum(any(c) for c in choices), len(choices)))])
    for tries, resolved, k in [(200, 1, 100), (200, 3, 10), (1000, 17, 50), (100, 100, 100)]:
        rows.append([tries, resolved, k, float(1 - Fraction(comb(tries - resolved, k), comb(tries, k)))])
    return rows


def mcnemar():
    """Up to 12 throws every outcome of the coin, beyond that binomial sums, in fractions."""
    rows = []
    for a in range(7):
        for b in range(7):
            if a + b == 0:
                continue
            thrown = list(product([0, 1], repeat=a + b))
            uneven = sum(abs(2 * sum(t) - a - b) >= abs(a - b) for t in thrown)
            rows.append([a, b, float(Fraction(uneven, len(thrown)))])
    for a, b in [(30, 12), (12, 30), (100, 60), (300, 200), (0, 60), (900, 700)]:
        n, few = a + b, min(a, b)
        p = min(Fraction(1), Fraction(2 * sum(comb(n, i) for i in range(few + 1)), 2**n))
        rows.append([a, b, float(p)])
    return rows


def wilson():
    """The two shares p at which (x/n - p)^2 = z^2 p (1-p) / n, by halving."""

    def far(p, x, n):
        share = Decimal(x) / n
        return (share - p) ** 2 - Z * Z * p * (1 - p) / n

    def halve(inside, outside, x, n):
        for _ in range(150):
            middle = (inside + outside) / 2
            if far(middle, x, n) <= 0:
                inside = middle
            else:
                outside = middle
        return float((inside + outside) / 2)

    rows = []
    for x, n in [(0, 1), (1, 1), (0, 5), (5, 5), (1, 5), (3, 10), (7, 10), (50, 100), (114, 115), (249, 500), (1, 2294)]:
        share = Decimal(x) / n
        low = 0.0 if x == 0 else halve(share, Decimal(0), x, n)
        high = 1.0 if x == n else halve(share, Decimal(1), x, n)
        rows.append([x, n, low, high])
    return rows


def bootstrap():
    """Every sample that can be drawn, so the exact distribution of the mean, and its middle 95 %."""
    rows = []
    for values in [["0", "1/2", "1"], ["0", "1/3", "2/3", "1", "1"], ["-1", "0", "0", "1", "1"], ["1/4", "1/2", "3/4", "1", "0", "0"]]:
        shares = [Fraction(v) for v in values]
        means = sorted(sum(s) / len(s) for s in product(shares, repeat=len(shares)))
        n = len(means)
        quantile = lambda q: float(means[int(Fraction(q) * n)])
        # A drawn quantile may lie anywhere between these.
        near = Fraction(6, 1000)
        low, high = Fraction(25, 1000), Fraction(975, 1000)
        rows.append(
            {
                "values": [float(s) for s in shares],
                "low": [quantile(low - near), quantile(low + near)],
                "high": [quantile(high - near), quantile(high + near)],
            }
        )
    return rows


def sfc32():
    """The generator in Python's whole numbers, without bit tricks of another language."""
    mask = 2**32 - 1
    rows = []
    for seed in [0, 1, 20211106, 4294967295]:
        a, b, c, counter = 0x9E3779B9, 0x243F6A88, seed, 1
        out = []
        for i in range(20):
            total = (a + b + counter) & mask
            counter = (counter + 1) & mask
            a = b ^ (b >> 9)
            b = (c + (c << 3)) & mask
            c = ((c << 21) | (c >> 11)) & mask
            c = (c + total) & mask
            if i >= 15:
                out.append(total * 1000 // 2**32)
        rows.append([seed, out])
    return rows


def holm():
    rows = []
    for ps in [["0.01", "0.04", "0.03"], ["0.5"], ["0.9", "0.001", "0.02", "0.02"], ["1", "1"]]:
        given = [Fraction(p) for p in ps]
        corrected = []
        for p in given:
            # Rejected at level t exactly when every smaller or equal one is, each at its own share of t.
            smaller = sorted(q for q in given if q <= p)
            corrected.append(float(min(Fraction(1), max(q * (len(given) - i) for i, q in enumerate(smaller)))))
        rows.append([[float(p) for p in given], corrected])
    return rows


tables = {
    "passAtK": pass_at_k(),
    "mcNemar": mcnemar(),
    "wilson": wilson(),
    "bootstrap": bootstrap(),
    "sfc32": sfc32(),
    "holm": holm(),
}
print("{\n" + ",\n".join(f'  "{name}": [\n' + ",\n".join("    " + json.dumps(row) for row in rows) + "\n  ]" for name, rows in tables.items()) + "\n}")
