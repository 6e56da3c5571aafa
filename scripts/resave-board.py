#!/usr/bin/env python3
"""Saves the text files of a board's data anew in other shapes and asks the board of each shape.

    pip install openpyxl==3.1.5
    python scripts/resave-board.py --board FOLDER --retail PATH [--shape NAME ...] [--work FOLDER]

FOLDER holds run.py, public.jsonl and data/. Every CSV of data/ is written as XLSX, JSON lines, CSV
with semicolons and decimal commas, UTF-16, zip and SQLite under its old stem; so is every table of an
SQLite file, which thereby loses the keys that it declares (in the shape SQLite it is copied). The
questions of the board stay as they are but for the names of the files. The score of the files as they
are is printed first.
"""
import argparse
import csv
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zipfile

NUMBER = re.compile(r"-?(\d+\.\d+|\.\d+|\d+)$")


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    for encoding in ("utf-8-sig", "windows-1252"):
        try:
            return list(csv.reader(io.StringIO(data.decode(encoding))))
        except UnicodeDecodeError:
            continue
    raise ValueError(path)


def value(cell):
    """A number as a number where its text is the one that a program would write for it."""
    if NUMBER.match(cell) and not (len(cell) > 1 and cell[0] == "0" and cell[1] != "."):
        number = float(cell) if "." in cell else int(cell)
        if abs(number) < 10**15:
            return number
    return cell


def xlsx(rows, path):
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet("Sheet1")
    for row in rows:
        page.append([value(c) if c != "" else None for c in row])
    book.save(path)


def jsonl(rows, path):
    head = rows[0]
    with open(path, "w", encoding="utf-8") as f:
        for row in rows[1:]:
            f.write(json.dumps({k: (value(c) if c != "" else None) for k, c in zip(head, row)}, ensure_ascii=False) + "\n")


def semicolons(rows, path):
    with open(path, "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f, delimiter=";")
        for row in rows:
            out.writerow([c.replace(".", ",") if NUMBER.match(c) else c for c in row])


def utf16(rows, path):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    with open(path, "wb") as f:
        f.write(text.getvalue().encode("utf-16"))


def zipped(rows, path):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr(os.path.basename(path)[: -len(".zip")] + ".csv", text.getvalue())


def sqlite(rows, path):
    if os.path.exists(path):
        os.remove(path)
    table = '"%s"' % os.path.splitext(os.path.basename(path))[0].replace('"', '""')
    connection = sqlite3.connect(path)
    columns = ", ".join('"%s"' % c.replace('"', '""') for c in rows[0])
    connection.execute(f"CREATE TABLE {table} ({columns})")
    marks = ", ".join("?" * len(rows[0]))
    connection.executemany(
        f"INSERT INTO {table} VALUES ({marks})",
        ([value(c) if c != "" else None for c in (r + [""] * len(rows[0]))[: len(rows[0])]] for r in rows[1:]),
    )
    connection.commit()
    connection.close()


SHAPES = {
    "xlsx": (".xlsx", xlsx),
    "jsonl": (".jsonl", jsonl),
    "semicolon": (".csv", semicolons),
    "utf16": (".csv", utf16),
    "zip": (".zip", zipped),
    "sqlite": (".sqlite", sqlite),
}


def tables(path):
    """Name and rows of each table of an SQLite file, texts as a CSV export writes them."""
    connection = sqlite3.connect(path)
    names = [r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
    for name in names:
        found = connection.execute('SELECT * FROM "%s"' % name.replace('"', '""'))
        head = [c[0] for c in found.description]
        rows = [["" if c is None or isinstance(c, bytes) else str(c) for c in row] for row in found]
        if rows:
            yield name, [head] + rows
    connection.close()


def resave(data, out, shape, databases):
    """Writes the folder anew; gives the new names of each file."""
    ending, write = SHAPES[shape]
    names = {}
    for db in sorted(databases):
        for folder, _, files in os.walk(os.path.join(data, db)):
            for name in sorted(files):
                source = os.path.join(folder, name)
                inside = os.path.relpath(source, os.path.join(data, db))
                stem, old = os.path.splitext(inside)
                os.makedirs(os.path.join(out, db, os.path.dirname(inside)), exist_ok=True)
                if old.lower() == ".csv":
                    parts = [(stem, read(source))]
                elif old.lower() == ".sqlite" and shape != "sqlite":
                    parts = [(os.path.join(os.path.dirname(inside), table), rows) for table, rows in tables(source)]
                else:
                    shutil.copyfile(source, os.path.join(out, db, inside))
                    names[(db, inside)] = [inside]
                    continue
                for part, rows in parts:
                    write(rows, os.path.join(out, db, part + ending))
                names[(db, inside)] = [part + ending for part, _ in parts]
    return names


def ask(board, retail, questions, data, gold, out):
    """Runs the board's own runner; the gold is worked out from the files as they were."""
    os.makedirs(out, exist_ok=True)
    runner = os.path.join(out, "run.py")
    with open(os.path.join(board, "run.py"), encoding="utf-8") as f:
        text = f.read()
    # The product reads the new files, the grader the old ones.
    text = text.replace("grade.GoldRunner(os.path.abspath(a.data)", "grade.GoldRunner(%r" % gold)
    with open(runner, "w", encoding="utf-8") as f:
        f.write(text)
    environment = dict(os.environ, PYTHONPATH=board + os.pathsep + os.environ.get("PYTHONPATH", ""), PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run(
        [sys.executable, runner, "--retail", retail, "--board", questions, "--data", data, "--out", out],
        env=environment, capture_output=True, text=True,
    )
    report = os.path.join(out, "report.json")
    if done.returncode or not os.path.exists(report):
        sys.exit(done.stdout + done.stderr)
    with open(report, encoding="utf-8") as f:
        verdicts = json.load(f)["verdicts"]
    return {v["id"]: v["verdict"] for v in verdicts}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--board", required=True)
    p.add_argument("--retail", required=True)
    p.add_argument("--shape", action="append", choices=list(SHAPES))
    p.add_argument("--work")
    a = p.parse_args()
    board, retail = os.path.abspath(a.board), os.path.abspath(a.retail)
    work = os.path.abspath(a.work) if a.work else tempfile.mkdtemp(prefix="shapes-")
    with open(os.path.join(board, "public.jsonl"), encoding="utf-8") as f:
        questions = [json.loads(line) for line in f if line.strip()]
    gold = os.path.join(board, "data")
    databases = {q["db"] for q in questions}
    first = ask(board, retail, os.path.join(board, "public.jsonl"), gold, gold, os.path.join(work, "as-they-are"))

    def line(name, verdicts):
        right = sum(v == "right" for v in verdicts.values())
        wrong = sum(v == "wrong" for v in verdicts.values())
        lost = sorted(i for i, v in verdicts.items() if first[i] == "right" and v != "right")
        print("%-12s %d right of %d, %d wrong%s" % (name, right, len(verdicts), wrong, "; lost: " + ", ".join(lost[:20]) if lost else ""), flush=True)

    line("as they are", first)
    for shape in a.shape or SHAPES:
        data = os.path.join(work, shape, "data")
        names = resave(gold, data, shape, databases)
        asked = os.path.join(work, shape, "questions.jsonl")
        with open(asked, "w", encoding="utf-8") as f:
            for q in questions:
                f.write(json.dumps({**q, "data": [n for d in q["data"] for n in names.get((q["db"], d), [d])]}, ensure_ascii=False) + "\n")
        line(shape, ask(board, retail, asked, data, gold, os.path.join(work, shape, "out")))


if __name__ == "__main__":
    main()
