#!/usr/bin/env python3
"""A first answer over files larger than the memory that the engine may use, and what a killed run leaves.

    pip install duckdb==1.5.5
    RETAIL=bin/retail python3 scripts/bench-size.py [--csv GB] [--parquet GB] [--memory 2GB]

Generates a CSV file and a folder of Parquet parts in a scratch folder of the user's cache, asks a
question of each with an empty cache of the program's own, and prints seconds and the largest resident
memory of the process, beside the seconds of the engine's own reader from the same file into a database
file under the same bound. Then it kills a run half-way and looks whether the next one answers and
cleans up. Everything generated is removed at the end.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import duckdb

QUESTION = "revenue by region in 2023"
ROW = """
    SELECT i AS order_id,
           DATE '2022-01-01' + (hash(i) % 1095)::INT AS order_date,
           'Store ' || (hash(i + 1) % 80) AS store,
           ['North', 'South', 'East', 'West'][1 + (hash(i + 1) % 4)::INT] AS region,
           'C' || lpad((hash(i + 2) % 400000)::VARCHAR, 6, '0') AS customer,
           'Product ' || (hash(i + 3) % 9000) AS product,
           1 + (hash(i + 4) % 12)::INT AS quantity,
           (199 + hash(i + 5) % 24000)::DECIMAL(12, 2) / 100 AS unit_price,
           ((199 + hash(i + 6) % 240000) / 100)::DECIMAL(12, 2) AS revenue,
           md5(i::VARCHAR) AS reference
    FROM range({first}, {last}) AS r(i)
"""
# Bytes of one row of the CSV file, measured on a million of them.
CSV_ROW = 102


def generate_csv(place, gigabytes):
    rows = int(gigabytes * 1e9 / CSV_ROW)
    duckdb.execute(f"COPY ({ROW.format(first=0, last=rows)}) TO '{place}' (FORMAT csv, HEADER)")


def generate_parquet(folder, gigabytes):
    folder.mkdir()
    part = 5_000_000
    written, n = 0, 0
    while written < gigabytes * 1e9:
        file = folder / f"part-{n:05}.parquet"
        duckdb.execute(
            f"COPY ({ROW.format(first=n * part, last=(n + 1) * part)}) TO '{file}' (FORMAT parquet)"
        )
        written += file.stat().st_size
        n += 1


def resident(process):
    """The largest resident memory of a process so far, bytes."""
    try:
        for line in open(f"/proc/{process}/status"):
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def ask(program, data, home, memory, kill_after=None):
    environment = dict(os.environ, XDG_CACHE_HOME=str(home), RETAIL_MEMORY=memory)
    begun, most = time.monotonic(), 0
    child = subprocess.Popen(
        [program, "ask", "--json", "--data", str(data), QUESTION],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    while child.poll() is None:
        most = max(most, resident(child.pid))
        if kill_after and time.monotonic() - begun > kill_after:
            child.send_signal(signal.SIGKILL)
        try:
            child.wait(0.1)
        except subprocess.TimeoutExpired:
            pass
    out, err = child.communicate()
    seconds = time.monotonic() - begun
    if kill_after:
        return seconds, most
    answer = json.loads(out)
    if answer["status"] != "answered" or answer["result"]["row_count"] != 4:
        sys.exit(f"not answered: {answer['error']} {err}")
    return seconds, most


def engine(reader, scratch, memory):
    """Seconds of the engine alone, from the files to a table in a database file."""
    file = scratch / "engine.duckdb"
    connection = duckdb.connect(str(file))
    connection.execute(f"SET memory_limit = '{memory}'")
    begun = time.monotonic()
    connection.execute(f"CREATE TABLE sales AS SELECT * FROM {reader}")
    connection.execute("CHECKPOINT")
    connection.close()
    seconds = time.monotonic() - begun
    file.unlink()
    return seconds


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--csv", type=float, default=2.0, metavar="GB")
    arguments.add_argument("--parquet", type=float, default=5.0, metavar="GB")
    arguments.add_argument("--memory", default="2GB")
    given = arguments.parse_args()
    program = os.path.abspath(os.environ.get("RETAIL", "bin/retail"))
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    scratch = cache / "retail-insights" / f"bench-size.{os.getpid()}"
    scratch.mkdir(parents=True)
    needed = 3e9 * (given.csv + given.parquet)
    try:
        free = shutil.disk_usage(scratch).free
        if free < needed:
            sys.exit(f"{needed / 1e9:.0f} GB of disk are needed, {free / 1e9:.0f} GB are free")
        home = scratch / "home"
        cases = []
        if given.csv:
            file = scratch / "sales.csv"
            generate_csv(file, given.csv)
            cases.append((file, f"read_csv('{file}')", file.stat().st_size))
        if given.parquet:
            folder = scratch / "sales"
            generate_parquet(folder, given.parquet)
            size = sum(f.stat().st_size for f in folder.iterdir())
            cases.append((folder, f"read_parquet('{folder}/*.parquet')", size))
        for data, reader, size in cases:
            alone = engine(reader, scratch, given.memory)
            shutil.rmtree(home, ignore_errors=True)
            seconds, most = ask(program, data, home, given.memory)
            print(
                f"{data.name}: {size / 1e9:.2f} GB; first answer {seconds:.1f} s, {most / 1e9:.2f} GB resident; "
                f"the engine's reader alone {alone:.1f} s ({seconds / alone:.2f} x)",
                flush=True,
            )
            shutil.rmtree(home)
            ask(program, data, home, given.memory, kill_after=seconds / 2)
            tables = home / "retail-insights" / "tables"
            whole = [p.name for p in tables.iterdir() if not p.name.endswith(".part")]
            ask(program, data, home, given.memory)
            left = [p.name for p in tables.iterdir() if p.name.endswith(".part")]
            held = "holds" if not whole and not left else f"MISSED: {whole} {left}"
            print(f"{data.name}: a killed run leaves nothing whole, the next one answers and cleans up: {held}", flush=True)
            shutil.rmtree(home)
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
