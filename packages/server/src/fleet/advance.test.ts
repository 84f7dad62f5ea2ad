import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { CommandStatus, Ending, InvocationStatus, OpenStatus, Tally } from '../store/commands.ts'
import { advance, allowed, forgottenAt, isOver, RECALL_SECONDS, type Ruled } from './advance.ts'

const START = new Date('2026-01-01T00:00:00Z')

function at(seconds: number): Date {
  return new Date(START.getTime() + seconds * 1000)
}

function ruled(target: number, changes: Partial<Ruled> = {}): Ruled {
  return {
    maxConcurrency: '50',
    maxErrors: '0',
    timeoutSeconds: 60,
    expiresAt: at(1_000),
    counts: { target, completed: 0, error: 0, deliveryTimedOut: 0 },
    ...changes,
  }
}

/** What becomes of a command whose invocations have all ended so. */
function endOf(tally: Tally, changes: Partial<Ruled> = {}): CommandStatus {
  const target = Object.values(tally).reduce((sum, count) => sum + count, 0)
  const plan = advance(ruled(target, changes), { tally }, START)
  assert.equal(plan.kind, 'go')
  assert.ok(isOver(plan.status))
  return plan.status
}

describe('a limit', () => {
  test('in percent is rounded down, and concurrency is one at least', () => {
    assert.equal(allowed('10%', 50, 0), 5)
    assert.equal(allowed('10%', 19, 0), 1)
    assert.equal(allowed('10%', 9, 0), 0)
    assert.equal(allowed('10%', 9, 1), 1)
    assert.equal(allowed('100%', 7, 1), 7)
    assert.equal(allowed('3', 100, 1), 3)
    assert.equal(allowed('0', 100, 0), 0)
  })
})

describe('the end of a command', () => {
  test('is a success where every node succeeded', () => {
    assert.equal(endOf({ Success: 3 }), 'Success')
  })

  test('without a node is NoInstancesInTag', () => {
    assert.equal(endOf({}), 'NoInstancesInTag')
  })

  test('is a failure once there are more errors than allowed, and Incomplete before', () => {
    assert.equal(endOf({ Success: 2, Failed: 1 }), 'Failed')
    assert.equal(endOf({ Success: 2, Failed: 1 }, { maxErrors: '1' }), 'Incomplete')
    assert.equal(endOf({ Success: 1, Failed: 2, Terminated: 5 }, { maxErrors: '1' }), 'Failed')
    assert.equal(endOf({ Success: 2, ExecutionTimedOut: 1 }), 'ExecutionTimedOut')
    assert.equal(endOf({ Failed: 1, ExecutionTimedOut: 1 }), 'Failed')
  })

  test('does not count what timed out on the way as errors, but is no success with it', () => {
    assert.equal(endOf({ Success: 2, DeliveryTimedOut: 1 }), 'DeliveryTimedOut')
    assert.equal(endOf({ Success: 2, DeliveryTimedOut: 1 }, { maxErrors: '1' }), 'Incomplete')
    const plan = advance(ruled(3), { tally: { DeliveryTimedOut: 1, Waiting: 2 } }, START)
    assert.ok(plan.kind === 'go' && plan.dispatch === 2)
  })

  test('passes over what could not be delivered, unless nothing could', () => {
    assert.equal(endOf({ Success: 1, Undeliverable: 4 }), 'Success')
    assert.equal(endOf({ Undeliverable: 4 }), 'Failed')
  })

  test('is a failure where a node was not allowed', () => {
    assert.equal(endOf({ Success: 4, AccessDenied: 1 }), 'Failed')
    assert.equal(endOf({ AccessDenied: 2 }), 'AccessDenied')
  })

  test('is Cancelled where something was cancelled', () => {
    assert.equal(endOf({ Success: 4, Cancelled: 1 }), 'Cancelled')
  })
})

