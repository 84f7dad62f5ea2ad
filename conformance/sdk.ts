import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { demandLoopback, type Environment } from './loopback.ts'

/** Who a call is signed by. */
export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** What every SDK client here is made with. */
interface ClientOptions {
  readonly endpoint: string
  readonly region: string
  readonly credentials: Keys
  readonly maxAttempts: number
  readonly systemClockOffset: number
}

/** Where a client goes and as whom. */
export interface Caller {
  readonly endpoint: string
  readonly region: string
  readonly keys: Keys
  /** How often a call is tried; absent: once. */
  readonly maxAttempts?: number
}

/** The administrator of `admin-env`'s exports. */
export function callerOf(env: Environment): Caller {
  return {
    endpoint: env.AWS_ENDPOINT_URL ?? '',
    region: env.AWS_REGION ?? '',
    keys: { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' },
  }
}

/**
 * A client of one of Amazon's own packages over real HTTP.
 * @param clockAheadMs How far the caller's clock is ahead of this machine's.
 */
export function sdk<Client>(
  Client: new (options: ClientOptions) => Client,
  { endpoint, region, keys, maxAttempts = 1 }: Caller,
  clockAheadMs = 0,
): Client {
  return new Client({
    endpoint: demandLoopback(endpoint),
    region,
    credentials: keys,
    maxAttempts,
    systemClockOffset: clockAheadMs,
  })
}

function policyOf(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

/** A new user with these statements as the one inline policy. */
export async function newUser(
  admin: Caller,
  UserName: string,
  ...statements: readonly object[]
): Promise<Keys & { readonly arn: string }> {
  const iam = sdk(IAMClient, admin)
  const { User } = await iam.send(new CreateUserCommand({ UserName }))
  if (statements.length > 0) {
    const PolicyDocument = policyOf(statements)
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'inline', PolicyDocument }))
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }))
  return {
    arn: User?.Arn ?? '',
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  }
}

/** A new role that the administrator's account may assume, and a session of it. */
export async function newRoleSession(
  admin: Caller,
  RoleName: string,
  ...statements: readonly object[]
): Promise<Keys & { readonly roleArn: string; readonly expiresAt: Date }> {
  const iam = sdk(IAMClient, admin)
  const { Account } = await sdk(STSClient, admin).send(new GetCallerIdentityCommand({}))
  const AssumeRolePolicyDocument = policyOf([
    { Effect: 'Allow', Principal: { AWS: Account }, Action: 'sts:AssumeRole' },
  ])
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
  if (statements.length > 0) {
    const PolicyDocument = policyOf(statements)
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'inline', PolicyDocument }))
  }
  const roleArn = Role?.Arn ?? ''
  const command = new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'conformance' })
  const { Credentials } = await sdk(STSClient, admin).send(command)
  return {
    roleArn,
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
    expiresAt: Credentials?.Expiration ?? new Date(0),
  }
}
