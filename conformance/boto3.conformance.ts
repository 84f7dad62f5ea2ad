/** The core of the catalogue through boto3; the checks themselves are in boto3_session.py. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe } from 'node:test'
import { needing, PYTHON } from './components.ts'
import { cleanEnvironment } from './loopback.ts'
import { plantNodes } from './planted-nodes.ts'
import { finish } from './process.ts'
import { callerOf } from './sdk.ts'
import { sharedServer } from './server.ts'

const SCRIPT = join(import.meta.dirname, 'boto3_session.py')
const LIMIT_MS = 180_000

/** What the checks of ec2 find. */
const FLEET = Array.from({ length: 7 }, (_, i) => ({
  ...{ digits: `0123456789abcdef${i}`, hostname: `host-${i}`, ipAddress: '192.0.2.1' },
  ...{ hostKeys: [], tags: {}, seenAt: new Date() },
}))

/** One line of the script's output. */
interface Result {
  readonly name: string
  readonly ok: boolean
  readonly error?: string
}

/** Every check there has to be, so that one that was dropped or did not run is missed. */
const CHECKS = [
  "a secret's versions and stages come back as boto3's own types",
  'binary secrets come back byte for byte',
  'a value of any language and of 65,536 bytes comes back as it was; one byte more is refused',
  'paginators walk past 100 secrets, and one page at a time in either order',
  'errors arrive as the classes that boto3 made for them',
  'data round-trips through kms under its encryption context, and under no other',
  'session credentials work, name their session, and reach no further than their policies',
  'batch_get_secret_value answers what it can and says what it cannot',
  'a presigned GetCallerIdentity is fetched by GET and POST, and only as it was signed',
  'users, groups and policies page and come back as they were written',
  "topics and their subscriptions page, and their errors are boto3's own classes",
  "rules and their targets page, patterns are tried out, and errors are boto3's own classes",
  "the fleet's nodes are instances of ec2, by paginator, waiter and resource, and its refusals have its codes",
]

describe('boto3', () => {
  const hooks = needing('boto3')
  const { test, before } = hooks
  const server = sharedServer(hooks)
  let results: readonly Result[] = []
  before(async () => {
    const administrator = await server().administrator()
    await plantNodes(server().directory, callerOf(administrator), FLEET)
    const env = {
      ...cleanEnvironment('/nonexistent'),
      ...administrator,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    }
    const { stdout, stderr } = await finish(PYTHON, [SCRIPT], { env, limitMs: LIMIT_MS })
    const lines = stdout.split('\n').filter((line) => line !== '')
    results = lines.map((line) => JSON.parse(line) as Result) // what run() in the script prints
    assert.ok(results.length > 0, `the script told nothing: ${stderr}`)
  })

  for (const name of CHECKS) {
    test(name, () => {
      const result = results.find((one) => one.name === name)
      assert.ok(result, 'the script did not run it')
      assert.ok(result.ok, result.error)
    })
  }

  test('every check of the script is one of these tests', () => {
    assert.deepEqual(results.map(({ name }) => name).sort(), [...CHECKS].sort())
  })
})
