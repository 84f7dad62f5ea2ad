import { parseArn } from '@lockstep/wire'
import type { Bus } from '../bus/bus.ts'
import { PolicySource } from '../gateway/policy-source.ts'
import { issueSession, MAX_TOKEN_CHARACTERS } from '../gateway/session-token.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import { admitsService } from '../policy/service-principal.ts'
import type { FunctionRecord } from '../store/functions.ts'
import type { Role } from '../store/principals.ts'
import type { Store } from '../store/store.ts'
import { BUILT_IN_ROLE, demandBuiltInRole } from './built-in-role.ts'
import type { Variables } from './environment.ts'
import { roleNotAssumable, sessionTooLarge } from './errors.ts'

/** Beyond the function's own time: for its start, and for calls that it makes at the very end. */
const GRACE_SECONDS = 60

export interface SessionRooms {
  readonly store: Store
  readonly bus: Bus
  readonly keyring: Keyring
  readonly clock: Clock
  readonly random: Random
}

/**
 * Temporary credentials of the function's role for one invocation, as environment variables. They end shortly after
 * the function's time does.
 *
 * @throws AwsError AccessDeniedException where the role is gone, or trusts Lambda no longer.
 */
export async function roleCredentials(
  record: FunctionRecord,
  sessionPolicy: string | undefined,
  rooms: SessionRooms,
): Promise<Variables> {
  const { store, keyring, clock, random } = rooms
  if (record.code.kind === 'built-in') await demandBuiltInRole(record, rooms)
  const role = await roleOf(record, store)
  if (!role || !trustsLambda(role, record, store)) throw roleNotAssumable()
  const issuedAtMs = Math.floor(clock.now().getTime() / 1000) * 1000
  const session = issueSession(
    {
      account: record.account,
      bearer: { kind: 'role', id: role.id, sessionName: record.name },
      issuedAt: new Date(issuedAtMs),
      expiresAt: new Date(issuedAtMs + (record.timeoutSeconds + GRACE_SECONDS) * 1000),
      mfa: false,
      tags: {},
      transitiveTagKeys: [],
      ...(sessionPolicy !== undefined && { policies: { inline: [sessionPolicy], arns: [] } }),
    },
    keyring,
    random,
  )
  if (session.sessionToken.length > MAX_TOKEN_CHARACTERS) throw sessionTooLarge()
  using secret = session.secretAccessKey
  return {
    AWS_ACCESS_KEY_ID: session.accessKeyId,
    AWS_SECRET_ACCESS_KEY: secret.text(),
    AWS_SESSION_TOKEN: session.sessionToken,
  }
}

/** The role with the record's very ARN. One of another account is never a function's. */
async function roleOf({ account, roleArn, code }: FunctionRecord, store: Store): Promise<Role | undefined> {
  const arn = parseArn(roleArn)
  const [, path, name] =
    code.kind === 'built-in'
      ? ['', BUILT_IN_ROLE.path, BUILT_IN_ROLE.name]
      : (/^role(\/(?:.*\/)?)([^/]+)$/.exec(arn?.resource ?? '') ?? [])
  if (arn?.account !== account || name === undefined) return undefined
  const role = await store.read.principals.find(account, 'role', name)
  return role && role.path === path && role.name === name ? role : undefined
}

function trustsLambda(role: Role, { arn, account, roleArn }: FunctionRecord, store: Store): boolean {
  const trust = new PolicySource(store.read.principals).compile(role.trust.bound, 'trust')
  return admitsService(trust, {
    service: 'lambda.amazonaws.com',
    action: 'sts:AssumeRole',
    resource: roleArn,
    resourceAccount: account,
    sourceArn: arn,
    sourceAccount: account,
  })
}
