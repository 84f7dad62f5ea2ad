import { Command, CommanderError } from 'commander'
import { adminEnvCommand } from './commands/admin-env.ts'
import { agentCommand } from './commands/agent.ts'
import { backupCommand } from './commands/backup.ts'
import { copyFileCommand } from './commands/copy-file.ts'
import { drillCommand } from './commands/drill.ts'
import { nodesCommand } from './commands/nodes.ts'
import { restoreCommand } from './commands/restore.ts'
import { rotationCommand } from './commands/rotation.ts'
import { serveCommand } from './commands/serve.ts'
import { storeCommand } from './commands/store.ts'
import { trailCommand } from './commands/trail.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'

const EXAMPLES = `
Examples:
  lockstep serve                          start a server on 127.0.0.1:4600, everything in ./.lockstep
  eval "$(lockstep admin-env)"            point the aws command, or any AWS SDK, at it
  lockstep trail lookup --event-name GetSecretValue
  lockstep rotation status db/password    where the rotation of a secret stands
  lockstep nodes list                     the fleet; lockstep nodes audit lists every key on it
  lockstep copy-file deploy web-1 FILE    with the key of the secret /dev/ssh, which is never on a disk
  lockstep trail verify                   check the audit trail without a server
  lockstep backup --to FILE               everything, encrypted; lockstep drill proves that it helps
`

async function main(): Promise<void> {
  const program = new Command('lockstep')
    .description('Secrets and SSH access behind one endpoint that speaks AWS')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .showHelpAfterError('(--help shows what is possible)')
  program.enablePositionalOptions()
  program.addCommand(await serveCommand())
  program.addCommand(agentCommand())
  program.addCommand(adminEnvCommand())
  program.addCommand(trailCommand())
  program.addCommand(storeCommand())
  program.addCommand(backupCommand())
  program.addCommand(restoreCommand())
  program.addCommand(drillCommand())
  program.addCommand(rotationCommand())
  program.addCommand(nodesCommand())
  program.addCommand(copyFileCommand())
  for (const command of [...program.commands, ...program.commands.flatMap((group) => group.commands)]) {
    command.exitOverride()
  }
  try {
    await program.parseAsync()
  } catch (error) {
    process.exitCode = report(error)
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUsage
  process.stderr.write(`lockstep: ${error instanceof Error ? error.message || error.name : String(error)}\n`)
  return exitCodeOf(error)
}

await main()
