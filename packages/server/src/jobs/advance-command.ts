import { look } from '../fleet/settle.ts'
import { inTransaction } from './job.ts'

/** Ends what of a command is over by the clock, and forgets it in the end. */
export const advanceCommand = inTransaction(
  async (tx, job, doors) => {
    const command = await tx.commands.find(job, job.key)
    if (command) await look(tx, command, doors)
    return undefined
  },
  { row: (tx, job) => tx.commands.find(job, job.key) },
)
