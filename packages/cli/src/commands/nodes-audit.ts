import { setTimeout as delay } from 'node:timers/promises'
import { EC2Client } from '@aws-sdk/client-ec2'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SSMClient } from '@aws-sdk/client-ssm'
import { auditNodes, managedSecrets } from '@lockstep/workers/ssh/audit'
import { Command } from 'commander'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import { type AuditedNode, auditedNodes, auditLines } from '../key-audit.ts'
import { listNodes, tagOf } from '../nodes.ts'

const EXAMPLES = `
Every key that sshd lets in, of every user, on every node, whoever put it there: a script that only reads goes to the nodes
by Run Command, reads the files that sshd says it reads (sshd -T), and prints fingerprints, never keys.

OWNER   managed by SECRET   the key that the secret's association brings to the nodes
        retired of SECRET   of an earlier version: a rotation, or "lockstep rotation doctor --mend", removes it
        FALSE NAME          the comment is a version of a secret, the key is not: somebody wants it to look managed
        stray               nobody manages it
LAST USED is what the node's log of logins still says; "-" where it says nothing, which proves nothing.
Exit code 1 where a node could not be asked, or with --stray where there is a stray key.

Examples:
  lockstep nodes audit
  lockstep nodes audit --stray --json
  lockstep nodes audit --tag env=prod
`

interface Flags {
  readonly tag?: string
  readonly stray?: true
  readonly json?: true
}

export function nodesAuditCommand(): Command {
  return new Command('audit')
    .description('every key that may log in to any node, and whose it is')
    .option('--tag <KEY=VALUE>', 'only nodes that have the tag')
    .option('--stray', 'only keys that no secret manages')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(audit)
}

async function audit({ tag, stray, json }: Flags): Promise<void> {
  const [ssm, ec2, secrets] = [new SSMClient({}), new EC2Client({}), new SecretsManagerClient({})]
  const nodes = await listNodes(ssm, ec2, tag === undefined ? undefined : tagOf(tag))
  if (nodes.length === 0) throw new CommandFailure(EXIT.notFound, 'There is no such node that you may see.')
  const pace = { now: () => performance.now(), sleep: async (ms: number) => void (await delay(ms)) }
  const online = nodes.filter(({ ping }) => ping === 'Online').map(({ id }) => id)
  const [audits, managed] = await Promise.all([
    online.length === 0 ? [] : auditNodes({ ssm, pace }, online),
    managedSecrets({ ssm, pace, secrets }),
  ])
  const all = auditedNodes(nodes, audits, managed)
  const shown = stray ? all.map(strayOnly) : all
  process.stdout.write(`${json ? JSON.stringify(shown) : auditLines(shown).join('\n')}\n`)
  for (const { id, name, failure } of all)
    if (failure !== undefined)
      process.stderr.write(`lockstep: the keys of ${name || id} are not known: ${failure}\n`)
  const isBad =
    all.some(({ failure }) => failure !== undefined) || (stray && shown.some(({ keys }) => keys.length > 0))
  if (isBad) process.exitCode = EXIT.failed
}

function strayOnly(node: AuditedNode): AuditedNode {
  return { ...node, keys: node.keys.filter(({ owner }) => owner.is !== 'managed') }
}
