/**
 * A value that nobody may see goes in through every member that the models call sensitive, rightly and in every
 * wrong way, and values that the server makes come out; then nothing the server wrote may hold one of them.
 *
 * Exempt are the two files that hold keys on purpose, readable by their owner alone: root.key, and
 * administrators.json, which keeps the first access key until somebody deletes it.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { CloudTrailClient, paginateLookupEvents } from '@aws-sdk/client-cloudtrail'
import { CreateKeyCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { Canaries, type Leak } from './canaries.ts'
import { bodyWith, headersOf, type Misused, misuse, onTheWire, SPELLED_WRONG } from './canary-calls.ts'
import { nameOf, type SensitiveMember, sensitiveMembers } from './models.ts'
import { rawCall } from './raw-call.ts'
import { type Caller, callerOf, newRoleSession, newUser, sdk } from './sdk.ts'
import { lockstep, Scratch, Server } from './server.ts'

const EXEMPT = ['root.key', 'administrators.json']
/** What operations that are not answered say. */
const NOT_ANSWERED = /UnknownOperationException|InvalidAction/

/** The rest of a call that succeeds with a value in the sensitive member, by {@link nameOf}. */
const RIGHTLY: Readonly<Record<string, (world: World) => object>> = {
  'secretsmanager.CreateSecret.SecretString': () => ({ Name: `canary/${randomUUID()}`, ...token() }),
  'secretsmanager.CreateSecret.SecretBinary': () => ({ Name: `canary/${randomUUID()}`, ...token() }),
  'secretsmanager.PutSecretValue.SecretString': ({ text }) => ({ SecretId: text, ...token() }),
  'secretsmanager.PutSecretValue.SecretBinary': ({ binary }) => ({ SecretId: binary, ...token() }),
  'secretsmanager.UpdateSecret.SecretString': ({ text }) => ({ SecretId: text, ...token() }),
  'secretsmanager.UpdateSecret.SecretBinary': ({ binary }) => ({ SecretId: binary, ...token() }),
  'kms.Encrypt.Plaintext': ({ key }) => ({ KeyId: key }),
}

/** Members that no call can rightly carry a canary in yet, and why. They are misused all the same. */
const NEVER_RIGHTLY: Readonly<Record<string, string>> = {
  'sts.AssumeRole.TokenCode': 'six digits of an MFA device, of which there are none',
  'secretsmanager.PutSecretValue.RotationToken': 'the server makes it, for a rotation that is in progress',
  'sts.GetSessionToken.TokenCode': 'six digits of an MFA device, of which there are none',
}

/** The input of a call whose answer has the sensitive member, by {@link nameOf}. */
const ANSWERING: Readonly<Record<string, (world: World) => object>> = {
  'secretsmanager.GetSecretValue.SecretString': ({ text }) => ({ SecretId: text }),
  'secretsmanager.GetSecretValue.SecretBinary': ({ binary }) => ({ SecretId: binary }),
  'secretsmanager.BatchGetSecretValue.SecretValues.*.SecretString': ({ text }) => ({ SecretIdList: [text] }),
  'secretsmanager.BatchGetSecretValue.SecretValues.*.SecretBinary': ({ binary }) => ({
    SecretIdList: [binary],
  }),
  'secretsmanager.GetRandomPassword.RandomPassword': () => ({ PasswordLength: 40 }),
  'kms.Decrypt.Plaintext': ({ ciphertext }) => ({ CiphertextBlob: ciphertext }),
  'kms.GenerateDataKey.Plaintext': ({ key }) => ({ KeyId: key, KeySpec: 'AES_256' }),
  'kms.GenerateRandom.Plaintext': () => ({ NumberOfBytes: 32 }),
  'iam.CreateAccessKey.AccessKey.SecretAccessKey': () => ({ UserName: 'canary' }),
  'sts.AssumeRole.Credentials.SecretAccessKey': ({ role }) => ({ RoleArn: role, RoleSessionName: 'one' }),
  'sts.AssumeRole.Credentials.SessionToken': ({ role }) => ({ RoleArn: role, RoleSessionName: 'two' }),
  'sts.GetSessionToken.Credentials.SecretAccessKey': () => ({}),
  'sts.GetSessionToken.Credentials.SessionToken': () => ({}),
}

/** What the calls are about. */
interface World {
  readonly text: string
  readonly binary: string
  readonly key: string
  readonly role: string
  readonly ciphertext: string
}

function token(): object {
  return { ClientRequestToken: randomUUID() }
}

