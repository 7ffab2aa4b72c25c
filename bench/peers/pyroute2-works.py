"""The works on Python's pyroute2, as its users write them: an IPRoute is opened once, devices are looked up once."""

import socket
import sys
import time

from pyroute2 import IPRoute, NetNS, netns

_, WORK, COUNT, PREFIX = sys.argv
GATEWAY = '10.0.0.2'
host = IPRoute()
found = host.link_lookup(ifname='eth0')
eth0 = found[0] if found else 0
pods = []


def address(index):
    host.addr('add', index=eth0, address='10.0.0.1', prefixlen=24)
    host.addr('del', index=eth0, address='10.0.0.1', prefixlen=24)


def destination(index):
    return f'10.{64 + (index >> 16)}.{index >> 8 & 255}.{index & 255}/32'


def route(index):
    host.route('add', dst=destination(index), gateway=GATEWAY, oif=eth0)


def exactly(count, found):
    if len(found) != count:
        sys.exit(f'{len(found)} instead of {count}')


def pod(index):
    name, device, ip = f'{PREFIX}{index}', f'veth{index}', f'10.244.{index >> 8}.{index & 255}'
    netns.create(name)
    # It starts a process in the namespace, and talks to that.
    inside = NetNS(name)
    pods.append(inside)
    host.link('add', ifname=device, kind='veth', state='up', peer={'ifname': 'eth0', 'net_ns_fd': name})
    eth = inside.link_lookup(ifname='eth0')[0]
    inside.addr('add', index=eth, address=ip, prefixlen=24)
    inside.link('set', index=eth, state='up')
    inside.route('add', dst='default', gateway='169.254.10.24', oif=eth, flags=['onlink'])
    with open(f'/proc/sys/net/ipv4/conf/{device}/proxy_arp', 'w') as setting:
        setting.write('1')
    host.route('add', dst=f'{ip}/32', oif=host.link_lookup(ifname=device)[0], scope='link')


def close_pods():
    while pods:
        pods.pop().close()


def limit(index):
    dev = host.link_lookup(ifname=f'veth{index}')[0]
    host.tc('add', 'tbf', dev, 0x10000, rate='100mbit', burst=128 * 1024, latency='50ms')


one = {
    'W1': address,
    'W3': route,
    # All of what arrives becomes objects: they are made when an iterator comes to them.
    'W4r': lambda _: exactly(10001, tuple(host.get_routes(family=socket.AF_INET, table=254))),
    'W4l': lambda _: exactly(1003, tuple(host.get_links())),
    'W5': pod,
    'W8': limit,
}[WORK]

for _ in sys.stdin:
    samples = []
    for index in range(int(COUNT)):
        start = time.monotonic_ns()
        one(index)
        samples.append(time.monotonic_ns() - start)
    close_pods()
    print(*samples, flush=True)
