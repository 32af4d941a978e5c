#!/usr/bin/env python3
"""Sends values through the gateway to a Graphite server, Debian's graphite-carbon, and reads them back: tests/long/carbon.py GATEWAY

GATEWAY is the built program. The server is stopped for some seconds and comes back; at the end the gateway gets SIGTERM with an interval
begun. Every counter must then hold exactly what was sent. Everything runs on loopback, in a folder of its own.
The last line says what was counted; the exit code is 0 if it is all there.
"""
import json, os, re, signal, socket, subprocess, sys, tempfile, time

NAMES = 200
INTERVAL = 2  # seconds; a Whisper file keeps one value a second


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def start_carbon(folder, port):
    configuration = os.path.join(folder, 'carbon.conf')
    with open(configuration, 'w') as file:
        file.write(f'''[cache]
STORAGE_DIR = {folder}/storage/
LOCAL_DATA_DIR = {folder}/storage/whisper/
CONF_DIR = {folder}
LOG_DIR = {folder}/log/
PID_DIR = {folder}
USER =
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {port}
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = {free_port()}
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = {free_port()}
MAX_CREATES_PER_MINUTE = inf
MAX_UPDATES_PER_SECOND = inf
MAX_CACHE_SIZE = inf
ENABLE_TAGS = False
''')
    with open(os.path.join(folder, 'storage-schemas.conf'), 'w') as file:
        file.write('[all]\npattern = .*\nretentions = 1s:1h\n')
    for name in ('storage/whisper', 'log'):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    process = subprocess.Popen(
        ['/usr/bin/carbon-cache', f'--config={configuration}', '--nodaemon', 'start'], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    wait(lambda: can_connect(port), 'carbon-cache does not listen')
    return process


def can_connect(port):
    try:
        socket.create_connection(('127.0.0.1', port)).close()
        return True
    except OSError:
        return False


def wait(condition, complaint):
    end = time.monotonic() + 60
    while not condition():
        if time.monotonic() > end:
            sys.exit(complaint)
        time.sleep(0.05)


def end(process, number=signal.SIGTERM):
    process.send_signal(number)
    return process.wait(60)


def end_carbon(carbon):
    """It writes what it has, and then ends by the signal itself, as Twisted's programs do."""
    status = end(carbon)
    assert status in (0, -signal.SIGTERM), f'carbon-cache ended with {status}'


def next_flush(gateway):
    """Reads the gateway's reports until one ends."""
    while True:
        line = gateway.stdout.readline()
        if not line:
            sys.exit('the gateway has ended')
        if line.startswith('{"end"'):
            return


def stored(folder, path):
    file = os.path.join(folder, 'storage/whisper', path.replace('.', '/') + '.wsp')
    text = subprocess.run(['/usr/bin/whisper-fetch', '--json', '--from=0', file], check=True, capture_output=True, text=True).stdout
    return [value for value in json.loads(text)['values'] if value is not None]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = tempfile.mkdtemp(prefix='carbon-')
    port = free_port()
    carbon = start_carbon(folder, port)
    gateway = subprocess.Popen(
        [sys.argv[1], '--statsd-udp', '127.0.0.1:0', '--statsd-tcp', 'off', '--graphite', 'off', '--admin', 'off',
         '--flush-interval', f'{INTERVAL}s', '--graphite-send', f'127.0.0.1:{port}', '--graphite-timeout', '1s'],
        stdout=subprocess.PIPE, text=True)
    sent = [0] * NAMES
    try:
        listening = gateway.stdout.readline()
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.connect(('127.0.0.1', int(re.search(r':(\d+)$', listening).group(1))))

        def send(value):
            for name in range(NAMES):
                client.send(f'test.c{name}:{value}|c\ntest.t:{name}|ms'.encode())
                sent[name] += value
                if name % 20 == 19:
                    time.sleep(0.002)

        for value in (1, 2, 3):
            send(value)
            next_flush(gateway)
        time.sleep(1)  # what carbon has not read from its socket when it ends is lost, and no sender can know
        end_carbon(carbon)
        for value in (5, 7):
            send(value)
            next_flush(gateway)
        carbon = start_carbon(folder, port)
        next_flush(gateway)

        # Two values of one second would be one for Whisper: the last interval ends in a second of its own.
        send(11)
        time.sleep(1.1)
        status = end(gateway)
        rest = gateway.stdout.read()
        assert status == 0, f'the gateway ended with {status}: {rest}'
        time.sleep(1)
        end_carbon(carbon)
        counted = [sum(stored(folder, f'stats.counters.test.c{name}.count')) for name in range(NAMES)]
        wrong = [(name, sent[name], counted[name]) for name in range(NAMES) if sent[name] != counted[name]]
        samples = sum(stored(folder, 'stats.timers.test.t.count'))
        print(f'{sum(counted):.0f} of {sum(sent)} counted in {NAMES} names, {samples:.0f} of {6 * NAMES} samples; {len(wrong)} names wrong {wrong[:5]}')
        return 1 if wrong or samples != 6 * NAMES else 0
    finally:
        for process in (gateway, carbon):
            if process.poll() is None:
                end(process, signal.SIGKILL)
        subprocess.run(['rm', '-r', folder])


if __name__ == '__main__':
    sys.exit(main())