/** Calls an operation with the JSON or form members given, which has to succeed. */
async function succeed(admin: Caller, member: SensitiveMember, body: string): Promise<string> {
  const { status, text } = await rawCall(admin, {
    service: member.service.signingName,
    headers: headersOf(member),
    body,
  })
  assert.equal(status, 200, `${nameOf(member)}: ${text}`)
  return text
}

function inputOf({ service, operation }: SensitiveMember, input: object): string {
  if (!service.isQuery) return JSON.stringify(input)
  const members = Object.entries(input).map(([name, value]) => [name, String(value)])
  const form = { Action: operation, Version: service.apiVersion, ...Object.fromEntries(members) }
  return new URLSearchParams(form).toString()
}

/** The member's value in an answer. */
function valueIn({ service, path, type }: SensitiveMember, answer: string): Buffer {
  const last = path.at(-1) ?? ''
  const xml = new RegExp(`<${last}>([^<]+)</${last}>`).exec(answer)?.[1]
  const json = (): unknown =>
    path.reduce<unknown>((value, name) => Object(value)[name === '*' ? 0 : name], JSON.parse(answer))
  const value = service.isQuery ? xml : json()
  assert.ok(typeof value === 'string' && value !== '', `${path.join('.')} is not in the answer`)
  return Buffer.from(value, type === 'blob' ? 'base64' : 'utf8')
}

async function isAnswered(admin: Caller, member: SensitiveMember): Promise<boolean> {
  const { text } = await rawCall(admin, {
    service: member.service.signingName,
    headers: headersOf(member),
    body: inputOf(member, {}),
  })
  return !NOT_ANSWERED.test(text)
}

/** Users, roles, keys and secrets, and a description with `control`, which is no secret and has to be found. */
async function furnish(admin: Caller, control: string): Promise<World> {
  const secrets = sdk(SecretsManagerClient, admin)
  const kms = sdk(KMSClient, admin)
  await secrets.send(
    new CreateSecretCommand({ Name: 'canary/text', SecretString: 'x', Description: control }),
  )
  await secrets.send(new CreateSecretCommand({ Name: 'canary/binary', SecretBinary: Buffer.from('x') }))
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
  const key = KeyMetadata?.KeyId ?? ''
  const Plaintext = Buffer.from('to be decrypted again')
  const { CiphertextBlob = Buffer.alloc(0) } = await kms.send(new EncryptCommand({ KeyId: key, Plaintext }))
  await newUser(admin, 'canary')
  const { roleArn } = await newRoleSession(admin, 'canary')
  const ciphertext = Buffer.from(CiphertextBlob).toString('base64')
  return { text: 'canary/text', binary: 'canary/binary', key, role: roleArn, ciphertext }
}

/** Every file of the data directory but the exempt, and whatever else holds what the server wrote. */
function filesOf(server: Server): readonly (readonly [place: string, content: Buffer | string])[] {
  const names = readdirSync(server.directory, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile() && !EXEMPT.includes(entry.name))
  return [
    ...files.map(({ name, parentPath }) => [name, readFileSync(join(parentPath, name))] as const),
    ['standard output', server.stdout],
    ['the log', server.stderr],
  ]
}

async function pagesOf(admin: Caller, server: Server): Promise<readonly (readonly [string, string])[]> {
  const page = async (path: string) => [path, await (await fetch(`${server.url}${path}`)).text()] as const
  const found: string[] = []
  const paginator = { client: sdk(CloudTrailClient, admin), pageSize: 50 }
  for await (const { Events } of paginateLookupEvents(paginator, {})) found.push(JSON.stringify(Events))
  const exported = await lockstep(['trail', 'export', '--data', server.directory])
  const looked = await lockstep(['trail', 'lookup', '--max', '5000', '--json'], await server.administrator())
  for (const { code, stderr } of [exported, looked]) assert.equal(code, 0, stderr)
  return [
    await page('/metrics'),
    await page('/healthz'),
    ['LookupEvents', found.join('\n')],
    ['lockstep trail export', exported.stdout + exported.stderr],
    ['lockstep trail lookup', looked.stdout + looked.stderr],
  ]
}

