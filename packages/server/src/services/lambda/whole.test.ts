import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda'
import { FunctionHouse } from '../../functions/functions.test-support.ts'
import { zipOf } from '../../functions/zip.test-support.ts'
import { functionInput, ROLE } from './lambda.test-support.ts'

const HANDLER = `
export const handler = async (event, context) => {
  console.log('asked by', event.who)
  if (event.who === 'nobody') throw new RangeError('who?')
  return { hello: event.who, level: process.env.LEVEL, by: context.functionName }
}`

function zipWith(text: string): Uint8Array {
  return zipOf([{ name: 'index.mjs', text }])
}

test('a function made of a zip runs with its environment, and another zip takes its place', async () => {
  await using house = await FunctionHouse.open({ listens: true })
  const { server } = house
  const lambda = server.sdk(LambdaClient, server.admin)
  await lambda.send(
    new CreateFunctionCommand(
      functionInput({
        Role: ROLE.replace('runner', 'runs'),
        Code: { ZipFile: zipWith(HANDLER) },
        Environment: { Variables: { LEVEL: 'debug' } },
        Timeout: 20,
        MemorySize: 512,
      }),
    ),
  )
  const invoke = async (who: string) => {
    const input = { FunctionName: 'rotate', Payload: JSON.stringify({ who }), LogType: 'Tail' } as const
    const { Payload, FunctionError, LogResult } = await lambda.send(new InvokeCommand(input))
    const log = Buffer.from(LogResult ?? '', 'base64').toString()
    return { answer: JSON.parse(Payload?.transformToString() ?? ''), FunctionError, log }
  }

  const { answer, FunctionError, log } = await invoke('ada')
  assert.deepEqual(answer, { hello: 'ada', level: 'debug', by: 'rotate' })
  assert.equal(FunctionError, undefined)
  assert.match(log, /asked by ada/)

  const failed = await invoke('nobody')
  assert.equal(failed.FunctionError, 'Unhandled')
  assert.partialDeepStrictEqual(failed.answer, { errorType: 'RangeError', errorMessage: 'who?' })

  const ZipFile = zipWith('export const handler = async () => 2')
  await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'rotate', ZipFile }))
  assert.equal((await invoke('ada')).answer, 2)
})
