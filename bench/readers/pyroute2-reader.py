"""A reader of events on Python's pyroute2. See reader.ts for what is expected of one."""

import select
import sys
import time

from pyroute2 import IPRoute
from pyroute2.netlink import rtnl

QUIET_S = 0.5

stall = int(sys.argv[2]) / 1000
host = IPRoute()
host.bind(groups=rtnl.RTMGRP_IPV4_ROUTE)


def figures():
    start = last = time.monotonic_ns()
    told, remark = 0, ''
    while select.select([host], [], [], QUIET_S)[0]:
        try:
            for message in host.get():
                if message['event'] == 'RTM_NEWROUTE' and message.get_attr('RTA_GATEWAY') == '10.0.0.2':
                    told += 1
            last = time.monotonic_ns()
        except OSError as error:
            remark = f'throws {error.strerror}'
    print(told, last - start, remark, flush=True)


print('ready', flush=True)
time.sleep(stall)
figures()
for _ in sys.stdin:
    figures()
