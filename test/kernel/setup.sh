#!/bin/bash
# setup.sh LANE: puts Debian's 6.12 cloud kernel and its modules into the folder LANE, when they are not there already.
# Nothing goes to /boot or /lib/modules; QEMU and kmod are installed when they are missing.
set -eu
lane=${1:?the folder for the kernel}

[[ -x /usr/bin/qemu-system-x86_64 && -x /usr/lib/qemu/virtiofsd && -x /sbin/modprobe && -e $lane/vmlinuz ]] && exit

if [[ $(uname -m) != x86_64 ]] || ! grep -q '^VERSION_CODENAME=bookworm' /etc/os-release; then
  echo 'the second kernel is fetched and run with packages of Debian 12 for amd64' >&2
  exit 1
fi
echo 'fetching the second kernel'
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq --yes --no-install-recommends qemu-system-x86 kmod >/dev/null

# What was begun and not finished is not taken for a kernel.
part=$lane.part
rm -rf "$part" "$lane"
mkdir -p "$part"
cd "$part"

package=$(apt-cache depends linux-image-6.12-cloud-amd64 | awk '/Depends: linux-image-/ { print $2 }')
# As root, apt would warn that its unprivileged user cannot write here.
apt-get download -qq -o APT::Sandbox::User=root "$package"
dpkg-deb --extract ./*.deb .
rm ./*.deb
depmod --basedir . "${package#linux-image-}"
mv boot/vmlinuz-* vmlinuz
mv lib/modules .
rm -rf boot lib usr

cd - >/dev/null
mv "$part" "$lane"
