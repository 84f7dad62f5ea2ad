/** Writers that each own some things, change them at whichever server, and know what has to be there afterwards. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import {
  CreateUserCommand,
  DeleteUserPolicyCommand,
  ListUserPoliciesCommand,
  ListUsersCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import {
  CreateAliasCommand,
  DecryptCommand,
  DeleteAliasCommand,
  EncryptCommand,
  ListAliasesCommand,
} from '@aws-sdk/client-kms'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  RestoreSecretCommand,
  TagResourceCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import type { Calls } from './fleet-calls.ts'
import { labelsIn } from './secret-model.ts'
import type { SharedSecret } from './shared-secret.ts'
import type { StormWriter } from './storm-writer.ts'

/** One of those who work at once. A step is a change or a few; it fails where the servers contradict the model. */
export interface Worker {
  step(calls: Calls): Promise<void>
  /** When all is quiet. */
  check(calls: Calls): Promise<void>
}

/** All versions and labels of its own secrets. */
export function secretOwner(storm: StormWriter): Worker {
  let isInDoubt = false
  return {
    async step(calls) {
      if (isInDoubt) {
        await calls.settled()
        await calls.reading((clients) => storm.settle(clients.secrets))
        isInDoubt = false
      }
      isInDoubt = !(await storm.step(calls.any().secrets))
    },
    async check(calls) {
      if (isInDoubt) await calls.reading((clients) => storm.settle(clients.secrets))
      for (const name of storm.secrets.keys()) {
        await calls.reading((clients) => storm.check(clients.secrets, name))
      }
    },
  }
}

/** Puts into the secret that all share, as fast as it can. */
export function sharedWriter(shared: readonly SharedSecret[]): Worker {
  return {
    async step(calls) {
      const secret = shared.find(({ isFull }) => !isFull)
      if (secret) await secret.put(calls.any().secrets)
      else await calls.settled()
    },
    async check(calls) {
      for (const secret of shared)
        await calls.reading(async ({ secrets }) => void (await secret.check(secrets)))
    },
  }
}

/**
 * Move AWSCURRENT of one secret to and fro between two versions, so that many moves are refused: they were decided on
 * what another has changed since. In whatever order the others happened, moves there and back take turns.
 */
export function labelMovers(SecretId: string, count: number): readonly Worker[] {
  /** Acknowledged moves, by where they began. */
  const from = new Map<string, number>()
  let doubtful = 0

  async function labels(calls: Calls): Promise<ReadonlyMap<string, string>> {
    const { VersionIdsToStages = {} } = await calls.asked('DescribeSecret', ({ secrets }) =>
      secrets.send(new DescribeSecretCommand({ SecretId })),
    )
    // Throws where a label is on two versions.
    const told = labelsIn(VersionIdsToStages).split(' ').filter(Boolean)
    const holders = new Map(told.map((pair) => [pair.split('=')[0] ?? '', pair.split('=')[1] ?? '']))
    assert.ok(holders.has('AWSCURRENT') && holders.has('AWSPREVIOUS'), `${SecretId}: ${told}`)
    return holders
  }

  async function step(calls: Calls): Promise<void> {
    const holders = await labels(calls)
    const RemoveFromVersionId = holders.get('AWSCURRENT') ?? ''
    const stages = { VersionStage: 'AWSCURRENT', MoveToVersionId: holders.get('AWSPREVIOUS') }
    const move = { SecretId, ...stages, RemoveFromVersionId }
    const answer = await calls.once(
      'UpdateSecretVersionStage',
      ({ secrets }) => secrets.send(new UpdateSecretVersionStageCommand(move)),
      'InvalidParameterException',
    )
    if (answer === 'unanswered') doubtful += 1
    else if (answer !== 'refused') from.set(RemoveFromVersionId, (from.get(RemoveFromVersionId) ?? 0) + 1)
  }

  async function check(calls: Calls): Promise<void> {
    await labels(calls)
    const [there = 0, back = 0, ...others] = [...from.values()].sort((one, other) => other - one)
    assert.deepEqual(others, [], 'moves of a third version')
    assert.ok(there - back <= 1 + doubtful, `${there} moves there, ${back} back, ${doubtful} unanswered`)
  }

  return Array.from({ length: count }, () => ({ step, check }))
}

