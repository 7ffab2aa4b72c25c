#!/bin/bash
# boot.sh LANE COMMAND ARGUMENT... : boots the kernel in LANE and runs the command in it, as root, in this folder.
#
# The guest's root is this machine's, read-only, with a tmpfs over it: the same programs and files at the same paths,
# and what is written is gone with the guest. What the command prints is printed here, and its exit status is the
# script's; 124 means that VM_TIMEOUT seconds were too few, 125 that the guest ended without an answer. What the command
# writes to /dev/virtio-ports/results ends up in the file VM_RESULTS.
set -u
lane=$(readlink -e "${1:?the folder of the kernel}") || { echo "no kernel in $1: setup.sh fetches it" >&2 && exit 125; }
shift

# The kernel's command line tells spaces apart badly, so all that the guest has to know lies in one folder.
job=$(mktemp --directory /tmp/nslink-kernel.XXXXXX)
cp "$(dirname "$0")/init.sh" "$job/init"
ln -s "$lane/modules" "$job/modules"
{
  printf 'cd %q && ' "$PWD"
  printf '%q ' env PATH="$PATH" "$@"
} >"$job/command"

children=()
# shellcheck disable=SC2317 # The traps call it.
cleanup() {
  ((${#children[@]} == 0)) || kill "${children[@]}" 2>/dev/null
  wait
  rm -rf "$job"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Serves / to the guest, and ends with it.
/usr/lib/qemu/virtiofsd --socket-path="$job/root.sock" -o source=/ -o cache=always -o sandbox=chroot -f \
  >"$job/virtiofsd.log" 2>&1 &
virtiofsd=$!
children+=("$virtiofsd")
until [[ -S $job/root.sock ]]; do
  sleep 0.02
  kill -0 "$virtiofsd" 2>/dev/null || { cat "$job/virtiofsd.log" >&2; exit 125; }
done

# shellcheck disable=SC2054 # The commas are QEMU's.
qemu=(
  qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot
  # The machine type "pc" is the one that was never seen to hang.
  -M pc -accel tcg,thread=multi,tb-size=512 -cpu max -smp 2 -m 2048
  # virtiofsd reads and writes the guest's memory.
  -object memory-backend-memfd,id=memory,size=2048M,share=on -numa node,memdev=memory
  -chardev socket,id=root,path="$job/root.sock" -device vhost-user-fs-pci,chardev=root,tag=root
  -serial file:"$job/console"
  -device virtio-serial-pci
  -chardev file,id=output,path=/dev/fd/3 -device virtserialport,chardev=output,name=output
  -chardev file,id=status,path="$job/status" -device virtserialport,chardev=status,name=status
  -chardev file,id=results,path="${VM_RESULTS:-/dev/null}" -device virtserialport,chardev=results,name=results
  -kernel "$lane/vmlinuz"
)
append=(
  # A kernel that stumbles ends the run, and says where on the console.
  console=ttyS0 quiet panic=-1 oops=panic reboot=t
  # Emulation is slow enough, and its clock is the host's.
  mitigations=off nokaslr tsc=reliable no_timer_check
  # "job" is no parameter of the kernel's, so it is in the environment of the first process.
  rootfstype=virtiofs root=root ro "job=$job" init=/bin/bash -- "$job/init"
)

# QEMU makes what it writes to non-blocking, which a pipe of its own bears better than whatever standard output is.
exec 3> >(exec cat)
printer=$!
timeout --kill-after=10 "${VM_TIMEOUT:-2700}" "${qemu[@]}" -append "${append[*]}" </dev/null >"$job/qemu.log" 2>&1 &
vm=$!
children+=("$vm")
exec 3>&-
wait "$vm"
ended=$?
children=("$virtiofsd")
wait "$printer"

status=$(<"$job/status")
[[ -n $status ]] && exit "$status"
{
  echo "the guest gave no answer; QEMU ended with $ended"
  cat "$job/qemu.log"
  echo 'its console said:'
  tail -n 40 "$job/console"
} >&2
((ended == 124)) && exit 124
exit 125
