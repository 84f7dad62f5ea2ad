import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { FunctionHouse } from './functions.test-support.ts'
import { zipOf } from './zip.test-support.ts'

const noPython = spawnSync('python3', ['--version']).status === 0 ? false : 'this machine has no python3'
const noCurl = spawnSync('curl', ['--version']).status === 0 ? false : 'this machine has no curl'
const python = { runtime: 'python3.12', handler: 'app.handler' } as const

describe('a function of Python', { skip: noPython, concurrency: 2 }, () => {
  test('gets its event and its context', async () => {
    await using house = await FunctionHouse.open()
    const source = `import os
def handler(event, context):
    print('seen', event['RotationToken'])
    return {'event': event['a'], 'id': context.aws_request_id, 'left': context.get_remaining_time_in_millis() > 1000,
            'own': os.environ['OWN'], 'é': context.invoked_function_arn}
`
    const arn = await house.add({ ...python, files: { 'app.py': source }, variables: { OWN: 'x y' } })
    const answer = await house.invoke(arn, { a: [1], RotationToken: 'secret-token' })
    const expected = { event: [1], id: answer.requestId, left: true, own: 'x y', é: arn }
    assert.deepEqual(answer.json, expected)
    assert.match(answer.logTail, /^seen \[redacted\]$/m)
  })

  test('that throws, cannot be imported, lacks its handler or exits is an error of AWS’s names', async () => {
    await using house = await FunctionHouse.open()
    const errorOf = async (name: string, source: string) => {
      const answer = await house.invoke(await house.add({ ...python, name, files: { 'app.py': source } }))
      assert.equal(answer.functionError, 'Unhandled')
      return [answer.json.errorType, answer.json.errorMessage]
    }
    assert.deepEqual(await errorOf('throws', 'def handler(e, c): raise KeyError("k")'), ['KeyError', "'k'"])
    assert.deepEqual(await errorOf('import', 'import nowhere'), [
      'Runtime.ImportModuleError',
      "Unable to import module 'app': No module named 'nowhere'",
    ])
    assert.deepEqual(await errorOf('lacks', 'x = 1'), [
      'Runtime.HandlerNotFound',
      "Handler 'handler' missing on module 'app'",
    ])
    assert.equal((await errorOf('marshal', 'def handler(e, c): return object()'))[0], 'Runtime.MarshalError')
    assert.match(String((await errorOf('exits', 'def handler(e, c): exit(4)'))[1]), /exit status 4$/)
  })
})

/** Amazon's own example of a custom runtime, in short. */
const BOOTSTRAP = `#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
event=$(curl -sS -D "$TMPDIR/headers" "$api/invocation/next")
id=$(sed -n 's/^lambda-runtime-aws-request-id: *\\([^ \\r]*\\).*/\\1/Ip' "$TMPDIR/headers")
curl -sS -X POST -d "$(printf "$ANSWER" "$event")" "$api/invocation/$id/$HOW" > /dev/null
curl -sS "$api/invocation/next"
`

describe('a custom runtime', { skip: noCurl, concurrency: 2 }, () => {
  const zip = zipOf([{ name: 'bootstrap', text: BOOTSTRAP, mode: 0o100755 }])
  const provided = { runtime: 'provided.al2023', handler: 'any', zip } as const

  test('from a zip asks for its event and answers it', async () => {
    await using house = await FunctionHouse.open()
    const arn = await house.add({ ...provided, variables: { ANSWER: '{"got":%s}', HOW: 'response' } })
    assert.deepEqual((await house.invoke(arn, { a: 1 })).json, { got: { a: 1 } })
  })

  test('that answers no JSON is an error', async () => {
    await using house = await FunctionHouse.open()
    const arn = await house.add({ ...provided, variables: { ANSWER: 'plain %s', HOW: 'response' } })
    const answer = await house.invoke(arn)
    assert.equal(answer.functionError, 'Unhandled')
    assert.equal(answer.json.errorType, 'Runtime.InvalidResponse')
  })

  test('that reports an error has it passed on', async () => {
    await using house = await FunctionHouse.open()
    const variables = { ANSWER: '{"errorType":"Mine","errorMessage":"no"}', HOW: 'error' }
    const answer = await house.invoke(await house.add({ ...provided, variables }))
    assert.deepEqual([answer.functionError, answer.json.errorType], ['Unhandled', 'Mine'])
  })

  test('answers by its own request id only', async () => {
    await using house = await FunctionHouse.open()
    const script = BOOTSTRAP.replace('/$id/', '/00000000-0000-4000-8000-000000000000/').replace(
      '> /dev/null',
      '',
    )
    const other = zipOf([
      { name: 'bootstrap', text: script.replace(/curl[^\n]*next"\n$/, 'exit 5\n'), mode: 0o100755 },
    ])
    const arn = await house.add({ ...provided, zip: other, variables: { ANSWER: '%s', HOW: 'response' } })
    const answer = await house.invoke(arn)
    assert.match(String(answer.json.errorMessage), /exit status 5$/)
    assert.match(answer.logTail, /InvalidRequestID/)
  })

  test('in a zip that is not the recorded one is not run', async () => {
    await using house = await FunctionHouse.open()
    const arn = await house.add(provided)
    const { store, account } = house.server.house
    const record = await store.read.functions.byName({ account, region: 'us-east-1' }, 'work')
    assert.ok(record?.code.kind === 'zip')
    const code = { ...record.code, sha256: 'A'.repeat(43).concat('=') }
    await store.write((tx) => tx.functions.update({ ...record, code }))
    await assert.rejects(house.invoke(arn), { code: 'InvalidZipFileException' })
  })
})

test('what functions print is kept by account, region and name, until the file is full', async () => {
  const data = mkdtempSync(join(tmpdir(), 'lockstep-data-'))
  try {
    await using house = await FunctionHouse.open({ settings: { data } })
    const source = `export const handler = async ({ RotationToken }) => {
      console.log('token ' + RotationToken); console.error('to stderr')
      for (let line = 0; line < 30000; line++) console.log(line + ' ' + 'x'.repeat(100))
    }`
    const arn = await house.add({ files: { 'index.mjs': source } })
    const { requestId } = await house.invoke(arn, { RotationToken: 'abc-token' })
    const directory = join(data, 'logs', 'functions', '111122223333', 'us-east-1')
    const text = readFileSync(join(directory, 'work.log'), 'utf8')
    assert.ok(text.length < 4_000_000)
    assert.match(
      text,
      new RegExp(`^\\S+Z\\t${requestId}\\tSTART RequestId: ${requestId} Version: \\$LATEST\\n`),
    )
    assert.match(text, /\ttoken \[redacted\]\n/)
    assert.match(text, /\tto stderr\n/)
    assert.ok(text.includes('bytes were printed beyond what is kept'))
    assert.match(text, /\tREPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: /)
    for (let more = 0; more < 4; more++) await house.invoke(arn)
    assert.deepEqual(readdirSync(directory).toSorted(), ['work.log', 'work.log.1'])
  } finally {
    rmSync(data, { recursive: true })
  }
})
