import { createInterface } from 'node:readline/promises'
import { rollBack } from '@lockstep/workers/rotation/ssh-key-pair/rollback'
import { Command } from 'commander'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import { inWords, sshScene } from '../ssh-scene.ts'

const EXAMPLES = `
While a rotation is under way: ends it, and takes the new key off the nodes. After one: makes the key before it current again,
as long as no node has lost it, waits for whoever still uses the new one, and takes that off the nodes. May be repeated.
Only for secrets that rotate SSH keys. Needs what the rotation function may. Asks first on a terminal; elsewhere --yes is needed.

Examples:
  lockstep rotation rollback /dev/ssh
  lockstep rotation rollback /dev/ssh --yes --json
`

export function rotationRollbackCommand(): Command {
  return new Command('rollback')
    .description('go back to the SSH key before')
    .argument('<SECRET>', 'name or ARN')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(rollback)
}

async function rollback(secret: string, { yes, json }: { yes?: true; json?: true }): Promise<void> {
  const scene = await inWords(() => sshScene(secret))
  if (!yes) await demandYes(secret)
  const { current, withdrawn, owed } = await inWords(() => rollBack(scene))
  if (json) {
    process.stdout.write(`${JSON.stringify({ current, withdrawn, owed })}\n`)
    return
  }
  const now = current === undefined ? 'no version has a key now' : `version ${current} is current`
  process.stdout.write(`${secret}: ${now}; the key of ${withdrawn} is withdrawn.\n`)
  for (const { nodeId, why } of owed)
    process.stdout.write(
      `${nodeId} may still have it, until it returns: ${why || 'its agent is not connected'}\n`,
    )
}

async function demandYes(secret: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new CommandFailure(EXIT.wrongUsage, 'nobody can be asked here: say --yes')
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await prompt.question(`Go back to the key before, for ${secret}? (yes/no) `)
  prompt.close()
  if (answer.trim() !== 'yes') throw new CommandFailure(EXIT.failed, 'nothing was changed')
}
