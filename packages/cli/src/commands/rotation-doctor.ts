import { diagnose, type Finding, mend } from '@lockstep/workers/rotation/ssh-key-pair/diagnose'
import { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { inWords, sshScene } from '../ssh-scene.ts'

const EXAMPLES = `
Looks at the labels of the secret's versions, logs in to every node with the current key, asks every node which of the secret's
keys it has, and looks at the association that brings keys to nodes. Changes nothing without --mend, which installs the
current key where it is refused, removes keys of earlier versions once the drain is over, and sets the association right.
Only for secrets that rotate SSH keys. Needs what the rotation function may.
Exit code 0 where nothing is wrong, 1 where something is left.

Examples:
  lockstep rotation doctor /dev/ssh
  lockstep rotation doctor /dev/ssh --mend
`

const REMEDIES: Readonly<Record<NonNullable<Finding['remedy']>, string>> = {
  install: '--mend gives it the key once more',
  retire: '--mend removes it',
  associate: '--mend sets it right',
}

/** What only people can do. */
const ADVICE: Readonly<Record<Finding['kind'], string>> = {
  pending: 'rotate it on (aws secretsmanager rotate-secret) or go back (lockstep rotation rollback)',
  'no-nodes': 'tag nodes (lockstep nodes tag NODE RotateSSHKeys=True)',
  refused: 'look at its sshd',
  away: 'start its agent and its sshd; it gets the current key when it returns',
  owed: 'it goes with the end of the rotation that is under way',
  association: 'rotate once more',
}

export function rotationDoctorCommand(): Command {
  return new Command('doctor')
    .description('what holds the rotation of SSH keys up, and mends what can be mended')
    .argument('<SECRET>', 'name or ARN')
    .option('--mend', 'put right what can be put right without a new key')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(doctor)
}

async function doctor(secret: string, { mend: isMend, json }: { mend?: true; json?: true }): Promise<void> {
  const findings = await inWords(async () => {
    const scene = await sshScene(secret)
    return isMend ? await mend(scene) : await diagnose(scene)
  })
  process.stdout.write(`${json ? JSON.stringify(findings) : findingLines(findings).join('\n')}\n`)
  if (findings.length > 0) process.exitCode = EXIT.failed
}

function findingLines(findings: readonly Finding[]): readonly string[] {
  if (findings.length === 0)
    return ['Nothing is wrong: every node lets the current key in, and has no other of this secret.']
  return findings.map(({ kind, nodeId, sentence, remedy }) => {
    const next = remedy === undefined ? ADVICE[kind] : REMEDIES[remedy]
    return `${nodeId === undefined ? '' : `${nodeId}: `}${sentence} Next: ${next}.`
  })
}
