import { AwsError } from '@lockstep/wire'
import type { Check, Context, WriteContext } from '../gateway/context.ts'
import type { Principal } from '../gateway/principal.ts'
import { Keyring } from '../keyring/keyring.ts'
import { openMemoryRootKey } from '../keyring/root-keys/memory.ts'
import { systemRandom } from '../platform/random.ts'
import { systemTimer } from '../platform/timer.ts'
import { compilePolicy } from '../policy/compile.ts'
import { evaluate } from '../policy/evaluate.ts'
import { parsePolicy } from '../policy/parse.ts'
import type { Store, Writers } from '../store/store.ts'
import { openTestStore } from '../store/test-store.ts'
import { ManualClock } from '../testing/manual-clock.ts'

export const ACCOUNT = '111122223333'
export const OTHER_ACCOUNT = '444455556666'
const REGION = 'us-east-1'

/** For this folder's tests: what a service has in hand, without a gateway, and users with these statements. */
export class Scene implements AsyncDisposable {
  readonly store: Store
  readonly keyring: Keyring
  readonly clock = new ManualClock()
  /** How often a key or its material was read from the store. */
  reads = 0

  private constructor(store: Store, keyring: Keyring) {
    this.store = store
    this.keyring = keyring
  }

  static async open(): Promise<Scene> {
    const clock = new ManualClock()
    const root = openMemoryRootKey(systemRandom)
    const { keyring } = await Keyring.create(root, systemRandom, clock.now())
    return new Scene(await openTestStore(), keyring)
  }

  /** A read by a user of the account with these statements as their one policy. */
  reader(statements: readonly object[] = [], account: string = ACCOUNT): Context {
    return this.#context(statements, account, 'read', this.#counted())
  }

  /** A write by such a user. */
  write<T>(work: (ctx: WriteContext) => Promise<T>, statements: readonly object[] = []): Promise<T> {
    return this.store.write((tx) => {
      const append: WriteContext['append'] = (entry) => tx.trail.append(entry)
      return work({ ...this.#context(statements, ACCOUNT, 'write', tx), append })
    })
  }

  #counted(): Store['read'] {
    const { keys } = this.store.read
    const count = () => {
      this.reads++
    }
    return {
      ...this.store.read,
      keys: new Proxy(keys, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name)
          if (typeof member !== 'function') return member
          count()
          return member.bind(target)
        },
      }),
    }
  }

  #context<Held extends Store['read'] | Writers>(
    statements: readonly object[],
    account: string,
    access: Context['access'],
    store: Held,
  ): Context & { readonly store: Held } {
    const principal = userOf(account, statements)
    const refusal = (check: Check) => refusalOf(principal, check)
    return {
      account,
      region: REGION,
      regions: [REGION],
      partition: 'aws',
      principal,
      requestId: 'request',
      clock: this.clock,
      timer: systemTimer,
      random: systemRandom,
      keyring: this.keyring,
      trailBuckets: new Set(),
      destinations: { admitsHost: () => false, mail: false },
      store,
      access,
      keysRevision: () => this.store.revision('keys'),
      refusal,
      demand(check) {
        const refused = refusal(check)
        if (refused) throw refused
      },
      alsoRecord: () => undefined,
      functions: { invoke: () => Promise.reject(new Error('No function runs here')) },
      queue: () => Promise.reject(new Error('Nothing is queued here')),
      defer: () => undefined,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]()
  }
}

function userOf(account: string, statements: readonly object[]): Principal {
  const document = JSON.stringify({ Version: '2012-10-17', Statement: statements })
  return {
    kind: 'user',
    arn: `arn:aws:iam::${account}:user/ada`,
    account,
    userId: 'AIDAADA',
    userName: 'ada',
    accessKeyId: 'AKIAADA',
    tags: {},
    identity: statements.length === 0 ? [] : [compilePolicy(parsePolicy(document, 'identity'))],
  }
}

function refusalOf(principal: Principal, { action, target, keys = {} }: Check): AwsError | undefined {
  const { arn, account, userId: id, identity } = principal
  const held = new Map(
    Object.entries(keys).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), typeof value === 'string' ? [value] : value] as const],
    ),
  )
  const decision = evaluate(
    {
      action,
      resource: target.arn,
      resourceAccount: target.account,
      principal: { kind: 'user', arn, account, id },
      key: (name) => held.get(name),
    },
    {
      identity,
      ...(target.policy && { resource: compilePolicy(parsePolicy(target.policy, 'resource')) }),
      resourceKind: target.policyKind ?? 'standard',
    },
  )
  if (decision.allowed || (target.granted && decision.kind === 'implicit')) return undefined
  return new AwsError('AccessDeniedException', `${action} on ${target.arn}`)
}
