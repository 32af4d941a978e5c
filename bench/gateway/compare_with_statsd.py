#!/usr/bin/env python3
"""Sends the same lines to statsd 0.9.0 and to the gateway, and compares what the two flush to a Graphite server.

    npm install --prefix DIR statsd@0.9.0          # done by the script if it is missing
    dotnet build -c Release apps/MetricsGateway
    bench/gateway/compare_with_statsd.py GATEWAY DIR [--table] [--cases N] [--seed N]

GATEWAY is the built program, DIR where npm installs statsd. For some thousand random lines both must report the same. Each line of EDGES must
differ, or not, as stated there; the reasons are those of the table in docs/gateway.md, which --table prints. Everything runs
on loopback. The exit code is 0 if all expectations hold.
"""
import argparse, json, math, os, random, re, socket, subprocess, sys, tempfile, threading, time

INTERVAL = 5  # seconds

# @ stands for the name, which the script makes different for each line. None: both report the same.
EDGES = [
    (r'@:1|h', 'histograms and distributions are timers, as for DogStatsD; for statsd every type that it does not know is a counter'),
    (r'@:1|d', 'likewise'),
    (r'@:1|x', 'an unknown type is refused (`unknown_type`), not counted'),
    (r'@:1:2|c', 'several values with one type for all, as DogStatsD 1.1 packs them; statsd takes the last'),
    (r'@:1|c:x|c', 'a line is used as a whole or refused; statsd takes the parts that it understands'),
    (r'@:|s', 'an empty value is refused (`missing_value`); statsd takes it for "0"'),
    (r'@:0x10|c', 'numbers are decimal; JavaScript accepts other forms'),
    (r'@: |c', 'white space alone is not a number; for JavaScript it is 0'),
    (r'@:Infinity|g', 'a value that is not finite would spoil every sum that it enters'),
    (r'@:1e999|g', 'likewise'),
    (r'@:1|c|@1e-1', 'statsd reads the digits only, and takes this for a rate of 1'),
    (r'@:1|c|@2', 'a rate above 1 makes no sense (`invalid_sample_rate`)'),
    (r'@:1|c|@0', 'a rate of 0 would be an infinite count'),
    (r'@:1|c|@0.5|@0.1', 'two rates contradict each other'),
    (r'@:1|c|@0.5|T1656581400', 'a value with its own timestamp is refused (`unsupported_timestamp`); statsd ignores the field'),
    (r'@:1|c|', 'an empty field is ignored'),
    (r'@:1|c|c:abc', 'fields of newer protocols are ignored; statsd refuses the line'),
    (r'@:v|s\r', 'a line may end with CR LF; statsd takes the CR for a part of the type, which it then does not know'),
    (r'@:1|c|#b:1,a:2', 'tags are sorted: their order does not make another series'),
    (r'@:1|c|#a', 'a tag without a value is refused by Graphite, so it has "true"'),
    (r'@:1|c|#a:1,a:2', 'of two tags of one name Graphite keeps the last'),
    (r'@:1|c|#name:x', 'a tag called "name" is the metric\'s own for Graphite'),
    (r'@:1|c|#:v', 'a tag without a name is left out: Graphite refuses the line'),
    (r'@:1|c|#a:1,,b:2,', 'an empty tag is ignored'),
    (r'@:1|c|#a:x@y:z', 'tag values keep what Graphite accepts; statsd cleans them like names'),
    (r'@:1|c|#a:b|@0.5', 'fields after the tags are fields, as for DogStatsD'),
    (r'@é:1|c', 'characters beyond ASCII stay'),
    (r'@..x.:1|c', 'adjacent dots become one: Graphite would use the same file'),
    (r'@\x01x:1|c', 'control characters are refused (`invalid_bytes`)'),
    (r'@\xff:1|c', 'broken UTF-8 is refused, too'),
    (r'@:1e200|ms\n@:3e200|ms', '`std` is right even if the squares are infinite'),
    (r'@:1|', 'no type is refused (`missing_type`), not counted'),
    (r'!:@|c', None), (r'@', None), (r'@|c', None), (r'@:', None), (r'@:|c', None), (r'@:|g', None), (r'@:1', None),
    (r'@:x|c', None), (r'@:1x|g', None), (r'@:-5|ms', None), (r'@:+5|ms', None), (r'@:1|c|0.5', None), (r'@:1|c|@', None),
    (r'@:1|c|@x', None), (r'@:1|c|@-1', None), (r'@:1|c|T1656581400', None), (r'@:1|c|@.5', None), (r'@:.5|c', None), (r'@:5.|c', None),
    (r'@: 1 |c', None), (r'@:1| c ', None), (r'@:1|c\r', None), (r'@:1|g\r', None), (r' @:1|c', None), (r'@  x\ty:1|c', None),
    (r'@/x:10|c\n@-x:1|c', None), (r'@(x)*:1|c', None), (r'@=x:1|c', None), (r'@;a=b:1|c', None), (r'@;a=b:1|c|#c:d', None),
    (r'@:1|c|#', None), (r'@:1|c|#a:b|#c:d', None), (r'@:+3|g', None), (r'@:5|g\n@:+3|g\n@:-10|g', None), (r'@:-4|g', None),
    (r'@:a:b|s', None), (r'@:1|c:2|c:1|c|@0.1', None), (r'@:1|ms:2|ms|@0.5:3|ms', None), (r'@:x|s:x|s:y|s', None),
    (r'@:1|g:+2|g:-5|g', None), (r'@:1|c:200|ms', None), (r'@:1|c:2|c|#a:b', None), (r'@:1|c:', 'a line is used as a whole or refused'),
]

