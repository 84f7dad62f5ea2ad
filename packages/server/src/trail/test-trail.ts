import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Keyring } from '../keyring/keyring.ts'
import { openMemoryRootKey } from '../keyring/root-keys/memory.ts'
import { systemRandom } from '../platform/random.ts'
import { systemTimer } from '../platform/timer.ts'
import { openStore, type StoreKind } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import type { TrailEntry } from '../store/trail.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import type { Checkpoint } from './checkpoint.ts'
import { newEventId } from './event-id.ts'
import { type TrailLine, trailLines } from './lines.ts'
import { openTrail } from './open.ts'
import { Sealer } from './sealer.ts'
import type { SigningKey } from './signing-key.ts'

/** For tests: a store with its trail open, as a server has it. */
export interface TestTrail extends AsyncDisposable {
  readonly store: Store
  readonly clock: ManualClock
  readonly sealer: Sealer
  readonly signingKey: SigningKey
  /** What left the house. */
  readonly checkpoints: readonly Checkpoint[]
  /** Records `count` events, a hundred milliseconds apart. */
  record(count: number, change?: Partial<TrailEntry>): Promise<void>
}

export async function testKeyring(): Promise<Keyring> {
  const { keyring } = await Keyring.create(openMemoryRootKey(systemRandom), systemRandom, new Date(0))
  return keyring
}

export async function openTestTrail(
  kind: StoreKind = { kind: 'memory' },
  { keyring, clock = new ManualClock() }: { readonly keyring?: Keyring; readonly clock?: ManualClock } = {},
): Promise<TestTrail> {
  const checkpoints: Checkpoint[] = []
  const onProblem = (event: string) => {
    throw new Error(event)
  }
  const store = await openStore({ ...kind, clock, onProblem })
  const signingKey = await openTrail(store, {
    keyring: keyring ?? (await testKeyring()),
    random: systemRandom,
  })
  const sealer = new Sealer({
    store,
    clock,
    timer: systemTimer,
    key: signingKey,
    onCheckpoint: (checkpoint) => checkpoints.push(checkpoint),
  })
  return {
    store,
    clock,
    sealer,
    signingKey,
    checkpoints,
    async record(count, change = {}) {
      for (let i = 0; i < count; i++) {
        clock.advance(0.1)
        await store.record({ ...testEntry(clock.now()), ...change })
      }
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

export function testEntry(at: Date): TrailEntry {
  const eventId = newEventId(at, systemRandom)
  return {
    account: '111122223333',
    region: 'us-east-1',
    eventId,
    at,
    source: 'secretsmanager.amazonaws.com',
    name: 'GetSecretValue',
    readOnly: true,
    userName: 'ada',
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    resources: [
      {
        type: 'AWS::SecretsManager::Secret',
        name: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3',
      },
    ],
    body: JSON.stringify({ eventID: eventId, note: 'ünïcode \u2028 and "quotes"' }),
  }
}

/** What three starts of a server have left behind: three lanes, the last with events that are not sealed. */
export interface SampleTrail {
  readonly lines: readonly TrailLine[]
  readonly keyring: Keyring
  readonly signingKey: SigningKey
  readonly publicKey: string
  readonly checkpoints: readonly Checkpoint[]
}

export async function sampleTrail(): Promise<SampleTrail> {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-trail-'))
  const keyring = await testKeyring()
  const clock = new ManualClock()
  const checkpoints: Checkpoint[] = []
  const lines: TrailLine[] = []
  let signingKey: SigningKey | undefined
  for (const start of [1, 2, 3]) {
    await using trail = await openTestTrail({ kind: 'sqlite', directory }, { keyring, clock })
    await trail.record(3)
    await trail.sealer.seal()
    await trail.record(2, { name: 'PutSecretValue', readOnly: false })
    if (start === 2) await trail.sealer.seal()
    await trail.record(start, { userName: 'bob' })
    checkpoints.push(...trail.checkpoints)
    signingKey = trail.signingKey
    if (start === 3) lines.push(...(await Array.fromAsync(trailLines(trail.store.read.trail))))
  }
  rmSync(directory, { recursive: true })
  if (!signingKey) throw new Error('No server was started')
  return { lines, keyring, signingKey, publicKey: signingKey.publicKey, checkpoints }
}
