import { Command } from 'commander'

/** `lockstep agent …`: the agent's own program, for machines that have a checkout; it reads its own arguments. */
export function agentCommand(): Command {
  return new Command('agent')
    .description('make this machine a node of the fleet (enrol), or run as one (run)')
    .argument('[arguments...]')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: readonly string[]) => {
      const { main } = await import('@lockstep/agent/main')
      process.exitCode = await main(args)
    })
}
