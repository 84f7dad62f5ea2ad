import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  CreateActivationCommand,
  type CreateActivationRequest,
  type CreateActivationResult,
  SSMClient,
} from '@aws-sdk/client-ssm'
import { Command, Option } from 'commander'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import { tagOf } from '../nodes.ts'

const EXAMPLES = `
Prints a command to paste on the node, and on a line of its own the activation code, which the command reads from standard
input: paste it there, so that it stands in nobody's list of processes. The code is shown once.
Without --role the nodes get the role that Amazon's console makes for them, which is made where there is none.

Examples:
  lockstep nodes activate
  lockstep nodes activate --name web --limit 20 --hours 72 --tag RotateSSHKeys=True --tag env=prod
  lockstep nodes activate --output json | jq -r .activationCode | ssh web-1 sudo lockstep-agent enrol …
`

interface Flags {
  readonly name?: string
  readonly limit: string
  readonly hours: string
  readonly role?: string
  readonly tag?: readonly string[]
  readonly caFile?: string
  readonly output: 'text' | 'json'
  readonly json?: true
}

export function nodesActivateCommand(): Command {
  return new Command('activate')
    .description('make the code by which a machine becomes a node')
    .option('--name <NAME>', 'what the nodes are called until they have a tag Name')
    .option('--limit <COUNT>', 'how many machines may use it', '1')
    .option('--hours <HOURS>', 'how long it is good for', '24')
    .option('--role <NAME>', 'IAM role of the nodes')
    .option('--tag <KEY=VALUE...>', 'tags that the nodes are to have')
    .option('--ca-file <PATH>', "on the node: who signs the server's certificate")
    .addOption(new Option('--output <FORMAT>').choices(['text', 'json']).default('text'))
    .option('--json', 'the same as --output json')
    .addHelpText('after', EXAMPLES)
    .action(activate)
}

async function activate(flags: Flags): Promise<void> {
  const ssm = new SSMClient({})
  const endpoint = process.env.AWS_ENDPOINT_URL_SSM ?? process.env.AWS_ENDPOINT_URL
  // Before anything is made: without the key nobody could pin the server.
  const serverKey = endpoint === undefined ? undefined : await serverKeyOf(endpoint)
  const expiresAt = new Date(Date.now() + count('--hours', flags.hours) * 3_600_000)
  const { ActivationId = '', ActivationCode = '' } = await createActivation(ssm, flags.role, {
    RegistrationLimit: count('--limit', flags.limit),
    ExpirationDate: expiresAt,
    ...(flags.name !== undefined && { DefaultInstanceName: flags.name }),
    ...(flags.tag && { Tags: flags.tag.map(tagOf).map(([Key, Value]) => ({ Key, Value })) }),
  })
  if (flags.json || flags.output === 'json') {
    const told = {
      activationId: ActivationId,
      activationCode: ActivationCode,
      endpoint,
      serverKey,
      expiresAt,
    }
    process.stdout.write(`${JSON.stringify(told)}\n`)
    return
  }
  const command =
    endpoint === undefined || serverKey === undefined
      ? `amazon-ssm-agent -register -id ${ActivationId} -region ${await ssm.config.region()} -code CODE`
      : enrolLine({ endpoint, serverKey, activationId: ActivationId, caFile: flags.caFile })
  process.stdout.write(`${command}\n${ActivationCode}\n`)
  process.stderr.write(
    `Paste the first line on the node, as root, and the second, the activation code, where it waits (end with Ctrl-D). Good until ${expiresAt.toISOString()}.\n`,
  )
}

/** As Amazon's console calls it. @see https://docs.aws.amazon.com/systems-manager/latest/userguide/hybrid-multicloud-service-role.html */
const DEFAULT_ROLE = { Path: '/service-role/', RoleName: 'AmazonEC2RunCommandRoleForManagedInstances' }

async function createActivation(
  ssm: SSMClient,
  role: string | undefined,
  of: Omit<CreateActivationRequest, 'IamRole'>,
): Promise<CreateActivationResult> {
  const IamRole = role ?? `service-role/${DEFAULT_ROLE.RoleName}`
  const command = new CreateActivationCommand({ ...of, IamRole })
  try {
    return await ssm.send(command)
  } catch (error) {
    const isAbsent = error instanceof Error && /^Nonexistent role/.test(error.message)
    if (!isAbsent || role !== undefined) throw error
    await createDefaultRole()
    return await ssm.send(command)
  }
}

async function createDefaultRole(): Promise<void> {
  const iam = new IAMClient({})
  const trust = { Effect: 'Allow', Principal: { Service: 'ssm.amazonaws.com' }, Action: 'sts:AssumeRole' }
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] })
  await iam.send(new CreateRoleCommand({ ...DEFAULT_ROLE, AssumeRolePolicyDocument }))
  const PolicyArn = 'arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore'
  try {
    await iam.send(new AttachRolePolicyCommand({ RoleName: DEFAULT_ROLE.RoleName, PolicyArn }))
  } catch (error) {
    // Lockstep's nodes need no permission of the role's, and it has none of Amazon's policies.
    if (!(error instanceof Error) || error.name !== 'NoSuchEntityException') throw error
  }
}

interface Enrolling {
  readonly endpoint: string
  readonly serverKey: string
  readonly activationId: string
  readonly caFile: string | undefined
}

function enrolLine({ endpoint, serverKey, activationId, caFile }: Enrolling): string {
  const ca = caFile === undefined ? '' : ` --ca ${quoted(caFile)}`
  return `lockstep-agent enrol --endpoint ${quoted(endpoint)} --activation-id ${activationId} --server-key ${serverKey}${ca}`
}

/** Its fingerprint; undefined where the endpoint has none, as moto's server has not. */
async function serverKeyOf(endpoint: string): Promise<string | undefined> {
  const answer = await fetch(new URL('/agent/v1/server-key', endpoint)).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : ''
    throw new CommandFailure(EXIT.unreachable, `${endpoint} does not answer: ${cause || String(error)}`)
  })
  if (!answer.ok) return undefined
  const told: unknown = await answer.json()
  const fingerprint =
    typeof told === 'object' && told !== null && 'fingerprint' in told ? told.fingerprint : ''
  return typeof fingerprint === 'string' && /^SHA256:[A-Za-z0-9+/]{43}$/.test(fingerprint)
    ? fingerprint
    : undefined
}

function count(flag: string, text: string): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (value >= 1) return value
  throw new CommandFailure(EXIT.wrongUsage, `${flag} is a whole number from 1`)
}

/** A value that a POSIX shell reads as itself. */
function quoted(value: string): string {
  return /^[A-Za-z0-9_.:/@%+=[\]-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`
}
