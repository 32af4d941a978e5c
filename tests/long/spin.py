"""Spins on a processor under SCHED_FIFO for 1 to 20 ms at a time, at random half of the time: python3 spin.py PROCESSOR. Ends with its parent."""
import os
import random
import sys
import time

parent = os.getppid()
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
while os.getppid() == parent:
    end = time.monotonic() + random.uniform(0.001, 0.020)
    while time.monotonic() < end:
        pass
    time.sleep(random.uniform(0.001, 0.020))
