#!/usr/bin/env python3
"""Asks MetricFlow the same questions and compares the numbers.

A model of ours and its tables are taken from `suites/queries/data`. The tables go into a DuckDB
file; the model becomes a semantic manifest of MetricFlow, as far as that can say it. Each query is
compiled by both programs and run on the same file; rows are compared as a multiset, numbers to nine
digits. What differs on purpose is listed in `DIFFERENCES` and argued in docs/second-opinion.md; any
other difference ends in exit status 1.

    python3 -m venv venv && venv/bin/pip install metricflow==0.213.0 duckdb==1.5.5
    make build && venv/bin/python scripts/second-opinion.py
"""

import datetime
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import duckdb
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantic_interfaces.parsing.dir_to_model import (
    parse_directory_of_yaml_files_to_semantic_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

ROOT = pathlib.Path(__file__).resolve().parent.parent
RETAIL = os.environ.get("RETAIL", str(ROOT / "bin" / "retail"))
TYPES = {
    "integer": "BIGINT",
    "decimal": "DECIMAL(18, 2)",
    "float": "DOUBLE",
    "text": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}

# Metrics that differ on purpose, and the section of docs/second-opinion.md that argues it.
DIFFERENCES = {
    ("toy", "on_hand"): "stock is counted per place",
    ("toy", "return_rate"): "nothing returned is a rate of 0",
    ("toy", "return_rate_sure"): "too few to say",
    ("toy", "revenue, a year before"): "like for like",
    ("kinds", "revenue, a year before"): "like for like",
    ("kinds", "three_months"): "a window ends with its period",
    ("kinds", "two_weeks"): "a window ends with its period",
    ("kinds", "customers_quarter"): "a window ends with its period",
}
# Totals over time differ in which periods they are shown for; what both show has to agree.
SHOWN = "totals are shown where something happened"


class Renderer:
    """MetricFlow's client protocol, of which `explain` needs the dialect alone."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()

    def render_bind_parameter_key(self, key):
        return f"${key}"


def load(connection, tables):
    for name, table in tables.items():
        columns = ", ".join(f'"{c}" {TYPES[t]}' for c, t in table["columns"])
        connection.execute(f'CREATE TABLE "{name}" ({columns})')
        marks = ", ".join("?" for _ in table["columns"])
        for row in table["rows"]:
            connection.execute(f'INSERT INTO "{name}" VALUES ({marks})', row)
    connection.execute(
        "CREATE TABLE mf_time_spine AS SELECT CAST(unnest(generate_series("
        "DATE '2022-01-01', DATE '2025-12-31', INTERVAL 1 DAY)) AS DATE) AS day"
    )


def field_of(metric):
    """Aggregation and field of a simple metric that MetricFlow can say, else None."""
    simple = metric["kind"].get("simple")
    if not simple or simple.get("filter"):
        return None
    of = simple.get("expression")
    if of is None:
        return (simple["aggregation"], None) if simple["aggregation"] == "count" else None
    return (simple["aggregation"], of["field"]) if set(of) == {"field"} else None


def manifest(model, folder):
    """Writes MetricFlow's YAML for a model; gives the names of the metrics that it can say."""
    agg = {"sum": "sum", "count": "count", "count_distinct": "count_distinct", "average": "average",
           "min": "min", "max": "max"}
    known, documents = set(), []
    for dataset in model["datasets"]:
        name, key = dataset["name"], dataset["primary_key"]
        # An item that is counted again has no key of its own.
        entity_expr = key[0] if len(key) == 1 else " || '-' || ".join(
            f"CAST({k} AS VARCHAR)" for k in key)
        entities = [{"name": name, "type": "primary", "expr": entity_expr}]
        linked = set()
        for r in model["relationships"]:
            if r["from"] == name and len(r["from_fields"]) == 1:
                entities.append({"name": r["to"], "type": "foreign", "expr": r["from_fields"][0]})
                linked.add(r["from_fields"][0])
        dimensions = [
            {"name": f["name"], "type": "time", "type_params": {"time_granularity": "day"}}
            if f["data_type"] in ("date", "timestamp") else {"name": f["name"], "type": "categorical"}
            for f in dataset["fields"]
            if f["data_type"] in ("date", "timestamp", "text")
        ]
        measures = []
        for metric in model["metrics"]:
            of = field_of(metric)
            if of and metric["kind"]["simple"]["dataset"] == name and dataset.get("event_time"):
                if of[0] not in agg or metric.get("fill", "none") != "none":
                    continue
                measure = {"name": metric["name"], "agg": agg[of[0]], "expr": of[1] or "1"}
                if metric["additivity"] == "semi":
                    measure["non_additive_dimension"] = {
                        "name": dataset["event_time"], "window_choice": "max"}
                measures.append(measure)
                known.add(metric["name"])
        written = {
            "name": name,
            "node_relation": {"schema_name": "main", "alias": dataset["table"][-1]},
            "entities": entities,
            "dimensions": dimensions,
        }
        if measures:
            written["defaults"] = {"agg_time_dimension": dataset["event_time"]}
            written["measures"] = measures
        documents.append({"semantic_model": written})
    simple = set(known)
    for metric in model["metrics"]:
        kind, name = metric["kind"], metric["name"]
        params = None
        if name in simple:
            params = ("simple", {"measure": {"name": name}})
        elif "ratio" in kind and not metric.get("date_basis") and "fill" not in metric and {kind["ratio"]["numerator"], kind["ratio"]["denominator"]} <= simple:
            params = ("ratio", {side: {"name": kind["ratio"][side]}
                                for side in ("numerator", "denominator")})
        elif "cumulative" in kind and kind["cumulative"]["metric"] in simple:
            window = kind["cumulative"]["window"]
            of = {"measure": {"name": kind["cumulative"]["metric"]}}
            # A longer period shows its last total.
            of["cumulative_type_params"] = {"period_agg": "last"}
            if isinstance(window, dict) and "to_date" in window:
                of["cumulative_type_params"]["grain_to_date"] = window["to_date"]
            elif isinstance(window, dict):
                of["cumulative_type_params"]["window"] = window["trailing"]
            params = ("cumulative", of)
        if params:
            known.add(name)
            documents.append({"metric": {"name": name, "type": params[0], "type_params": params[1]}})
    for name in sorted(simple & {"revenue"}):
        documents.append({"metric": {
            "name": f"{name}_a_year_before", "type": "derived",
            "type_params": {"expr": "was", "metrics": [
                {"name": name, "alias": "was", "offset_window": "1 year"}]}}})
    documents.append({"project_configuration": {"time_spines": [{
        "node_relation": {"schema_name": "main", "alias": "mf_time_spine"},
        "primary_column": {"name": "day", "time_granularity": "day"}}]}})
    for i, document in enumerate(documents):
        # YAML takes JSON.
        (folder / f"{i}.yaml").write_text(json.dumps(document))
    return known


def last_day(data, dataset):
    """The last day of a dataset's own time."""
    table = data["tables"][dataset["table"][-1]]
    at = [c for c, _ in table["columns"]].index(dataset["event_time"])
    return max(row[at] for row in table["rows"] if row[at])[:10]


def queries(model, known, data):
    """(name, groups in words, query of ours, metrics of theirs, groups of theirs)"""
    grains = ["day", "week", "month", "quarter", "year"]
    fields = [(r["to"], f["name"]) for r in model["relationships"]
              for d in model["datasets"] if d["name"] == r["to"]
              for f in d["fields"] if f["data_type"] == "text"]
    fields = sorted(set(fields))
    groups = [[]] + [[("field", f)] for f in fields] + [[("time", g)] for g in grains]
    groups += [[("field", f), ("time", "month")] for f in fields]
    order = [m["name"] for m in model["metrics"] if m["name"] in known]
    sets = [[m] for m in order] + [list(p) for p in itertools.combinations(order, 2)][:12]

    def told(by):
        return " + ".join(".".join(v) if kind == "field" else v for kind, v in by)

    def dimensions(by):
        return [{"field": ".".join(v)} if kind == "field" else {"time": v} for kind, v in by]

    def theirs(by):
        return [f"{v[0]}__{v[1]}" if kind == "field" else f"metric_time__{v}" for kind, v in by]

    for metrics, by in itertools.product(sets, groups):
        kinds = {k for m in model["metrics"] if m["name"] in metrics for k in m["kind"]}
        if "cumulative" in kinds and not any(k == "time" for k, _ in by):
            continue
        query = {"metrics": [{"name": m, "measure": {"metric": m}} for m in metrics],
                 "dimensions": dimensions(by)}
        yield " and ".join(metrics), told(by), query, metrics, theirs(by)
    if "revenue" in known:
        time = next(d for d in model["datasets"]
                    if any(m["name"] == "revenue" and m["kind"]["simple"]["dataset"] == d["name"]
                           for m in model["metrics"]))
        for grain in ["month", "day", "year"]:
            query = {
                "metrics": [{"name": "revenue", "measure": {"metric": "revenue"}}],
                "dimensions": [{"time": grain}],
                "time": {"field": f"{time['name']}.{time['event_time']}"},
                "compare": {"to": "prior_year", "align": "to_date", "watermark": last_day(data, time),
                            "show": ["value", "prior"]},
            }
            yield ("revenue, a year before", grain, query, ["revenue", "revenue_a_year_before"],
                   [f"metric_time__{grain}"])


def number(value):
    if isinstance(value, (datetime.datetime, datetime.date)):
        return str(value)[:10]
    if value is None or isinstance(value, str):
        return value
    return float(f"{float(value):.9g}")


def rows(connection, sql, columns=None):
    """Rows in an order of their own; of theirs the columns in the order that ours have."""
    if columns:
        listed = ", ".join(f'"{c}"' for c in columns)
        sql = f"SELECT {listed} FROM ({sql})"
    found = [tuple(number(v) for v in row) for row in connection.execute(sql).fetchall()]
    return sorted(found, key=repr)


def compiled(model_file, query, folder):
    path = folder / "query.json"
    path.write_text(json.dumps(query))
    run = subprocess.run([RETAIL, "sql", "--model", str(model_file), "--query-file", str(path),
                          "--dialect", "duckdb"], capture_output=True, text=True, check=False)
    if run.returncode:
        raise ValueError(run.stderr.strip().splitlines()[0])
    return run.stdout


def main():
    counts = {"same": 0, "on purpose": 0, "differs": 0, "ours refuses": 0, "theirs refuses": 0}
    for name in sys.argv[1:] or ["toy", "kinds"]:
        data = json.loads((ROOT / "suites/queries/data" / f"{name}.json").read_text())
        model = data["model"]
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            (folder / "manifest").mkdir()
            known = manifest(model, folder / "manifest")
            engine = MetricFlowEngine(
                SemanticManifestLookup(parse_directory_of_yaml_files_to_semantic_manifest(
                    str(folder / "manifest")).semantic_manifest),
                Renderer())
            model_file = folder / "model.json"
            # What a metric of theirs cannot be is of no use here.
            model["metrics"] = [m for m in model["metrics"] if m["name"] in known]
            model_file.write_text(json.dumps(model))
            connection = duckdb.connect(str(folder / "data.duckdb"))
            load(connection, data["tables"])
            for metric, by, query, metrics, group_by in queries(model, known, data):
                place = f"{name}: {metric} by {by or 'everything'}"
                try:
                    ours = rows(connection, compiled(model_file, query, folder))
                except ValueError as refused:
                    counts["ours refuses"] += 1
                    print(f"ours refuses    {place}: {refused}")
                    continue
                try:
                    sql = engine.explain(MetricFlowQueryRequest.create(
                        metric_names=metrics, group_by_names=group_by)).sql_statement.sql
                    theirs = rows(connection, sql, group_by + metrics)
                except Exception as refused:  # whatever MetricFlow raises is its refusal
                    counts["theirs refuses"] += 1
                    print(f"theirs refuses  {place}: {str(refused).strip().splitlines()[0][:100]}")
                    continue
                if ours == theirs:
                    counts["same"] += 1
                    continue
                running = any("cumulative" in m["kind"] for m in model["metrics"]
                              if m["name"] in metrics)
                shared = [dict((r[:len(group_by)], r) for r in rs) for rs in (ours, theirs)]
                alike = all(shared[1].get(k, r) == r for k, r in shared[0].items())
                why = SHOWN if running and alike else next((w for (n, m), w in DIFFERENCES.items()
                            if n == name and m in metric.split(" and ")), None)
                counts["on purpose" if why else "differs"] += 1
                print(f"{'on purpose' if why else 'DIFFERS':<16}{place}: {why or ''}")
                if why == SHOWN:
                    continue
                only = [r for r in ours if r not in theirs], [r for r in theirs if r not in ours]
                for whose, shown in zip(("ours", "theirs"), only):
                    for row in shown[:3]:
                        print(f"    {whose:<7}{row}")
    print(", ".join(f"{n} {what}" for what, n in counts.items()))
    return 1 if counts["differs"] else 0


if __name__ == "__main__":
    sys.exit(main())
