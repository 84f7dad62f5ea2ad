/** Where what is secret comes from the server or travels past the members of calls: each way is gone to its end here. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { AddPermissionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import {
  CreateSecretCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { ConfirmSubscriptionCommand, PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns'
import { CreateActivationCommand, SSMClient } from '@aws-sdk/client-ssm'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import type { WebReceiver } from '../packages/server/src/testing/web-receiver.ts'
import type { Canaries } from './canaries.ts'
import { callOf } from './canary-calls.ts'
import { type CanaryWorld, newFunction } from './canary-world.ts'
import type { SensitiveMember } from './models.ts'
import { finish } from './process.ts'
import { rawCall } from './raw-call.ts'
import { enrolment, newKey, type SignedRequest, say } from './raw-node.ts'
import { type Caller, sdk } from './sdk.ts'
import { until } from './until.ts'

const LIMIT_MS = 30_000
const NOBODY = 65_534

export interface Journey {
  readonly admin: Caller
  readonly world: CanaryWorld
  /** Hears what the server sends out. */
  readonly receiver: WebReceiver
  /** Found nowhere. */
  readonly canaries: Canaries
  /** Found in the data directory, and nowhere else. */
  readonly kept: Canaries
}

/** Answers that came on the way; none may repeat a value. */
export type Said = readonly (readonly [what: string, text: string])[]

type Plant = (what: string) => string

/** Activation codes, wrong and right, and signatures and outputs of nodes in every wrong place. */
export async function throughNodeLink(journey: Journey): Promise<Said> {
  const { admin, world, canaries, kept } = journey
  kept.watch("a node's address", world.nodeAddress)
  const { ActivationId: activationId = '', ActivationCode: activationCode = '' } = await sdk(
    SSMClient,
    admin,
  ).send(new CreateActivationCommand({ IamRole: world.nodeRole }))
  canaries.watch('an activation code that nobody used', activationCode)
  const plant: Plant = (what) => canaries.plant(`the node link: ${what}`)
  const said: [string, string][] = []
  for (const asked of [...wrongEnrolments(activationId, plant), ...wrongReports(world, plant)]) {
    const [, signature] = /LOCKSTEP-ED25519 (\S{20,})/.exec(asked.headers.authorization ?? '') ?? []
    if (signature !== undefined) canaries.watchAsItIs("a node's signature", signature)
    said.push([asked.path, (await say(admin.endpoint, asked)).text])
  }
  // What a report was about is repeated to whoever sent it.
  return said.filter(([, text]) => !text.startsWith('{"acknowledged"'))
}

function wrongEnrolments(activationId: string, plant: Plant): readonly SignedRequest[] {
  const activationCode = plant('a wrong code')
  const register = (leave: object) => enrolment({ activationId, activationCode, ...leave }, newKey())
  const whole = register({})
  const { path, body } = whole
  const bare = (text: string, at = path): SignedRequest => ({ path: at, headers: {}, body: text })
  return [
    whole,
    register({ activationId: randomUUID() }),
    register({ activationId: plant('a code as the id') }),
    bare(body.replace(`"${activationCode}"`, JSON.stringify([plant('a code in a list')]))),
    bare(body.slice(0, -2)),
    bare(plant('a bare body')),
    bare(body.replace('"raw"', JSON.stringify(plant('a code as the hostname')))),
    bare(body, `/agent/v1/${plant('a path')}`),
  ]
}

function wrongReports({ node, command }: CanaryWorld, plant: Plant): readonly SignedRequest[] {
  const { path, headers } = node.reporting({})
  const headed = (name: string, value: string) => ({
    path,
    headers: { ...headers, [name]: value },
    body: '{}',
  })
  const associationId = plant('an association')
  return [
    headed('authorization', plant('a signature')),
    headed('authorization', `LOCKSTEP-ED25519 ${plant('a signature of its form')}`),
    headed('x-lockstep-node', plant('a name')),
    headed('x-lockstep-nonce', plant('a nonce')),
    node.request('/agent/v1/report', { started: plant('a report of another form') }),
    node.reporting(
      node.ended(plant('the id of a command'), ['x'], { status: 'Success', stdout: plant('output') }),
    ),
    node.reporting(
      node.ended(command, [plant("a step's name")], { status: 'Failed', stdout: plant('more output') }),
    ),
    node.reporting({ associations: [{ associationId, version: plant('a version'), steps: [] }] }),
  ]
}

