/** Lists every key that may log in to a node, by a script that only reads, and reads what it printed. */

/** One line of a file from which sshd takes keys. */
export interface AuthorizedKeyFound {
  readonly user: string
  readonly file: string
  readonly line: number
  readonly changedAt: Date | undefined
  /** `ssh-ed25519` as ssh-keygen says it: `ED25519`. */
  readonly type: string
  readonly fingerprint: string
  readonly comment: string
  /** What stands in front of the key, such as `restrict,from="10.0.0.0/8"`; empty where nothing does. */
  readonly options: string
  /** As the node's log of logins says it, if it has one. */
  readonly lastUsed: string | undefined
}

export interface AuditPage {
  readonly keys: readonly AuthorizedKeyFound[]
  /** What else lets people in: a command or an authority whose keys are in no file. */
  readonly notes: readonly string[]
  /** Whether everything has been said. Otherwise the next page begins after as many lines as `told`. */
  readonly isWhole: boolean
  readonly told: number
}

/** A script for `sh`, run as root. @param skip How many keys an earlier page told. */
export function auditScript(skip: number): readonly string[] {
  if (!Number.isSafeInteger(skip) || skip < 0) throw new TypeError('skip is not a count')
  return [`skip=${skip}`, ...SCRIPT.split('\n')]
}

/**
 * Settings are asked for each user, because sshd_config has Match blocks. Nothing is written; what is no plain file is not
 * opened, since a pipe would never end; and of a file nothing is printed but what ssh-keygen knows as a key.
 */
const SCRIPT = `LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin
tab=$(printf "\\t")
count=0
logins() {
  { cat /var/log/auth.log.1 /var/log/auth.log /var/log/secure 2>/dev/null | tail -c 20000000
    command -v journalctl >/dev/null 2>&1 && journalctl -q --no-pager -o short-iso -t sshd -t sshd-session -S -90days 2>/dev/null
  } | awk "/Accepted publickey for/ { at = (\\$1 ~ /^[0-9][0-9][0-9][0-9]-/) ? \\$1 : \\$1 \\" \\" \\$2 \\" \\" \\$3; for (i = 1; i <= NF; i++) if (\\$i ~ /^SHA256:/) last[\\$i] = at } END { for (f in last) print f \\"\\t\\" last[f] }"
}
used=$(logins)
settings=$(sshd -T -C user=root,host=localhost,addr=127.0.0.1 2>/dev/null)
varies=
config=/etc/ssh/sshd_config
if cat "$config" "$config.d"/*.conf 2>/dev/null | grep -qi "^[[:space:]]*match[[:space:]]"; then varies=1; fi
tell() {
  [ -f "$2" ] || return 0
  changed=$(stat -L -c %Y "$2" 2>/dev/null)
  number=0
  head -c 1000000 "$2" | { while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    case $line in ""|"#"*) continue ;; esac
    key=$(printf "%s\\n" "$line" | ssh-keygen -lf - 2>/dev/null | head -n 1)
    [ -n "$key" ] || continue
    count=$((count + 1))
    [ "$count" -gt "$skip" ] || continue
    rest=\${key#* }
    print=\${rest%% *}
    last=$(printf "%s\\n" "$used" | sed -n "s|^$print$tab||p" | head -n 1)
    options=$(printf "%s\\n" "$line" | sed -E "s/^[[:space:]]*//; s/(^|[[:space:]]+)((sk-)?(ssh-(rsa|dss|ed25519)|ecdsa-sha2-nistp[0-9]+)[A-Za-z0-9@.-]*[[:space:]]+AAAA.*)$//" | tr "\\t" " " | cut -c 1-300)
    printf "lockstep-key\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\n" "$count" "$1" "$2" "$number" "$changed" "$last" "$options" "$(printf "%s" "$key" | tr "\\t" " " | cut -c 1-300)"
  done; echo "$count" >&3; }
}
tell_all() {
  counted=$({ tell "$1" "$2" >&4; } 3>&1)
  count=\${counted:-$count}
}
exec 4>&1
{ getent passwd 2>/dev/null || cat /etc/passwd; } | {
  while IFS=: read -r user _ uid _ _ home shell; do
    case $user in *[!A-Za-z0-9_.@\\\\-]*|"") continue ;; esac
    [ -z "$varies" ] || settings=$(sshd -T -C "user=$user,host=localhost,addr=127.0.0.1" 2>/dev/null)
    files=$(printf "%s\\n" "$settings" | sed -n "s/^authorizedkeysfile //p")
    [ -n "$settings" ] || files=".ssh/authorized_keys .ssh/authorized_keys2"
    seen=
    set -f
    for file in $files /etc/lockstep/authorized_keys.d/%u; do
      [ "$file" != none ] || continue
      path=$(printf "%s\\n" "$file" | sed "s|%%|\\n|g; s|%h|$home|g; s|%u|$user|g; s|%U|$uid|g" | tr "\\n" "%" | sed "s|%$||")
      case $path in /*) ;; *) path=$home/$path ;; esac
      case " $seen " in *" $path "*) continue ;; esac
      seen="$seen $path"
      tell_all "$user" "$path"
    done
    set +f
    for name in authorizedkeyscommand trustedusercakeys; do
      value=$(printf "%s\\n" "$settings" | sed -n "s/^$name //p")
      case $value in ""|none) ;; *) echo "lockstep-note$tab$name $value" ;; esac
    done
  done
} | awk "/^lockstep-note/ { if (seen[\\$0]++) next } { print }"
echo lockstep-audit-end`

/** @param output Of the script; cut off anywhere. */
export function readAudit(output: string): AuditPage {
  const whole = output.slice(0, output.lastIndexOf('\n') + 1)
  const lines = whole.split('\n')
  const keys: AuthorizedKeyFound[] = []
  let told = 0
  for (const line of lines) {
    const [
      mark,
      count = '',
      user = '',
      file = '',
      number = '',
      changed = '',
      used = '',
      options = '',
      key = '',
    ] = line.split('\t')
    if (mark !== 'lockstep-key') continue
    const [, fingerprint, comment, type] = /^\d+ (SHA256:\S+) (.*) \(([A-Z0-9-]+)\)$/.exec(key) ?? []
    told = Math.max(told, Number(count))
    keys.push({
      user,
      file,
      line: Number(number),
      changedAt: /^\d+$/.test(changed) ? new Date(Number(changed) * 1000) : undefined,
      type: type ?? 'unknown',
      fingerprint: fingerprint ?? 'unknown',
      comment: commentOf(comment, options),
      options: printable(options),
      lastUsed: used === '' ? undefined : printable(used),
    })
  }
  const notes = lines.flatMap((line) =>
    line.startsWith('lockstep-note\t') ? [printable(line.slice(14))] : [],
  )
  return { keys, notes: [...new Set(notes)], isWhole: lines.includes('lockstep-audit-end'), told }
}

/** ssh-keygen shows the options of a key that has no comment in its place. */
function commentOf(comment: string | undefined, options: string): string {
  if (comment === undefined || comment === 'no comment') return ''
  return options !== '' && options.startsWith(comment) ? '' : printable(comment)
}

/** A comment may hold what moves a terminal's cursor. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e\u00a0-\ud7ff]/g, '?')
}
