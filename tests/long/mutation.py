#!/usr/bin/env python3
"""Writes a report of dotnet-stryker as a table between the marks <!-- mutation --> of a page, and prints the survivors.

    tests/long/mutation.py REPORT PAGE COMMIT
"""
import datetime
import json
import os
import re
import sys

KILLED, SURVIVED = {'Killed', 'Timeout'}, {'Survived', 'NoCoverage'}


def main():
    report, page, commit = sys.argv[1:]
    with open(report, encoding='utf-8') as file:
        files = json.load(file)['files']

    rows, killed, survived = [], 0, 0
    for path, content in sorted(files.items()):
        mutants = content['mutants']
        dead = sum(mutant['status'] in KILLED for mutant in mutants)
        alive = [mutant for mutant in mutants if mutant['status'] in SURVIVED]
        if not dead + len(alive):
            continue

        name = re.sub(r'.*src/Vigil/', '', path.replace(os.sep, '/'))
        rows.append(f'| `{name}` | {dead + len(alive)} | {dead} | {len(alive)} | {100 * dead / (dead + len(alive)):.1f} % |')
        killed, survived = killed + dead, survived + len(alive)
        lines = content['source'].splitlines()
        for mutant in alive:
            line = mutant['location']['start']['line']
            print(f"{name}:{line}: {mutant['status']}: {mutant['mutatorName']}: {lines[line - 1].strip()}"
                  f"  ->  {' '.join(mutant.get('replacement', '').split())}")

    if not rows:
        sys.exit('The report has no mutants.')

    total = f'| all | {killed + survived} | {killed} | {survived} | {100 * killed / (killed + survived):.1f} % |'
    table = '\n'.join(
        [f'Measured {datetime.date.today()} on {commit} by `tests/long/mutation.sh`.', '',
         '| file | mutants | noticed | survived | score |', '| --- | --: | --: | --: | --: |', *rows, total])
    with open(page, encoding='utf-8') as file:
        text = file.read()

    marks = re.compile(r'(?s)<!-- mutation -->.*<!-- /mutation -->')
    if not marks.search(text):
        sys.exit(f'{page} has no place for the table: <!-- mutation --> and <!-- /mutation -->.')

    with open(page, 'w', encoding='utf-8') as file:
        file.write(marks.sub(lambda _: f'<!-- mutation -->\n\n{table}\n\n<!-- /mutation -->', text))

    print(f'{killed} of {killed + survived} mutants noticed, {100 * killed / (killed + survived):.1f} %')


if __name__ == '__main__':
    main()