describe('a command under way', () => {
  test('is Pending until a node begins, and InProgress then', () => {
    const status = (tally: Tally) => {
      const plan = advance(ruled(3), { tally, pendingSince: START }, at(1))
      return plan.kind === 'go' && plan.status
    }
    assert.equal(status({ Waiting: 1, Pending: 2 }), 'Pending')
    assert.equal(status({ Pending: 2, AccessDenied: 1 }), 'Pending')
    assert.equal(status({ Waiting: 1, Pending: 1, InProgress: 1 }), 'InProgress')
    assert.equal(status({ Pending: 2, Success: 1 }), 'InProgress')
    assert.equal(status({ Cancelling: 1, Recalled: 1, Success: 1 }), 'Cancelling')
    assert.equal(status({ Cancelling: 1, Pending: 1, Success: 1 }), 'InProgress')
  })

  test('is looked at when the next time of it is over, and when all are, once more to be forgotten', () => {
    const timer = (tally: Tally, changes: Partial<Ruled> = {}, pendingSince?: Date) => {
      const plan = advance(ruled(2, changes), { tally, pendingSince }, at(10))
      assert.equal(plan.kind, 'go')
      return plan.timerAt
    }
    assert.deepEqual(timer({ Waiting: 2 }), at(70))
    assert.deepEqual(timer({ Pending: 2 }, {}, at(5)), at(65))
    assert.deepEqual(timer({ InProgress: 2 }), at(1_000))
    const cancelRequestedAt = at(9)
    assert.deepEqual(timer({ Recalled: 2 }, { cancelRequestedAt }), at(9 + RECALL_SECONDS))
    assert.deepEqual(timer({ Success: 2 }), forgottenAt({ expiresAt: at(1_000) }))
  })
})

/** A command and its invocations one by one, as the store keeps them. */
class Model {
  readonly invocations: { status: InvocationStatus; dispatchedAt?: Date; startedAt?: Date }[]
  command: Ruled
  status: CommandStatus = 'Pending'
  counts = { target: 0, completed: 0, error: 0, deliveryTimedOut: 0 }
  timerAt = START
  /** How many errors there were when a turn was last given. */
  errorsAtDispatch = 0

  constructor(command: Ruled) {
    this.command = command
    this.invocations = Array.from({ length: command.counts.target }, () => ({ status: 'Waiting' }))
  }

  of(...statuses: readonly InvocationStatus[]) {
    return this.invocations.filter(({ status }) => statuses.includes(status))
  }

  settle(now: Date): void {
    for (let round = 0; ; round++) {
      assert.ok(round < 5, 'it never comes to rest')
      const plan = advance(this.command, this.#standing(), now)
      if (plan.kind === 'end') {
        for (const ending of plan.endings) this.#end(ending)
        continue
      }
      if (plan.dispatch > 0) this.errorsAtDispatch = this.of('Failed', 'ExecutionTimedOut').length
      for (const each of this.of('Waiting').slice(0, plan.dispatch)) {
        each.status = 'Pending'
        each.dispatchedAt = now
      }
      this.status = plan.status
      this.counts = plan.counts
      this.timerAt = plan.timerAt
      return
    }
  }

  cancel(now: Date): void {
    this.command = { ...this.command, cancelRequestedAt: now }
    for (const each of this.of('Waiting')) each.status = 'Cancelled'
    for (const each of this.of('Pending')) each.status = 'Recalled'
    for (const each of this.of('InProgress')) each.status = 'Cancelling'
  }

  #standing() {
    const tally: Partial<Record<InvocationStatus, number>> = {}
    for (const { status } of this.invocations) tally[status] = (tally[status] ?? 0) + 1
    const turns = this.of('Pending').map(({ dispatchedAt }) => dispatchedAt?.getTime() ?? 0)
    return { tally, ...(turns.length > 0 && { pendingSince: new Date(Math.min(...turns)) }) }
  }

  #end({ from, as, dispatchedBy }: Ending): void {
    const ended = this.of(...from).filter(
      ({ dispatchedAt }) => !dispatchedBy || (dispatchedAt && dispatchedAt <= dispatchedBy),
    )
    assert.ok(ended.length > 0, 'an ending ends something')
    for (const each of ended) each.status = as
  }
}