/** Deletes and restores one secret, and counts in a tag of another. */
export function secretKeeper(name: string): Worker {
  const [toggled, tagged] = [`${name}/toggled`, `${name}/tagged`]
  let made = 0
  let isDeleted = false
  let isDeletionInDoubt = false
  let count = 0
  /** What the tag may be, too: writes that were not answered since the last that was. */
  let unanswered: number[] = []

  async function isGone(calls: Calls): Promise<boolean> {
    const { DeletedDate } = await calls.asked('DescribeSecret', ({ secrets }) =>
      secrets.send(new DescribeSecretCommand({ SecretId: toggled })),
    )
    return DeletedDate !== undefined
  }

  async function toggle(calls: Calls): Promise<void> {
    if (isDeletionInDoubt) {
      await calls.settled()
      isDeleted = await isGone(calls)
    }
    const answer = isDeleted
      ? await calls.tried('RestoreSecret', ({ secrets }) =>
          secrets.send(new RestoreSecretCommand({ SecretId: toggled })),
        )
      : await calls.tried('DeleteSecret', ({ secrets }) =>
          secrets.send(new DeleteSecretCommand({ SecretId: toggled, RecoveryWindowInDays: 30 })),
        )
    isDeletionInDoubt = answer === undefined
    if (answer) isDeleted = !isDeleted
  }

  return {
    async step(calls) {
      for (const [index, Name] of [toggled, tagged].entries()) {
        const ClientRequestToken = `00000000-0000-4000-8000-00000000000${index}`
        if (made > index) continue
        const answer = await calls.tried('CreateSecret', ({ secrets }) =>
          secrets.send(new CreateSecretCommand({ Name, SecretString: 'x', ClientRequestToken })),
        )
        if (!answer) return
        made = index + 1
      }
      await toggle(calls)
      const next = count + unanswered.length + 1
      const Tags = [{ Key: 'count', Value: String(next) }]
      const answer = await calls.tried('TagResource', ({ secrets }) =>
        secrets.send(new TagResourceCommand({ SecretId: tagged, Tags })),
      )
      if (!answer) {
        unanswered.push(next)
        await calls.settled()
        return
      }
      count = next
      unanswered = []
    },
    async check(calls) {
      if (made < 2) return
      if (!isDeletionInDoubt) assert.equal(await isGone(calls), isDeleted, toggled)
      const { Tags = [] } = await calls.asked('DescribeSecret', ({ secrets }) =>
        secrets.send(new DescribeSecretCommand({ SecretId: tagged })),
      )
      const told = Number(Tags.find(({ Key }) => Key === 'count')?.Value ?? 0)
      assert.ok([count, ...unanswered].includes(told), `${tagged} counts ${told}, not ${count}`)
    },
  }
}

