#!/bin/sh
# The first process of a function's own process and mount namespaces: hides what is the server's, gives the
# function a /tmp of its own, and waits for it.
#
#   confine.sh WORK PRIVATE_TMP HIDDEN… -- COMMAND…
#
# When it ends, the kernel kills whatever is left in the namespace.
set -e
work=$1 private_tmp=$2
shift 2
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then
    mount -t tmpfs -o size=4k,mode=0555,ro none "$1"
  elif [ -e "$1" ]; then
    mount --bind /dev/null "$1"
  fi
  shift
done
shift
if [ "$private_tmp" = yes ]; then
  # What is kept of /tmp is the function's working directory; it is held aside while its own /tmp takes the place. It is
  # bound twice rather than moved, which mount reports as failed in a user namespace.
  mount --bind "$work" /mnt
  for covered in /var/tmp /tmp; do mount --bind /mnt/tmp "$covered"; done
  mkdir -p "$work"
  mount --bind /mnt "$work"
  umount -l /mnt
  mount -t tmpfs -o size=64m,mode=1777 none /dev/shm
fi
cd /
"$@" &
set +e
wait $!
exit $?
