#!/usr/bin/env python3
"""Checks every crate in the lock file against the lists in deny.toml: licences that are allowed,
crates that are banned, and crate families of which one version only may be linked.

Reads `cargo metadata`; exits 1 and names each crate that breaks a rule."""
import json
import re
import subprocess
import sys
import tomllib


def allowed_expression(expression, allowed):
    """Whether an SPDX expression can be met with allowed licences alone."""
    tokens = re.findall(r"\(|\)|\bAND\b|\bOR\b|[^\s()]+(?: WITH [^\s()]+)?", expression.replace("/", " OR "))

    def parse(at):
        value, at = operand(at)
        while at < len(tokens) and tokens[at] in ("AND", "OR"):
            word = tokens[at]
            right, at = operand(at + 1)
            value = (value and right) if word == "AND" else (value or right)
        return value, at

    def operand(at):
        if tokens[at] == "(":
            value, at = parse(at + 1)
            return value, at + 1
        return tokens[at] in allowed, at + 1

    return parse(0)[0]


def main():
    rules = tomllib.load(open("deny.toml", "rb"))
    allowed = set(rules["licenses"]["allow"])
    banned = {entry["crate"] for entry in rules["bans"]["deny"]}
    metadata = json.loads(subprocess.run(["cargo", "metadata", "--format-version", "1", "--locked"], check=True, capture_output=True, text=True).stdout)
    faults = []
    versions = {}
    for package in metadata["packages"]:
        if package["source"] is None:
            continue
        name, version, licence = package["name"], package["version"], package["license"]
        versions.setdefault(name, set()).add(version)
        if name in banned:
            faults.append(f"{name} {version}: banned in deny.toml")
        if licence is None or not allowed_expression(licence, allowed):
            faults.append(f"{name} {version}: licence {licence!r} is not in the allowed list")
    for name, found in versions.items():
        if name.startswith("arrow") and len(found) > 1:
            faults.append(f"{name}: {len(found)} versions linked: {', '.join(sorted(found))}")
    for fault in faults:
        print("error:", fault, file=sys.stderr)
    print(f"{len(metadata['packages'])} packages checked, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
