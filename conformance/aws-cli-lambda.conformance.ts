/** A function's life through the real `aws` command: made of a zip, shown, listed, changed, invoked, deleted. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe } from 'node:test'
import type {
  FunctionConfiguration,
  GetFunctionResponse,
  GetPolicyResponse,
  InvocationResponse,
  ListFunctionsResponse,
} from '@aws-sdk/client-lambda'
import { zipOf } from '../packages/server/src/functions/zip.test-support.ts'
import { AwsCli } from './aws-cli.ts'
import { needing } from './components.ts'
import { newRotationRole, SECRETS_MANAGER } from './rotation-functions.ts'
import { callerOf, newUser } from './sdk.ts'
import { Scratch, sharedServer } from './server.ts'

const FIRST = `export const handler = async ({ who }) => {
  console.log('asked by', who)
  if (who === 'nobody') throw new RangeError('who?')
  return { hello: who, level: process.env.LEVEL }
}`
const SECOND = 'export const handler = async () => "the second"'
const NAME = 'greets'

/** What aws prints of an invocation; the answer itself is in a file. */
type Invoked = Pick<InvocationResponse, 'StatusCode' | 'FunctionError' | 'LogResult' | 'ExecutedVersion'>

describe('aws lambda', () => {
  const hooks = needing('aws-cli')
  const server = sharedServer(hooks)
  const scratch = new Scratch()
  after(() => scratch[Symbol.dispose]())

  function zipFile(name: string, text: string): { readonly file: string; readonly sha256: string } {
    const path = join(scratch.path, name)
    const zip = zipOf([{ name: 'index.mjs', text }])
    writeFileSync(path, zip)
    return { file: `fileb://${path}`, sha256: createHash('sha256').update(zip).digest('base64') }
  }

  /** `aws lambda invoke` with a payload from a file; what it prints and what it wrote. */
  async function invoke(
    aws: AwsCli,
    event: unknown,
  ): Promise<{ told: Invoked; answer: unknown; log: string }> {
    const [payload, out] = [join(scratch.path, 'payload'), join(scratch.path, 'out')]
    writeFileSync(payload, JSON.stringify(event))
    const told = await aws.run<Invoked>(`lambda invoke ${out}`, {
      'function-name': NAME,
      payload: `fileb://${payload}`,
      'log-type': 'Tail',
    })
    const log = Buffer.from(told.LogResult ?? '', 'base64').toString()
    return { told, answer: JSON.parse(readFileSync(out, 'utf8')), log }
  }

  hooks.test('a function is made, shown, listed, invoked, changed, permitted and deleted', async () => {
    const administrator = await server().administrator()
    const aws = new AwsCli(administrator)
    const role = await newRotationRole(callerOf(administrator), 'runs')
    const first = zipFile('first.zip', FIRST)
    const named = { 'function-name': NAME }
    const made = await aws.run<FunctionConfiguration>('lambda create-function', {
      ...named,
      runtime: 'nodejs22.x',
      role,
      handler: 'index.handler',
      'zip-file': first.file,
      timeout: 20,
      environment: { Variables: { LEVEL: 'debug' } },
    })
    const settings = {
      FunctionName: NAME,
      CodeSha256: first.sha256,
      Timeout: 20,
      State: 'Active',
      Role: role,
    }
    assert.partialDeepStrictEqual(made, settings)
    const shown = await aws.run<GetFunctionResponse>('lambda get-function', named)
    assert.deepEqual(shown.Configuration, made)
    const { Functions = [] } = await aws.run<ListFunctionsResponse>('lambda list-functions')
    assert.ok(Functions.some(({ FunctionArn }) => FunctionArn === made.FunctionArn))

    const { told, answer, log } = await invoke(aws, { who: 'ada' })
    assert.deepEqual(answer, { hello: 'ada', level: 'debug' })
    assert.partialDeepStrictEqual(told, { StatusCode: 200, ExecutedVersion: '$LATEST' })
    assert.equal(told.FunctionError, undefined)
    assert.match(log, /^START RequestId: [0-9a-f-]{36} Version: \$LATEST\n/)
    assert.match(log, /asked by ada/)
    assert.match(log, /REPORT RequestId: .*Max Memory Used: \d+ MB/)
    const failed = await invoke(aws, { who: 'nobody' })
    assert.equal(failed.told.FunctionError, 'Unhandled')
    assert.partialDeepStrictEqual(failed.answer, { errorType: 'RangeError', errorMessage: 'who?' })

    const second = zipFile('second.zip', SECOND)
    const changed = await aws.run<FunctionConfiguration>('lambda update-function-code', {
      ...named,
      'zip-file': second.file,
    })
    assert.equal(changed.CodeSha256, second.sha256)
    assert.notEqual(changed.RevisionId, made.RevisionId)
    assert.equal((await invoke(aws, {})).answer, 'the second')

    const statement = { ...named, 'statement-id': 'rotation' }
    await aws.run('lambda add-permission', {
      ...statement,
      action: 'lambda:InvokeFunction',
      principal: SECRETS_MANAGER,
    })
    const { Policy = '' } = await aws.run<GetPolicyResponse>('lambda get-policy', named)
    assert.deepEqual(JSON.parse(Policy).Statement, [
      {
        Sid: 'rotation',
        Effect: 'Allow',
        Principal: { Service: SECRETS_MANAGER },
        Action: 'lambda:InvokeFunction',
        Resource: made.FunctionArn,
      },
    ])
    await aws.run('lambda remove-permission', statement)
    assert.equal((await aws.refused('lambda get-policy', named)).code, 'ResourceNotFoundException')

    const stranger = aws.as(await newUser(callerOf(administrator), 'stranger'))
    const theirs = await stranger.refused('lambda get-function', named)
    const none = await stranger.refused('lambda get-function', { 'function-name': 'not-there' })
    assert.equal(theirs.code, 'AccessDeniedException')
    assert.equal(theirs.message.replace(NAME, ''), none.message.replace('not-there', ''))

    await aws.run('lambda delete-function', named)
    assert.deepEqual(await aws.refused('lambda get-function', named), {
      code: 'ResourceNotFoundException',
      message: `Function not found: ${made.FunctionArn}`,
    })
  })
})
