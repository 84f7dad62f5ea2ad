import { Command } from 'commander'
import { nodesActivateCommand } from './nodes-activate.ts'
import { nodesAuditCommand } from './nodes-audit.ts'
import { nodesListCommand } from './nodes-list.ts'
import { nodesRemoveCommand } from './nodes-remove.ts'
import { nodesTagCommand, nodesUntagCommand } from './nodes-tag.ts'

/** `lockstep nodes`: the fleet. */
export function nodesCommand(): Command {
  return new Command('nodes')
    .description('list, add, tag, remove and audit the nodes of the fleet')
    .addCommand(nodesListCommand())
    .addCommand(nodesActivateCommand())
    .addCommand(nodesTagCommand())
    .addCommand(nodesUntagCommand())
    .addCommand(nodesRemoveCommand())
    .addCommand(nodesAuditCommand())
}