/** Users with policies that come and go. */
export function identityKeeper(name: string): Worker {
  const policies = new Set<string>()
  let users = 0
  let user = ''
  let turn = 0

  async function policiesOf(calls: Calls): Promise<readonly string[]> {
    const { PolicyNames } = await calls.asked('ListUserPolicies', ({ iam }) =>
      iam.send(new ListUserPoliciesCommand({ UserName: user })),
    )
    return PolicyNames ?? []
  }

  /** After a call that was not answered: what is there now counts. */
  async function reconcile(calls: Calls, doubtful: string): Promise<void> {
    await calls.settled()
    if ((await policiesOf(calls)).includes(doubtful)) policies.add(doubtful)
    else policies.delete(doubtful)
  }

  async function check(calls: Calls): Promise<void> {
    if (user !== '') assert.deepEqual([...(await policiesOf(calls))].sort(), [...policies].sort(), user)
    const { Users = [] } = await calls.asked('ListUsers', ({ iam }) =>
      iam.send(new ListUsersCommand({ PathPrefix: `/${name}/` })),
    )
    assert.ok(Users.length >= users, `${users} users of ${name} were made, and ${Users.length} are there`)
  }

  return {
    check,
    async step(calls) {
      turn += 1
      if (user === '' || turn % 12 === 0) {
        if (user !== '') await check(calls)
        const UserName = `${name}-${randomUUID()}`
        const answer = await calls.tried('CreateUser', ({ iam }) =>
          iam.send(new CreateUserCommand({ UserName, Path: `/${name}/` })),
        )
        if (!answer) return
        users += 1
        user = UserName
        policies.clear()
      }
      const PolicyName = `policy-${turn % 3}`
      const which = { UserName: user, PolicyName }
      const PolicyDocument = JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::bucket/${turn}` }],
      })
      const isThere = policies.has(PolicyName)
      const answer = isThere
        ? await calls.tried('DeleteUserPolicy', ({ iam }) => iam.send(new DeleteUserPolicyCommand(which)))
        : await calls.tried('PutUserPolicy', ({ iam }) =>
            iam.send(new PutUserPolicyCommand({ ...which, PolicyDocument })),
          )
      if (!answer) await reconcile(calls, PolicyName)
      else if (isThere) policies.delete(PolicyName)
      else policies.add(PolicyName)
    },
  }
}

/** A key may have 50 aliases; those that several race for may all be there. */
const MOST_ALIASES = 40

/** Encrypts at one server and decrypts at another; one alias that several want is given once. */
export function keyUser(name: string, KeyId: string): Worker {
  const aliases = new Set<string>()
  const doubtful = new Set<string>()
  let turn = 0

  async function race(calls: Calls, AliasName: string): Promise<void> {
    const create = () =>
      calls.tried(
        'CreateAlias',
        ({ kms }) => kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: KeyId })),
        ['AlreadyExistsException'],
      )
    const winners = (await Promise.all([create(), create(), create()])).filter(Boolean)
    assert.ok(winners.length <= 1, `${AliasName} was given ${winners.length} times`)
    if (winners.length === 1) aliases.add(AliasName)
    else doubtful.add(AliasName)
  }

  return {
    async step(calls) {
      turn += 1
      const Plaintext = Buffer.from(randomUUID())
      const encrypted = await calls.tried('Encrypt', ({ kms }) =>
        kms.send(new EncryptCommand({ KeyId, Plaintext })),
      )
      if (encrypted) {
        const { CiphertextBlob } = encrypted
        const opened = await calls.tried('Decrypt', ({ kms }) =>
          kms.send(new DecryptCommand({ CiphertextBlob })),
        )
        if (opened) assert.deepEqual(Buffer.from(opened.Plaintext ?? []), Plaintext)
      }
      const mayBe = aliases.size + doubtful.size
      if (turn % 4 === 1 && mayBe < MOST_ALIASES) await race(calls, `alias/${name}/${turn}`)
      const [AliasName] = aliases
      if (turn % 4 !== 0 || AliasName === undefined) return
      aliases.delete(AliasName)
      const gone = await calls.tried('DeleteAlias', ({ kms }) =>
        kms.send(new DeleteAliasCommand({ AliasName })),
      )
      if (!gone) doubtful.add(AliasName)
    },
    async check(calls) {
      const present = new Set<string>()
      for (let Marker: string | undefined, more = true; more; ) {
        const page = await calls.asked('ListAliases', ({ kms }) =>
          kms.send(new ListAliasesCommand({ KeyId, Marker })),
        )
        for (const { AliasName = '' } of page.Aliases ?? []) present.add(AliasName)
        Marker = page.NextMarker
        more = page.Truncated === true
      }
      const own = [...present].filter((alias) => alias.startsWith(`alias/${name}/`) && !doubtful.has(alias))
      assert.deepEqual(own.sort(), [...aliases].filter((alias) => !doubtful.has(alias)).sort())
    },
  }
}

/** Reads a value that nobody changes. */
export function reader(SecretId: string, value: string): Worker {
  const read = (calls: Calls) =>
    calls.tried('GetSecretValue', ({ secrets }) => secrets.send(new GetSecretValueCommand({ SecretId })))
  return {
    async step(calls) {
      const answer = await read(calls)
      if (answer) assert.equal(answer.SecretString, value)
    },
    async check(calls) {
      assert.equal((await read(calls))?.SecretString, value)
    },
  }
}