/** The token that a webhook is asked with whether it wants to be subscribed, and what cannot be brought to it after. */
export async function throughWebhook({ admin, world, receiver, canaries, kept }: Journey): Promise<Said> {
  const sns = sdk(SNSClient, admin)
  const Endpoint = `${receiver.url}/${kept.plant("a webhook's path")}`
  await sns.send(new SubscribeCommand({ TopicArn: world.topic, Protocol: 'http', Endpoint }))
  const asked = await until('question', LIMIT_MS, () => receiver.messages('SubscriptionConfirmation')[0])
  const { Token = '' } = asked
  canaries.watch('a token of a subscription', Token)
  await sns.send(new ConfirmSubscriptionCommand({ TopicArn: world.topic, Token }))
  const before = receiver.received.length
  // From here on messages wait in the queue, and are tried again.
  receiver.answer = (response) => void response.writeHead(503).end('not now')
  await sns.send(
    new PublishCommand({ TopicArn: world.topic, Message: canaries.plant('a message that waits') }),
  )
  await until('delivery', LIMIT_MS, () => receiver.received.length > before || undefined)
  return []
}

/** The token that a rotation function is told, which lets it put a version of the secret. It prints what it is told. */
export async function throughRotation({ admin, world, receiver, canaries }: Journey): Promise<Said> {
  const code = `export const handler = async (event) => {
    console.log(JSON.stringify(event))
    await fetch(process.env.SITE, { method: 'POST', body: JSON.stringify({ ...event, Type: 'Step' }) })
    throw new Error('not rotated')
  }`
  const variables = {
    SITE: `${receiver.url}?told`,
    PASSWORD: canaries.plant("a variable of a rotation's function"),
  }
  const arn = await newFunction(admin, { name: 'rotates', role: world.functionRole, code, variables })
  await sdk(LambdaClient, admin).send(
    new AddPermissionCommand({
      ...{ FunctionName: 'rotates', StatementId: 'rotation', Action: 'lambda:InvokeFunction' },
      Principal: 'secretsmanager.amazonaws.com',
    }),
  )
  const secrets = sdk(SecretsManagerClient, admin)
  const SecretString = canaries.plant('a secret that is rotated')
  const { ARN } = await secrets.send(new CreateSecretCommand({ Name: 'canary/rotated', SecretString }))
  const RotationRules = { AutomaticallyAfterDays: 30 }
  await secrets
    .send(new RotateSecretCommand({ SecretId: ARN, RotationLambdaARN: arn, RotationRules }))
    .catch(() => undefined)
  const step = await until('step of a rotation', LIMIT_MS, () => receiver.messages('Step')[0])
  canaries.watch('the token of a rotation', step.RotationToken ?? '')
  return []
}

/** Runs for as long as somebody looks. */
const SLEEPS = `export const handler = async (event) => {
  await fetch(process.env.SITE, { method: 'POST', body: '{"Type":"Running"}' })
  await new Promise((resolve) => setTimeout(resolve, 4000))
  return 'done'
}`

/** Reads what there is to read about every process that it sees. */
const SPIES = `import { readdirSync, readFileSync } from 'node:fs'
export const handler = async () => {
  const read = (path) => { try { return readFileSync(path, 'latin1') } catch { return '' } }
  const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name) && name !== String(process.pid))
  return pids.flatMap((pid) => ['cmdline', 'environ'].map((file) => read('/proc/' + pid + '/' + file)))
}`

/**
 * What another user of the machine, and another function, see of a function that runs with secrets in its environment
 * and its event.
 */
