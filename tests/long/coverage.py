"""Merges the coverage files of all test projects and writes a table: coverage.py FOLDER PAGE."""

import collections
import datetime
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

BEGIN, END = "<!-- coverage -->", "<!-- /coverage -->"


def place_of(roots, name):
    """A file of src or apps, relative to the repository; None for others. Reports name the same file from different roots."""
    for root in roots:
        path = pathlib.Path(root, name)
        if path.is_file():
            place = path.resolve().relative_to(pathlib.Path.cwd()) if path.resolve().is_relative_to(pathlib.Path.cwd()) else None
            return str(place) if place and place.parts[0] in ("src", "apps") and "obj" not in place.parts else None

    return None


def read(folder):
    """By project: the lines that ran, and of each branching line how many of its branches did."""
    lines = collections.defaultdict(dict)
    branches = collections.defaultdict(dict)
    for path in folder.rglob("coverage.cobertura.xml"):
        report = xml.parse(path)
        roots = [source.text or "" for source in report.iter("source")]
        for package in report.iter("package"):
            for item in package.iter("class"):
                file = place_of(roots, item.get("filename"))
                # A test program that contains the library's sources (tests/Vigil.Failures) is no project of its own.
                if file is None or package.get("name") != pathlib.Path(file).parts[1]:
                    continue

                for line in item.iter("line"):
                    place = (file, line.get("number"))
                    name = package.get("name")
                    lines[name][place] = lines[name].get(place, False) or int(line.get("hits")) > 0
                    found = re.search(r"\((\d+)/(\d+)\)", line.get("condition-coverage") or "")
                    if found:
                        taken, all_of = int(found.group(1)), int(found.group(2))
                        before = branches[name].get(place, (0, all_of))
                        branches[name][place] = (max(before[0], taken), max(before[1], all_of))

    return lines, branches


def table(lines, branches):
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    yield f"Measured {datetime.date.today()} on {commit} by `tests/long/coverage.sh`. Lines and branches that ran in a test's own process."
    yield ""
    yield "| project | lines | of | branches | of |"
    yield "|---|---|---|---|---|"
    for name in sorted(lines):
        ran, count = sum(lines[name].values()), len(lines[name])
        taken = sum(pair[0] for pair in branches[name].values())
        all_of = sum(pair[1] for pair in branches[name].values())
        yield f"| {name} | {100 * ran / count:.1f} % | {count:,} | {100 * taken / max(all_of, 1):.1f} % | {all_of:,} |"


def main():
    folder, page = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    lines, branches = read(folder)
    if not lines:
        sys.exit("No coverage was collected.")

    text = "\n".join(table(lines, branches))
    before = page.read_text()
    if BEGIN not in before or END not in before:
        sys.exit(f"{page} has no marks {BEGIN} and {END}.")

    head, rest = before.split(BEGIN, 1)
    page.write_text(head + BEGIN + "\n\n" + text + "\n\n" + END + rest.split(END, 1)[1])
    print(text)
    print(f"{len(lines)} projects measured")


main()
