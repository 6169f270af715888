# shellcheck shell=sh disable=SC2154 # build: who sources it knows it
# Sourced by bench/crash and bench/power-files: an ext4 file system in a file, on a loop device, whose power can be cut (bench/power.c).
disk="" # where it is mounted
# power_alone SCRIPT ARGUMENTS…: again, with mounts of its own: what another program takes a copy of is not unmounted by us alone.
power_alone() {
  [ "$(id -u)" = 0 ] || { echo "a power cut needs root: a file system is mounted for it and shut down" >&2; exit 1; }
  [ -n "${POWER_ALONE:-}" ] || POWER_ALONE=yes exec unshare -m "$@"
}
power_begin() { # power_begin FOLDER MB: FOLDER/disk
  power_image=$1/image
  truncate -s "$2M" "$power_image"
  mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 "$power_image"
  mkdir "$1/disk"
  mount -o loop "$power_image" "$1/disk" || { echo "a power cut needs loop devices, which this machine does not lend" >&2; exit 1; }
  disk=$1/disk
}
power_unmount() {
  power_tries=0
  until umount "$disk" 2>/dev/null; do
    power_tries=$((power_tries + 1))
    [ "$power_tries" -lt 200 ] || { umount "$disk"; exit 1; }
    sleep 0.05
  done
}
power_cut() { "$build/bench/power" cut "$disk"; } # then end whoever has files there
power_back() { # what its journal holds is played again
  power_unmount
  mount -o loop "$power_image" "$disk"
}
power_end() { [ -z "$disk" ] || power_unmount; }
