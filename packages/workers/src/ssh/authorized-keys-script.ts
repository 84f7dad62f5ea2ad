/** One public key as a node is to hold it. */
export interface AuthorizedKey {
  /** What the line ends in, by which it is found again: the id of the secret's version. */
  readonly token: string
  /** `ssh-ed25519 AAAA… TOKEN`: a type, base64 and the token, nothing else. */
  readonly line: string
}

/** What an authorized_keys file is to hold and to hold no longer. */
export interface AuthorizedKeysChange {
  /** The account on the node. */
  readonly user: string
  readonly add: readonly AuthorizedKey[]
  readonly removeTokens: readonly string[]
  /** Another file than the home's `.ssh/authorized_keys`; absolute. Written by root. */
  readonly file?: string
}

/** As useradd(8) lets them be, and a little stricter: no dot first, no dollar. */
const USER = /^[a-z_][a-z0-9_-]{0,31}$/i
const TOKEN = /^[A-Za-z0-9-]{8,64}$/
const KEY_LINE =
  /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) [A-Za-z0-9+/]{40,2000}={0,2} ([A-Za-z0-9-]{8,64})$/
const FILE = /^(?:\/[A-Za-z0-9._-]+)+$/

/**
 * The lines of a POSIX shell script, run as root or as the user, that brings an authorized_keys file to hold
 * `add` and not to hold `removeTokens`. It may run any number of times, and beside another one of its kind: they wait
 * for each other. Every other line stays as it is to the byte, but that a last line without an end gets one before
 * another line follows. The file is written beside and renamed, so that a login meets the old file or the new one; the
 * old one stays as `.bak`. Whatever goes wrong leaves the old file and ends in a status other than 0.
 *
 * As root it becomes the user before it looks at the user's home: a symbolic link there leads root nowhere.
 *
 * @throws TypeError where something would not be safe in the script; nothing is quoted that needs it.
 * @see https://man.openbsd.org/sshd#AUTHORIZED_KEYS_FILE_FORMAT
 */
export function authorizedKeysScript({
  user,
  add,
  removeTokens,
  file,
}: AuthorizedKeysChange): readonly string[] {
  demand(USER.test(user), 'the user name')
  demand(file === undefined || (FILE.test(file) && !file.includes('/..')), 'the file name')
  for (const { token, line } of add) demand(KEY_LINE.exec(line)?.[1] === token, 'a public key')
  for (const token of removeTokens) demand(TOKEN.test(token), 'a token')
  const added = new Set(add.map(({ token }) => token))
  demand(
    removeTokens.every((token) => !added.has(token)),
    'what to remove: it is also to be added',
  )
  return [
    `user='${user}'`,
    `file='${file ?? ''}'`,
    `add='${add.map(({ line }) => line).join('\n')}'`,
    `remove='${removeTokens.join(' ')}'`,
    `change='${CHANGE}'`,
    ...BECOME_USER,
  ].flatMap((part) => part.split('\n'))
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new TypeError(`${what} is not one that can be put on a node`)
}

/** Runs $change as the account whose file it is. Without apostrophes, like all that stands in the script. */
const BECOME_USER = [
  'LC_ALL=C; export LC_ALL',
  'entry=$(getent passwd "$user" 2>/dev/null || grep "^$user:" /etc/passwd)',
  'if [ -z "$entry" ]; then echo "lockstep: there is no user $user on this node" >&2; exit 3; fi',
  'home=$(printf "%s\\n" "$entry" | cut -d: -f6)',
  'if [ -z "$file" ]; then target=$home/.ssh/authorized_keys; owner=$user; else target=$file; owner=root; fi',
  'if [ "$(id -un)" = "$owner" ]; then exec /bin/sh -c "$change" authorized_keys "$target" "$add" "$remove"; fi',
  'if [ "$(id -u)" != 0 ]; then echo "lockstep: neither root nor $owner, so this cannot change $target" >&2; exit 4; fi',
  'exec runuser -u "$owner" -- /bin/sh -c "$change" authorized_keys "$target" "$add" "$remove"',
]

/** Arguments: the file, the lines to add, the tokens to remove. No apostrophe may stand in it. */
const CHANGE = `set -u
umask 077
target=$1; add=$2; remove=$3
fail() { echo "lockstep: $1" >&2; [ -z "\${new:-}" ] || rm -f "$new"; exit 1; }
directory=$(dirname "$target")
if [ ! -d "$directory" ]; then mkdir -p "$directory" && chmod 700 "$directory" || fail "cannot make $directory"; fi
if [ -L "$target" ]; then
  target=$(readlink -f "$target") && [ -n "$target" ] || fail "the link leads nowhere"
  directory=$(dirname "$target")
fi
[ ! -e "$target" ] || [ -f "$target" ] || fail "$target is no file"
lock=$directory/.lockstep-authorized-keys.lock
(: >>"$lock") 2>/dev/null || fail "cannot write in $directory"
exec 9>>"$lock"
if command -v flock >/dev/null 2>&1; then flock -w 30 9 || fail "another change of $target does not end"; fi
new=$(mktemp "$directory/.authorized_keys.XXXXXXXX") || fail "cannot write in $directory"
if [ -e "$target" ]; then cp -p "$target" "$new" || fail "cannot copy $target"; else chmod 600 "$new"; fi
drop() {
  lines=$(grep -anE "^[^#].*[[:space:]]$1[[:space:]]*$" "$new" | cut -d: -f1 | sed "s/$/d/")
  [ -z "$lines" ] || { sed "$lines" "$new" >"$new.rest" && cat "$new.rest" >"$new" && rm -f "$new.rest"; } || { rm -f "$new.rest"; fail "no room to change $target"; }
}
for token in $remove; do drop "$token"; done
printf "%s\\n" "$add" | {
  while IFS= read -r line; do
    [ -n "$line" ] || continue
    if [ "$(grep -acE "^[^#].*[[:space:]]\${line##* }[[:space:]]*$" "$new")" = 1 ] && grep -aqxF -- "$line" "$new"; then continue; fi
    drop "\${line##* }"
    if [ -s "$new" ] && [ "$(tail -c 1 "$new" | wc -l)" -eq 0 ]; then echo >>"$new" || exit 1; fi
    printf "%s\\n" "$line" >>"$new" || exit 1
  done
  printf "%s\\n" "$add" | while IFS= read -r line; do [ -z "$line" ] || grep -aqxF -- "$line" "$new" || exit 1; done
} || fail "no room to change $target"
if [ -e "$target" ] && cmp -s "$target" "$new"; then
  rm -f "$new"
  echo "lockstep: $target is as it should be"
  exit 0
fi
sync "$new" 2>/dev/null || sync
if [ -e "$target" ]; then cp -p "$target" "$target.bak" || fail "no room to keep $target.bak"; fi
mv -f "$new" "$target" || fail "cannot replace $target"
! command -v restorecon >/dev/null 2>&1 || restorecon "$target" 2>/dev/null
sync "$directory" 2>/dev/null || sync
echo "lockstep: $target changed"`