export async function throughProcesses(journey: Journey): Promise<Said> {
  const { admin, world, receiver, canaries } = journey
  const lambda = sdk(LambdaClient, admin)
  const role = world.functionRole
  const variables = {
    SITE: `${receiver.url}?told`,
    PASSWORD: canaries.plant('a variable of a function that runs'),
  }
  await newFunction(admin, { name: 'sleeps', role, code: SLEEPS, variables })
  await newFunction(admin, { name: 'spies', role, code: SPIES })
  const Payload = JSON.stringify({ secret: canaries.plant('the event of a function that runs') })
  const running = lambda.send(new InvokeCommand({ FunctionName: 'sleeps', Payload }))
  await until('function that runs', LIMIT_MS, () => receiver.messages('Running')[0])
  const spied = await lambda.send(new InvokeCommand({ FunctionName: 'spies' }))
  const script = 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; true'
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  const env = { PATH: '/usr/bin:/bin' }
  const seen = await finish('sh', ['-c', script], { env, ...user })
  assert.match(seen.stdout, /bootstrap\/node\.mjs/, 'nobody saw the function run')
  await running
  assert.equal(spied.FunctionError, undefined)
  const others = process.getuid?.() === 0 ? seen.stdout : ''
  return [
    ['what another user reads of processes', others],
    ['what another function reads of processes', Buffer.from(spied.Payload ?? []).toString()],
  ]
}

/** What a function prints is in the answer and in its log, which is a file of the data directory. */
export async function throughFunctionLog({ admin, world, kept }: Journey): Promise<Said> {
  const printed = kept.plant('what a function printed')
  const code = `export const handler = async () => console.log(${JSON.stringify(printed)})`
  await newFunction(admin, { name: 'prints', role: world.functionRole, code })
  const { LogResult = '' } = await sdk(LambdaClient, admin).send(
    new InvokeCommand({ FunctionName: 'prints', LogType: 'Tail' }),
  )
  assert.match(Buffer.from(LogResult, 'base64').toString(), new RegExp(printed))
  return []
}

/** One read of each service, which a session may or may not do. */
const READS: Readonly<Record<string, string>> = {
  secretsmanager: 'ListSecrets',
  kms: 'ListKeys',
  iam: 'ListUsers',
  sts: 'GetCallerIdentity',
  cloudtrail: 'LookupEvents',
  sns: 'ListTopics',
  lambda: 'ListFunctions',
  events: 'ListRules',
  ssm: 'ListDocuments',
  ec2: 'DescribeInstances',
}

/**
 * Sessions' tokens and signatures: of calls to every service that are answered, refused, changed on the way or of
 * another form, in headers and in the URL.
 */
export async function throughEveryService(
  { admin, world, canaries }: Journey,
  members: readonly SensitiveMember[],
): Promise<Said> {
  const { Credentials } = await sdk(STSClient, admin).send(
    new AssumeRoleCommand({ RoleArn: world.role, RoleSessionName: 'everywhere' }),
  )
  const keys = {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  }
  canaries.watch("a session's secret access key", keys.secretAccessKey)
  canaries.watch("a session's token", keys.sessionToken)
  const said: [string, string][] = []
  for (const [name, operation] of Object.entries(READS)) {
    const member = members.find(({ service }) => service.name === name)
    assert.ok(member, name)
    const rest = name === 'lambda' ? { http: { method: 'GET', requestUri: '/2015-03-31/functions' } } : {}
    const target = { service: member.service, operation, ...rest }
    const asked = { service: member.service.signingName, ...callOf(target, {}) }
    const query = `?X-Amz-Security-Token=${encodeURIComponent(keys.sessionToken)}&X-Amz-Signature=${canaries.plant(`${name}: a signature in the URL`)}`
    const token = canaries.plant(`${name}: a token that is none`)
    for (const one of [
      asked,
      { ...asked, keys },
      { ...asked, keys, sentPath: `${asked.path ?? '/'}${query}` },
      { ...asked, keys: { ...keys, sessionToken: token } },
      { ...asked, keys: { ...keys, secretAccessKey: canaries.plant(`${name}: another key`) } },
      {
        ...asked,
        unsigned: true as const,
        headers: { ...asked.headers, authorization: canaries.plant(`${name}: Authorization`) },
      },
    ]) {
      const { status, text, signature } = await rawCall(admin, one)
      if (signature !== undefined) canaries.watchAsItIs(`${name}: a signature`, signature)
      // The administrator may see what lists of functions and events show.
      if (status >= 400) said.push([`${name}.${operation}`, text])
    }
  }
  return said
}
