#!/usr/bin/env python3
"""Measures two builds of bench/Compare in alternating turns: did a change make anything slower?

    git worktree add BEFORE REVISION
    dotnet build -c Release BEFORE/bench/Compare && dotnet build -c Release bench/Compare
    bench/before_after.py BEFORE . [--rounds N] [--only TEXT]

A round starts a new process of each build, because the same build differs more from process to process (where its code and its data lie, what
the compiler saw first) than within one. Both take turns, the side that begins changes with each turn, and a round's figure of a side is the
median of its turns. A row has the medians of the rounds in the measurement's own unit, and the median and the spread of the ratios after/before
within the rounds. Nothing is slower where that median is at most 1.02 or the spread contains 1.
"""
import argparse
import os
import statistics
import subprocess
import sys
import time

FIRING = 100_000

# A measurement of Vigil in bench/Compare, and the shortest length of its turn in seconds; or its number of operations, if these are
# outstanding together.
MEASUREMENTS = [
    ("dispatch 1 1", 0.3), ("dispatch 200 200", 0.3), ("dispatch 10000 10000", 0.3), ("dispatch 200 9", 0.3),
    ("ring 1000 1", 0.3), ("post 1", 0.4), ("post 4", 0.4), ("pingpong", 0.3), ("pingpong-spin 50", 0.3),
    ("restart 100000", 0.3), ("restart-clock 100000", 0.3), ("fire 0", FIRING), ("fire-random 1000000", FIRING),
    ("work 0", 0.4), ("work-from-4 0", 0.4),
]

WARM_UP_SECONDS = 1.5
TURNS = 5
MOST_OPERATIONS = 20_000_000


class Side:
    def __init__(self, checkout, measurement):
        program = os.path.join(checkout, "bench/Compare/bin/Release/net10.0/Compare.dll")
        self.process = subprocess.Popen(
            ["dotnet", program, "run", "vigil", *measurement.split()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def turn(self, count):
        """The process's own measurement, in its unit, and the seconds that the turn took."""
        start = time.monotonic()
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if len(answer) < 2:
            sys.exit(f"The measurement ended: {' '.join(self.process.args)}")
        return float(answer[1]), time.monotonic() - start

    def find_count(self, seconds):
        """Warms up, and finds the number of operations that fill a turn."""
        is_fixed = isinstance(seconds, int)
        count, end = seconds if is_fixed else 1, time.monotonic() + WARM_UP_SECONDS
        while True:
            _, took = self.turn(count)
            if not is_fixed and took < seconds and count < MOST_OPERATIONS:
                count = min(MOST_OPERATIONS, count * 2 if took < seconds / 4 else int(count * 1.3) + 1)
            elif time.monotonic() > end:
                return count

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


def measure_round(before, after, measurement, seconds):
    """The figure of each side, from one process per side."""
    sides = [Side(before, measurement), Side(after, measurement)]
    try:
        count = min([side.find_count(seconds) for side in sides])
        figures = ([], [])
        for number in range(TURNS):
            for index in ((0, 1) if number % 2 == 0 else (1, 0)):
                figures[index].append(sides[index].turn(count)[0])
        return [statistics.median(turns) for turns in figures]
    finally:
        for side in sides:
            side.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", help="a checkout with a Release build of bench/Compare")
    parser.add_argument("after", help="another one")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", default="", help="only measurements with this text in their names")
    options = parser.parse_args()
    print("| measurement | before | after | after/before | min–max | slower |\n| --- | --: | --: | --: | --: | --- |")
    for name, seconds in MEASUREMENTS:
        if options.only not in name:
            continue
        before, after = zip(*(measure_round(options.before, options.after, name, seconds) for _ in range(options.rounds)))
        ratios = [b / a for a, b in zip(before, after)]
        median, low, high = statistics.median(ratios), min(ratios), max(ratios)
        slower = "no" if median <= 1.02 or low <= 1 <= high else "**yes**"
        print(f"| {name} | {statistics.median(before):.1f} | {statistics.median(after):.1f} | {median:.3f}× | {low:.3f}–{high:.3f} | {slower} |", flush=True)


if __name__ == "__main__":
    main()