# These end statsd, by a match that is null, and are not sent to it.
ENDS_STATSD = ['@:1|c|@+0.1', '@:1|c|@ 1', '@:1|c|@Infinity']


class Sink:
    """A Graphite server that keeps the lines of each flush."""

    def __init__(self):
        self.lines, self.last, self.lock = [], 0.0, threading.Lock()
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.read, args=(connection,), daemon=True).start()

    def read(self, connection):
        with connection, connection.makefile('rb') as lines:
            for line in lines:
                with self.lock:
                    self.lines.append(line.decode('utf-8', 'replace').rstrip('\n'))
                    self.last = time.monotonic()

    def wait_for_flush(self):
        with self.lock:
            self.lines.clear()
        deadline = time.monotonic() + 4 * INTERVAL
        while True:
            time.sleep(0.02)
            assert time.monotonic() < deadline, 'nothing is flushed: did it start?'
            with self.lock:
                if self.lines and time.monotonic() - self.last > 0.5:
                    flushed = list(self.lines)
                    self.lines.clear()
                    return flushed


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def start_statsd(directory, sink):
    program = os.path.join(directory, 'node_modules', 'statsd', 'stats.js')
    if not os.path.exists(program):
        subprocess.run(['npm', 'install', '--prefix', directory, '--no-save', '--omit=optional', 'statsd@0.9.0'], check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(os.path.dirname(program), 'package.json')) as package:
        version = json.load(package)['version']
    assert version == '0.9.0', version
    port, admin = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
    config = tempfile.NamedTemporaryFile('w', suffix='.js', delete=False)
    config.write(json.dumps({
        'port': port, 'address': '127.0.0.1', 'mgmt_port': admin, 'mgmt_address': '127.0.0.1', 'flushInterval': INTERVAL * 1000,
        'graphiteHost': '127.0.0.1', 'graphitePort': sink.port, 'graphite': {'legacyNamespace': False}, 'backends': ['./backends/graphite']}))
    config.close()
    process = subprocess.Popen(['node', program, config.name], cwd=os.path.dirname(program), stdout=subprocess.DEVNULL)
    return process, port, config.name


def start_gateway(program, sink):
    process = subprocess.Popen(
        [program, '--statsd-udp', '127.0.0.1:0', '--statsd-tcp', 'off', '--graphite', 'off', '--admin', 'off', '--flush-console', 'off',
         '--flush-interval', f'{INTERVAL}s', '--graphite-send', f'127.0.0.1:{sink.port}'], stdout=subprocess.PIPE, text=True)
    port = int(re.match(r'statsd-udp listens on .*:(\d+)$', process.stdout.readline()).group(1))
    return process, port


def random_case(number, chosen):
    """One to three lines of one name that both accept."""
    pick = chosen.choice
    name = f'k{number}k' + ''.join(pick(['a', 'b.c', '-', '_', '/', ' ', '  ', '(', '%', '=', '1', 'Z']) for _ in range(chosen.randrange(4))) + 'z'
    if chosen.random() < 0.1:
        name += ';0=' + pick(['a', 'b1'])
    number_text = lambda signed: pick(['', '-', '+'] if signed else ['']) + pick(
        [str(chosen.randrange(1000)), f'{chosen.uniform(0, 1000):.3f}', '1e3', '2.5E-2', '.5', '7.', '0'])
    rate = lambda: pick(['', '', f'|@{pick(["0.1", "0.5", "1", ".25", "0.001"])}'])

    def part(kind):
        if kind == 's':
            return f'{pick(["x", "y", "7", "a b", "é"])}|s'
        value = number_text(kind in 'cg')
        return f'{value}|{kind}{pick(["", "", " "]) if kind != "s" else ""}' + (rate() if kind in ('c', 'ms') else '')

    lines = []
    for _ in range(chosen.randrange(1, 4)):
        kinds = [pick(['c', 'g', 'ms', 's'])] if chosen.random() < 0.8 else [pick(['c', 'g', 'ms', 's']) for _ in range(chosen.randrange(2, 5))]
        tags = pick(['', '', '', '|#env:prod', '|#a:1,b:2', '|#env:x y'])
        lines.append(f'{name}:' + ':'.join(part(kind) for kind in kinds) + tags)
    return '\n'.join(lines).encode()


