import type { Random } from '../platform/random.ts'
import { ADVANCE_COMMAND, type Command } from '../store/commands.ts'
import type { Writers } from '../store/store.ts'
import { advance, forgottenAt, isOver } from './advance.ts'

export interface SettleDoors {
  readonly random: Random
  readonly now: Date
}

type Tx = Pick<Writers, 'commands' | 'jobs'>

/**
 * Does what is next for a command whose row the transaction holds: ends what is over, gives turns, writes status and
 * counts, and sees to it that somebody looks again in time. To be called after every change of an invocation.
 */
export async function settle(tx: Tx, command: Command, doors: SettleDoors): Promise<Command> {
  for (;;) {
    const tally = await tx.commands.tally(command, command.id)
    const pendingSince = tally.Pending ? await tx.commands.pendingSince(command, command.id) : undefined
    const plan = advance(command, { tally, pendingSince }, doors.now)
    if (plan.kind === 'end') {
      for (const ending of plan.endings) await tx.commands.end(command, command.id, ending)
      continue
    }
    const { dispatch: limit, status, counts } = plan
    if (limit > 0) await tx.commands.dispatch(command, command.id, { limit, at: doors.now })
    // A job that looks too early does no harm, and is put off once it does.
    const isTooLate = plan.timerAt < command.timerAt || command.timerAt <= doors.now
    const settled = { ...command, status, counts, timerAt: isTooLate ? plan.timerAt : command.timerAt }
    await tx.commands.update(settled)
    if (isTooLate) await queueLook(tx, settled, doors)
    return settled
  }
}

/** What the job of a command does when its time has come. */
export async function look(tx: Tx, command: Command, doors: SettleDoors): Promise<void> {
  if (isOver(command.status) && forgottenAt(command) <= doors.now) {
    await tx.commands.remove(command, command.id)
    return
  }
  const settled = await settle(tx, command, doors)
  // The job that runs now is over, even where nothing has changed.
  if (settled.timerAt.getTime() === command.timerAt.getTime()) await queueLook(tx, settled, doors)
}

async function queueLook(
  tx: Tx,
  { account, region, id, timerAt }: Command,
  { random }: SettleDoors,
): Promise<void> {
  const kind = ADVANCE_COMMAND
  await tx.jobs.queue({ account, region, id: random.uuid(), kind, key: id, runAt: timerAt, payload: {} })
}
