#!/bin/bash
# The first process of the guest: see boot.sh, which leaves what to run in the folder $job.
: "${job:?}"
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb

finish() {
  echo b >/proc/sysrq-trigger
  sleep 60
}

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mountpoint -q /dev || mount -t devtmpfs dev /dev

# A root that can be written, over the one that cannot.
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
insmod "$job"/modules/*/kernel/fs/overlayfs/overlay.ko.xz
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root || finish
mkdir -p /mnt/root/lib/modules
mount --bind "$job/modules" /mnt/root/lib/modules
for folder in proc sys dev; do mount --no-mtab --move "/$folder" "/mnt/root/$folder"; done

# Not chroot: the kernel starts modprobe in the root of the first process's namespace.
cd /mnt/root || finish
pivot_root . mnt
umount --lazy /mnt

mkdir -p /dev/pts /dev/shm /dev/virtio-ports
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
ln -s /proc/self/fd /dev/fd
for stream in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${stream%:*}" "/dev/${stream#*:}"; done
for port in /sys/class/virtio-ports/*; do ln -s "/dev/${port##*/}" "/dev/virtio-ports/$(<"$port/name")"; done
# Nothing loads this by itself before /dev/net/tun is opened, for there is no such file yet.
modprobe tun
# Its sysctls are there only then.
modprobe nf_conntrack
# A test would load it, and from then on it has a file in every namespace: so there is one from the beginning.
modprobe bonding max_bonds=0
# Else every new namespace has tunl0, sit0 and gre0 as soon as one test has made a tunnel.
echo 1 >/proc/sys/net/core/fb_tunnels_only_for_init_net
ip link set lo up

bash "$job/command" </dev/null >/dev/virtio-ports/output 2>&1
echo $? >/dev/virtio-ports/status
finish