def told(lines):
    """The reported values of each case: {case: {path without the case's number: value}}."""
    result = {}
    for line in lines:
        path, value = line.rsplit(' ', 2)[0], line.rsplit(' ', 2)[1]
        found = re.search(r'k(\d+)k', path)
        if found is None or re.search(r'\.(rate|count_ps|sum_squares(_90)?)(;|$)', path):
            continue
        result.setdefault(int(found.group(1)), {})[path.replace(found.group(0), 'N')] = float(value)
    return result


def is_same(left, right):
    return left.keys() == right.keys() and all(
        math.isclose(left[path], right[path], rel_tol=1e-9) for path in left)


def send(port, packets, sink):
    sink.wait_for_flush()
    begin = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(('127.0.0.1', port))
        for index, packet in enumerate(packets):
            client.send(packet)
            if index % 20 == 19:
                time.sleep(0.003)
    assert time.monotonic() - begin < INTERVAL - 1, 'the machine is too slow: the lines came in two intervals'
    return told(sink.wait_for_flush())


def show(values):
    if not values:
        return 'refused'
    short = {re.sub(r'^stats\.', '', path): value for path, value in values.items()}
    for prefix in ('timers.',):
        if any(path.startswith(prefix) for path in short):
            short = {path: value for path, value in short.items() if path.endswith('.std') or '.count' in path and '_90' not in path}
    return ', '.join(f'`{path.replace("|", chr(92) + "|")} {value:g}`' for path, value in sorted(short.items()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('gateway')
    parser.add_argument('statsd')
    parser.add_argument('--cases', type=int, default=2000)
    parser.add_argument('--seed', type=int, default=2003)
    parser.add_argument('--table', action='store_true')
    arguments = parser.parse_args()
    chosen = random.Random(arguments.seed)
    edges = [line.encode('latin-1').decode('unicode_escape').encode('latin-1') for line, _ in
             [(line.encode('utf-8').decode('latin-1'), reason) for line, reason in EDGES]]
    packets = [edge.replace(b'@', b'k%dk' % number, 1) if edge.count(b'\n') == 0 else
               b'\n'.join(line.replace(b'@', b'k%dk' % number, 1) for line in edge.split(b'\n')) for number, edge in enumerate(edges)]
    packets += [random_case(number, chosen) for number in range(len(edges), len(edges) + arguments.cases)]

    sinks = Sink(), Sink()
    statsd, statsd_port, config = start_statsd(arguments.statsd, sinks[0])
    gateway, gateway_port = start_gateway(arguments.gateway, sinks[1])
    failures = 0
    try:
        theirs = send(statsd_port, packets, sinks[0])
        ours = send(gateway_port, packets, sinks[1])
        for number, packet in enumerate(packets):
            left, right = theirs.get(number, {}), ours.get(number, {})
            reason = EDGES[number][1] if number < len(EDGES) else None
            if is_same(left, right) != (reason is None):
                failures += 1
                print(f'{"differs" if reason is None else "does not differ"}: {packet!r}\n  statsd:  {left}\n  gateway: {right}')
        if arguments.table:
            print('| line | statsd 0.9.0 | here | why |\n|---|---|---|---|')
            for number, (line, reason) in enumerate(EDGES):
                if reason is not None:
                    text = line.replace('@', 'N', 1).replace('\n@', '\nN').replace('|', '\\|')
                    print(f'| `{text}` | {show(theirs.get(number))} | {show(ours.get(number))} | {reason} |')
        assert statsd.poll() is None and gateway.poll() is None
        lines = sum(packet.count(b'\n') + 1 for packet in packets)
        print(f'{lines} lines of {len(packets)} names: {sum(1 for _, reason in EDGES if reason)} differ for a reason, {failures} are not as they should be')
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto('\n'.join(ENDS_STATSD).replace('@:', 'ends:').encode(), ('127.0.0.1', gateway_port))
        assert gateway.poll() is None
    finally:
        for process in (statsd, gateway):
            process.terminate()
            process.wait(10)
        os.unlink(config)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