const RUNNING: readonly OpenStatus[] = ['Pending', 'Recalled', 'InProgress', 'Cancelling']
const OPEN: readonly OpenStatus[] = ['Waiting', ...RUNNING]

const limit = (least: number) =>
  fc.oneof(
    fc.integer({ min: least, max: 12 }).map(String),
    fc.integer({ min: least, max: 100 }).map((share) => `${share}%`),
  )

const command = fc.record({
  target: fc.integer({ min: 0, max: 25 }),
  maxConcurrency: limit(1),
  maxErrors: limit(0),
  timeoutSeconds: fc.integer({ min: 30, max: 120 }),
  runSeconds: fc.integer({ min: 5, max: 300 }),
})

const KINDS = ['start', 'start', 'succeed', 'succeed', 'fail', 'time out', 'gone', 'wait', 'cancel'] as const

interface Happening {
  readonly kind: (typeof KINDS)[number]
  readonly which: number
  readonly seconds: number
}

const event: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constantFrom(...KINDS),
  which: fc.nat(),
  seconds: fc.integer({ min: 0, max: 40 }),
})

/** What nodes or people do. */
function happen(model: Model, { kind, which }: Happening, now: Date): void {
  const running = model.of(...RUNNING)
  const one = running[which % Math.max(1, running.length)]
  if (kind === 'cancel' && which % 5 === 0) model.cancel(now)
  if (!one) return
  if (kind === 'start' && one.status === 'Pending') one.status = 'InProgress'
  if (kind === 'start' && one.status === 'Recalled') one.status = 'Cancelling'
  if (kind === 'succeed') one.status = 'Success'
  if (kind === 'fail') one.status = 'Failed'
  if (kind === 'time out') one.status = 'ExecutionTimedOut'
  if (kind === 'gone') one.status = 'Undeliverable'
}

function holds(model: Model): void {
  const { maxConcurrency, maxErrors } = model.command
  const { target, completed, error, deliveryTimedOut } = model.counts
  const maxRunning = allowed(maxConcurrency, target, 1)
  assert.ok(model.of(...RUNNING).length <= maxRunning, 'more run than MaxConcurrency allows')
  const most = allowed(maxErrors, target, 0)
  assert.ok(model.errorsAtDispatch <= most, 'a turn was given after MaxErrors was exceeded')
  if (error > most) assert.equal(model.of('Waiting').length, 0, 'something waits for a turn that never comes')
  assert.equal(completed, target - model.of(...OPEN).length)
  assert.equal(error, model.of('Failed', 'ExecutionTimedOut').length)
  assert.equal(deliveryTimedOut, model.of('DeliveryTimedOut').length)
  assert.equal(isOver(model.status), model.of(...OPEN).length === 0, 'over exactly when every node is')
}

describe('whatever nodes do, and in whatever order', () => {
  test('limits hold, counts add up, and a command is over exactly when all of it is', () => {
    fc.assert(
      fc.property(command, fc.array(event, { maxLength: 80 }), ({ target, runSeconds, ...rules }, events) => {
        const expiresAt = at(rules.timeoutSeconds + runSeconds)
        const model = new Model(ruled(target, { ...rules, expiresAt }))
        let now = START
        model.settle(now)
        holds(model)
        for (const each of events) {
          now = new Date(now.getTime() + each.seconds * 1000)
          const wasOver = isOver(model.status)
          const before = model.status
          happen(model, each, now)
          model.settle(now)
          holds(model)
          if (wasOver && each.kind !== 'cancel') assert.equal(model.status, before, 'what is over stays so')
        }
        // From here on nobody says a word, and the clock alone brings it to its end.
        for (let looks = 0; !isOver(model.status); looks++) {
          assert.ok(looks < 200, 'it never ends')
          assert.ok(model.timerAt > now, 'a look that is due already would be repeated for ever')
          now = model.timerAt
          model.settle(now)
          holds(model)
        }
        const spent = events.reduce((sum, { seconds }) => sum + seconds, 0)
        assert.ok(now <= expiresAt || now <= at(spent), 'it ends when it expires at the latest')
      }),
      { numRuns: 500 },
    )
  })
})
