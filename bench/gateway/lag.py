#!/usr/bin/env python3
"""How long the gateway's loop stands still, with 100,000 names and with a million.

    dotnet build -c Release apps/MetricsGateway
    bench/gateway/lag.py GATEWAY [--names 100000,1000000]

GATEWAY is the built program. A client asks for `health` again and again, a millisecond after each answer, while others fill the gateway
with names, list and delete them, and flushes go to a file and to a Graphite server that reads. Each row gives the times of its answers, and
the total time for which garbage collections stopped the gateway. The first row, with nothing else going on, shows the machine's and the
client's own part.
"""
import argparse, os, re, socket, subprocess, sys, tempfile, threading, time


class Probe:
    def __init__(self, port):
        self.socket, self.times, self.lock, self.ends = socket.create_connection(('127.0.0.1', port)), [], threading.Lock(), False
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ends:
            begin = time.perf_counter()
            ask(self.socket, b'health\n')
            with self.lock:
                self.times.append(time.perf_counter() - begin)
            time.sleep(0.001)

    def take(self):
        with self.lock:
            times, self.times = sorted(self.times), []
        return times


def ask(client, command):
    client.sendall(command)
    answer = b''
    while not answer.endswith(b'END\n\n'):
        answer = answer[-16:] + client.recv(1 << 20)


def read_all(client, answers):
    found, tail = 0, b''
    while found < answers:
        data = client.recv(1 << 20)
        found += (tail + data).count(b'END\n\n') - tail.count(b'END\n\n')
        tail = data[-5:]


def discard(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=lambda: [None for _ in iter(lambda: connection.recv(1 << 20), b'')], daemon=True).start()


def measure(program, names):
    graphite = socket.create_server(('127.0.0.1', 0))
    threading.Thread(target=discard, args=(graphite,), daemon=True).start()
    folder = tempfile.TemporaryDirectory()
    gateway = subprocess.Popen(
        [program, '--statsd-udp', 'off', '--statsd-tcp', '127.0.0.1:0', '--graphite', 'off', '--admin', '127.0.0.1:0', '--max-names', str(names + 10),
         '--max-name-bytes', '200000000', '--flush-interval', '2s', '--flush-console', 'off', '--flush-file', os.path.join(folder.name, 'flushes'),
         '--graphite-send', f'127.0.0.1:{graphite.getsockname()[1]}'], stdout=subprocess.PIPE, text=True)
    try:
        ports = dict(re.match(r'(\S+) listens on .*:(\d+)$', gateway.stdout.readline()).groups() for _ in range(2))
        sender = socket.create_connection(('127.0.0.1', int(ports['statsd-tcp'])))
        admin = socket.create_connection(('127.0.0.1', int(ports['admin'])))
        probe = Probe(int(ports['admin']))

        def phase(title, action):
            paused = stat('memory.paused_ms')
            probe.take()
            begin = time.perf_counter()
            action()
            seconds = time.perf_counter() - begin
            times = probe.take()
            paused = stat('memory.paused_ms') - paused
            at = lambda part: times[min(int(part * len(times)), len(times) - 1)] * 1000
            print(f'| {names:,} | {title} | {seconds:.1f} s | {at(0.5):.2f} | {at(0.99):.2f} | {times[-1] * 1000:.1f} | {paused} |', flush=True)

        def send():
            for first in range(0, names, 10000):
                sender.sendall(b''.join(b'service.host%d.requests:1|c\n' % number for number in range(first, min(first + 10000, names))))
            while True:
                time.sleep(0.05)
                if stat('names.counters') >= names:
                    return

        def stat(key):
            admin.sendall(b'stats\n')
            answer = b''
            while not answer.endswith(b'END\n\n'):
                answer += admin.recv(1 << 16)
            return int(re.search(rf'^{key}: (\d+)', answer.decode(), re.MULTILINE).group(1))

        def pipelined(commands, answers):
            admin.sendall(commands)
            read_all(admin, answers)

        phase('nothing', lambda: time.sleep(5))
        phase('new names arrive', send)
        phase('the same names arrive again', send)
        phase('nothing but flushes', lambda: time.sleep(6))
        phase('`counters`', lambda: pipelined(b'counters\n', 1))
        if names <= 100000:
            phase('60 × `counters` at once', lambda: pipelined(b'counters\n' * 60, 60))
        phase('`delcounters` of 4,000 words', lambda: pipelined(b'delcounters ' + b'a ' * 4000 + b'\n', 1))
        phase('`delcounters *`', lambda: pipelined(b'delcounters *\n', 1))
        probe.ends = True
    finally:
        gateway.terminate()
        gateway.wait(20)
        folder.cleanup()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('gateway')
    parser.add_argument('--names', default='100000,1000000')
    arguments = parser.parse_args()
    print('| names | while | which took | p50, ms | p99, ms | longest, ms | collections, ms |\n|---|---|---|---|---|---|---|')
    for names in arguments.names.split(','):
        measure(arguments.gateway, int(names))


if __name__ == '__main__':
    sys.exit(main())
