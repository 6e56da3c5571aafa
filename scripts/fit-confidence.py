#!/usr/bin/env python3
"""Fits the weights of crates/language/lexicon/confidence.tsv.

    scripts/fit-confidence.py --retail bin/retail --board FILE=DATA [--board FILE=DATA ...]
        [--skip-db NAME,...] [--write]

Each board is asked and graded by the `run.py` beside the first one; of each single question that was
answered, the signs of its reading (`retail ask --explain`) and of its rows are set against the
grader's verdict. One half of the questions, by a hash of their ids, fits a logistic model with a
penalty on large weights; the other half measures it. `--write` writes the weights.
"""
import argparse
import hashlib
import json
import math
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "crates/language/lexicon/confidence.tsv"
PENALTY = 2.0
LONG = 100


def signs_of(retail, data, question):
    done = subprocess.run(
        [retail, "ask", "--quiet", "--explain", "--data", data, question],
        capture_output=True, text=True, timeout=120, check=False)
    for line in done.stdout.splitlines() + done.stderr.splitlines():
        if line.startswith("signs "):
            return {n: float(v) for n, v in (p.split("=") for p in line[6:].split())}
    return None


def signs_of_rows(answer):
    result = answer["result"] or {"columns": [], "rows": []}
    measures = [i for i, c in enumerate(result["columns"]) if c["role"] == "measure"]
    query = (answer["plan"] or [{}])[-1].get("query") or {}
    for step in answer["plan"]:
        if step.get("query", {}).get("rank"):
            query = step["query"]
    rank = query.get("rank") or {}
    rows = result["rows"]
    blank = bool(measures) and all(r[m] is None for r in rows for m in measures)
    return {
        "empty": float(not rows),
        "blank": float(blank),
        "long": float(len(rows) > LONG),
        "tied": float(rank.get("n") == 1 and not rank.get("per") and len(rows) > 1),
    }


def samples(retail, boards, skipped):
    found = []
    for board, data in boards:
        runner = pathlib.Path(boards[0][0]).resolve().parent / "run.py"
        with tempfile.TemporaryDirectory() as out:
            subprocess.run([sys.executable, runner, "--retail", retail, "--board", board,
                            "--data", data, "--out", out], check=False, stdout=subprocess.DEVNULL)
            report = json.loads((pathlib.Path(out) / "report.json").read_text())
            verdicts = {v["id"]: v for v in report["verdicts"]}
            answers = [json.loads(line) for line in open(pathlib.Path(out) / "answers.jsonl")]
        for answer in answers:
            verdict = verdicts.get(answer["id"])
            if not verdict or answer["status"] != "answered" or answer.get("conversation"):
                continue
            if verdict["db"] in skipped or verdict["verdict"] not in ("right", "wrong"):
                continue
            signs = signs_of(retail, str(pathlib.Path(data) / verdict["db"]), answer["question"])
            if signs is None:
                continue
            signs.update(signs_of_rows(answer))
            found.append((answer["id"], signs, verdict["verdict"] == "right"))
    return found


def probability(weights, signs):
    total = weights.get("constant", 0.0) + sum(
        weights.get(name, 0.0) * max(-3.0, min(3.0, value)) for name, value in signs.items())
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


def fit(rows):
    names = sorted({n for _, signs, _ in rows for n in signs})
    weights = {n: 0.0 for n in names}
    weights["constant"] = 0.0
    rate = 0.5
    for _ in range(6000):
        slope = {n: (PENALTY * weights[n] / len(rows) if n != "constant" else 0.0) for n in weights}
        for _, signs, right in rows:
            error = probability(weights, signs) - right
            slope["constant"] += error / len(rows)
            for name, value in signs.items():
                slope[name] += error * max(-3.0, min(3.0, value)) / len(rows)
        for name in weights:
            weights[name] -= rate * slope[name]
        if max(abs(s) for s in slope.values()) < 1e-5:
            break
    return weights


def measure(title, weights, rows):
    if not rows:
        return
    chances = sorted((probability(weights, s), right) for _, s, right in rows)
    brier = sum((p - r) ** 2 for p, r in chances) / len(chances)
    base = sum(r for _, r in chances) / len(chances)
    gap = 0.0
    print(f"{title}: {len(rows)} answers, {100 * base:.1f} % right, Brier {brier:.4f} "
          f"(always {base:.2f}: {base * (1 - base):.4f})")
    for low in range(0, 100, 10):
        part = [(p, r) for p, r in chances if low <= 100 * p < low + 10 or low == 90 and p == 1]
        if part:
            stated = sum(p for p, _ in part) / len(part)
            true = sum(r for _, r in part) / len(part)
            gap += abs(stated - true) * len(part) / len(chances)
            print(f"  {low:3d}-{low + 10} %: {len(part):4d} answers, stated {100 * stated:5.1f} %, "
                  f"right {100 * true:5.1f} %")
    print(f"  mean gap between stated and true: {100 * gap:.1f} points")
    for floor in (0.3, 0.4, 0.5, 0.6, 0.7):
        kept = [r for p, r in chances if p >= floor]
        if kept:
            print(f"  from {floor:.1f} up: {len(kept)} kept, {100 * sum(kept) / len(kept):.1f} % right, "
                  f"{sum(r for p, r in chances if p < floor)} right and "
                  f"{sum(not r for p, r in chances if p < floor)} wrong left out")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--retail", required=True)
    parser.add_argument("--board", action="append", required=True)
    parser.add_argument("--skip-db", default="")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    boards = [tuple(b.split("=", 1)) for b in given.board]
    rows = samples(str(pathlib.Path(given.retail).resolve()), boards, set(given.skip_db.split(",")))
    even = [r for r in rows if int(hashlib.sha256(r[0].encode()).hexdigest(), 16) % 2 == 0]
    odd = [r for r in rows if r not in even]
    weights = fit(even)
    measure("fitted on", weights, even)
    measure("measured on", weights, odd)
    lines = ["# Weights of the signs in confidence.rs, fitted by scripts/fit-confidence.py: name <TAB> weight.",
             f"# Fitted on {len(even)} answers to questions over data that nobody prepared."]
    lines += [f"{n}\t{weights[n]:.3f}" for n in sorted(weights, key=lambda n: (n != "constant", n))]
    print("\n".join(lines))
    if given.write:
        WEIGHTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