describe('canaries', () => {
  const members = sensitiveMembers()
  const inputs = members.filter(({ direction }) => direction === 'input')
  const outputs = members.filter(({ direction }) => direction === 'output')
  const canaries = new Canaries()
  const controls = new Canaries()
  const uncovered: string[] = []
  const leaks = { answers: [] as Leak[], running: [] as Leak[], stopped: [] as Leak[] }
  const seen: string[] = []
  let misused: readonly Misused[] = []
  let controlPlaces: readonly string[] = []
  const recordFiles: Buffer[] = []

  async function putIn(admin: Caller, world: World, member: SensitiveMember): Promise<void> {
    const name = nameOf(member)
    const input = RIGHTLY[name]
    if (input)
      await succeed(
        admin,
        member,
        bodyWith(member, onTheWire(member, canaries.plant(`${name} rightly`)), input(world)),
      )
    else if (!(name in NEVER_RIGHTLY) && (await isAnswered(admin, member))) uncovered.push(name)
  }

  async function takeOut(admin: Caller, world: World, member: SensitiveMember): Promise<void> {
    const name = nameOf(member)
    if (!(await isAnswered(admin, member))) return
    const input = ANSWERING[name]
    if (!input) uncovered.push(name)
    else canaries.watch(name, valueIn(member, await succeed(admin, member, inputOf(member, input(world)))))
    seen.push(name)
  }

  before(async () => {
    using scratch = new Scratch()
    const flags = ['--log-level', 'debug', '--limit-failed-signature', '100000/100000']
    await using server = await Server.start({ directory: join(scratch.path, 'data'), flags })
    const admin = callerOf(await server.administrator())
    const rootKey = readFileSync(join(server.directory, 'root.key'), 'utf8').trim()
    canaries.watch('the root key', rootKey)
    canaries.watch('the root key', Buffer.from(rootKey, 'base64'))
    canaries.watch("the administrator's secret access key", admin.keys.secretAccessKey)
    const stranger = await newUser(admin, 'stranger')
    canaries.watch("the stranger's secret access key", stranger.secretAccessKey)
    const world = await furnish(admin, controls.plant('the control'))

    for (const member of inputs) await putIn(admin, world, member)
    for (const member of outputs) await takeOut(admin, world, member)
    const perMember: Misused[][] = []
    for (const member of inputs) perMember.push([...(await misuse(admin, stranger, member, canaries))])
    misused = perMember.flat()
    leaks.answers.push(
      ...misused.flatMap(({ what, answer }) => canaries.findIn(`the answer to ${what}`, answer.text)),
    )

    const running = [...filesOf(server), ...(await pagesOf(admin, server))]
    leaks.running.push(...running.flatMap(([place, content]) => canaries.findIn(place, content)))
    controlPlaces = running
      .filter(([place, content]) => controls.findIn(place, content).length > 0)
      .map(([place]) => place)
    await server.stop()
    const records = join(scratch.path, 'records')
    const { code, stderr } = await lockstep([
      'trail',
      'export',
      '--data',
      server.directory,
      '--cloudtrail',
      records,
    ])
    assert.equal(code, 0, stderr)
    for (const file of readdirSync(records, { recursive: true, encoding: 'utf8' })) {
      if (file.endsWith('.gz')) recordFiles.push(gunzipSync(readFileSync(join(records, file))))
    }
    leaks.stopped.push(
      ...recordFiles.flatMap((content) => canaries.findIn('trail export --cloudtrail', content)),
    )
    leaks.stopped.push(...filesOf(server).flatMap(([place, content]) => canaries.findIn(place, content)))
  })

  test('every sensitive member of an operation that is answered has its case here', () => {
    assert.deepEqual(uncovered, [])
    assert.ok(seen.length > 5)
  })

  test('each misuse is refused, but for an unknown member where nothing else is required, which is ignored', () => {
    assert.ok(misused.length > 300)
    const accepted = misused.filter(({ answer }) => answer.status < 400).map(({ what }) => what)
    assert.deepEqual(
      accepted.filter((what) => !what.endsWith(SPELLED_WRONG)),
      [],
    )
  })

  test('no answer to a misuse repeats its value', () => assert.deepEqual(leaks.answers, []))

  test('the search finds what is no secret: a description is in the database, the events and the export', () => {
    for (const place of ['LookupEvents', 'lockstep trail export', 'lockstep trail lookup']) {
      assert.ok(controlPlaces.includes(place), place)
    }
    assert.ok(controlPlaces.some((place) => place.startsWith('lockstep.db')))
    assert.ok(
      recordFiles.some((content) => controls.findIn('', content).length > 0),
      'trail export --cloudtrail',
    )
  })

  test('while the server runs, no log, page, event or file holds a value', () =>
    assert.deepEqual(leaks.running, []))

  test('after it has stopped, no log, file or exported record holds a value', () =>
    assert.deepEqual(leaks.stopped, []))

  after(() => process.stdout.write(`${canaries.count} canaries planted in ${inputs.length} members\n`))
})
