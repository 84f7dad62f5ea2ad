#!/bin/sh
# Makes this machine a node, from an unpacked tree of deploy/agent/pack or an installed package. As root, once or again:
#
#   ./install.sh --endpoint URL --activation-id ID --server-key SHA256:… [--ca FILE] < CODE
#   ./install.sh --uninstall          leaves the sshd and its keys as they are, and forgets the node
#
# The code comes by standard input: arguments can be read by every user of the machine. A machine that is enrolled
# already is left as it is; --uninstall first makes it another node. ROOT=DIR installs below DIR and starts nothing.
set -eu
umask 022
root=${ROOT:-}
agent=$root/opt/lockstep-agent
unit=$root/etc/systemd/system/lockstep-agent.service
config=$root/etc/lockstep/agent.json
state=$root/var/lib/lockstep-agent
user=lockstep-agent

fail() {
  echo "install.sh: $1" >&2
  exit "${2:-1}"
}

# What is in place is what is here: it need not be touched, and commands that run need not be cut off.
is_in_place() {
  [ "$here" = "$agent" ] || diff -r -x .by-install.sh "$here" "$agent" > /dev/null 2>&1
}

has_systemd() {
  [ -z "$root" ] && [ -d /run/systemd/system ]
}

uninstall() {
  if has_systemd; then systemctl disable --now lockstep-agent.service 2> /dev/null || true; fi
  rm -f "$unit" "$config"
  rm -rf "$state"
  # What a package has put there goes with the package.
  [ -e "$agent/.by-install.sh" ] && rm -rf "$agent"
  if has_systemd; then systemctl daemon-reload; fi
  echo 'This machine is no node any more; deregister it at the server: lockstep nodes list'
}

[ "$(id -u)" = 0 ] || fail 'only root can make a machine a node'
case ${1:-} in
  --uninstall)
    uninstall
    exit 0
    ;;
  '' | -h | --help)
    sed -n '2,8s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac

here=$(cd "$(dirname "$0")" && pwd)
[ -x "$here/bin/lockstep-agent" ] || fail "$here holds no agent; unpack the tarball whole"

if [ -z "$root" ] && ! getent passwd "$user" > /dev/null; then
  useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin --user-group "$user"
fi
how=start
if ! is_in_place; then
  if [ -e "$agent" ] && [ ! -e "$agent/.by-install.sh" ]; then
    fail "$agent is not by install.sh: where it is a package's, use dpkg for another version"
  fi
  how=restart
  # Beside, and then in its place: an agent that runs keeps the files that it has open.
  rm -rf "$agent.new"
  mkdir -p "$agent.new"
  cp -R "$here/." "$agent.new"
  : > "$agent.new/.by-install.sh"
  rm -rf "$agent"
  mv "$agent.new" "$agent"
fi
if [ -f "$agent/lockstep-agent.service" ]; then
  mkdir -p "$(dirname "$unit")"
  cp "$agent/lockstep-agent.service" "$unit"
fi

if [ -f "$config" ]; then
  echo 'This machine is enrolled already.'
else
  mkdir -p "$(dirname "$config")"
  set -- --config "$config" --state "$state" "$@"
  [ -n "$root" ] || set -- --network-user "$user" "$@"
  "$agent/bin/lockstep-agent" enrol "$@"
fi
if has_systemd; then
  systemctl daemon-reload
  systemctl enable lockstep-agent.service
  systemctl "$how" lockstep-agent.service
fi
