import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FunctionHouse, write } from './functions.test-support.ts'

const LEAK = `const kept = []
export const handler = async () => { for (;;) { kept.push(Buffer.alloc(8e6, 1)); await new Promise((go) => setTimeout(go, 5)) } }`

describe('what a function of Node.js answers', { concurrency: 2 }, () => {
  test('an async handler gets its event and its context, and its value is the answer', async () => {
    await using house = await FunctionHouse.open()
    const answer = await house.runs(
      `export const handler = async (event, context) => ({ event, name: context.functionName, id: context.awsRequestId,
         arn: context.invokedFunctionArn, isTimely: context.getRemainingTimeInMillis() > 15000 })`,
      {},
      { Step: 'createSecret' },
    )
    assert.equal(answer.functionError, undefined)
    assert.deepEqual(answer.json, {
      event: { Step: 'createSecret' },
      name: 'work',
      id: answer.requestId,
      arn: 'arn:aws:lambda:us-east-1:111122223333:function:work',
      isTimely: true,
    })
  })

  test('a CommonJS handler in a folder may answer by callback', async () => {
    await using house = await FunctionHouse.open()
    const code = {
      'src/app.js': 'exports.run = (event, context, done) => setTimeout(() => done(null, 7), 5)',
    }
    const arn = await house.add({ files: code, handler: 'src/app.run' })
    assert.equal(Buffer.from((await house.invoke(arn)).payload).toString(), '7')
  })

  test('nothing to answer is null', async () => {
    await using house = await FunctionHouse.open()
    assert.equal((await house.runs('export const handler = async () => {}')).json, null)
    const arn = await house.add({ name: 'sync', files: { 'index.mjs': 'export const handler = () => {}' } })
    assert.equal((await house.invoke(arn)).json, null)
  })

  test('what it throws is the error, with its type and trace', async () => {
    await using house = await FunctionHouse.open()
    const answer = await house.runs('export const handler = async () => { throw new RangeError("too far") }')
    assert.equal(answer.functionError, 'Unhandled')
    const { errorType, errorMessage, trace } = answer.json
    assert.deepEqual([errorType, errorMessage], ['RangeError', 'too far'])
    assert.match(String(trace), /index\.mjs:1/)
  })

  test('what is thrown where nobody catches is the error, too', async () => {
    await using house = await FunctionHouse.open()
    const later = 'export const handler = () => { setTimeout(() => { throw new Error("later") }, 5) }'
    assert.equal((await house.runs(later)).json.errorMessage, 'later')
    const lost = 'export const handler = () => { Promise.reject(new Error("lost")) }'
    const arn = await house.add({ name: 'lost', files: { 'index.mjs': lost } })
    assert.equal((await house.invoke(arn)).json.errorType, 'Runtime.UnhandledPromiseRejection')
  })

  test('a module that is missing, is broken, throws, or lacks the handler is an error of AWS’s names', async () => {
    await using house = await FunctionHouse.open()
    const errorOf = async (name: string, files: Record<string, string>) =>
      (await house.invoke(await house.add({ name, files }))).json.errorType
    assert.equal(await errorOf('missing', {}), 'Runtime.ImportModuleError')
    assert.equal(await errorOf('import', { 'index.mjs': "import 'nowhere'" }), 'Runtime.ImportModuleError')
    assert.equal(await errorOf('broken', { 'index.mjs': 'export const =' }), 'Runtime.UserCodeSyntaxError')
    assert.equal(await errorOf('throws', { 'index.mjs': 'throw new TypeError("no")' }), 'TypeError')
    assert.equal(await errorOf('other', { 'index.mjs': 'export const run = 1' }), 'Runtime.HandlerNotFound')
  })

  test('a value that is no JSON is a marshalling error', async () => {
    await using house = await FunctionHouse.open()
    const answer = await house.runs('export const handler = async () => 1n')
    assert.equal(answer.json.errorType, 'Runtime.MarshalError')
  })

  test('an answer of more than 6 MiB is refused', async () => {
    await using house = await FunctionHouse.open()
    const answer = await house.runs('export const handler = async () => "x".repeat(7e6)')
    assert.deepEqual(answer.json, {
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    })
  })
})

describe('a function that does not answer', { concurrency: 2 }, () => {
  test('is ended when its time is over', async () => {
    await using house = await FunctionHouse.open()
    const hangs = 'export const handler = () => new Promise(() => setInterval(() => {}, 1000))'
    const answer = await house.runs(hangs, { timeoutSeconds: 1 })
    assert.deepEqual(answer.json, {
      errorType: 'Sandbox.Timedout',
      errorMessage: `RequestId: ${answer.requestId} Error: Task timed out after 1.00 seconds`,
    })
    assert.equal(answer.functionError, 'Unhandled')
    assert.match(answer.logTail, /Z \S+ Task timed out after 1\.00 seconds\n$/)
    // Timers and clocks each round in their own way.
    assert.ok(answer.durationMs > 980, String(answer.durationMs))
  })

  test('is told of by its exit status, or by the signal that killed it', async () => {
    await using house = await FunctionHouse.open()
    const exits = await house.runs('export const handler = async () => process.exit(3)')
    assert.deepEqual(exits.json, {
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${exits.requestId} Error: Runtime exited with error: exit status 3`,
    })
    const source = 'export const handler = async () => process.kill(process.pid, "SIGKILL")'
    const killed = await house.invoke(await house.add({ name: 'killed', files: { 'index.mjs': source } }))
    assert.match(String(killed.json.errorMessage), /Runtime exited with error: signal: killed$/)
    const quiet = 'process.exit(0)'
    const left = await house.invoke(await house.add({ name: 'left', files: { 'index.mjs': quiet } }))
    assert.match(String(left.json.errorMessage), /Runtime exited without providing a reason$/)
  })

  test('and takes more memory than it may is killed', async () => {
    await using house = await FunctionHouse.open()
    const answer = await house.runs(LEAK, { memoryMb: 128 })
    assert.equal(answer.json.errorType, 'Runtime.ExitError')
    assert.match(String(answer.json.errorMessage), /signal: killed$/)
  })

  test('and whose children take more memory than it may is killed', async () => {
    await using house = await FunctionHouse.open()
    const files = {
      'leak.mjs': `${LEAK}\nhandler()`,
      'index.mjs': `import { spawn } from 'node:child_process'
        export const handler = () => new Promise(() => spawn(process.execPath, ['leak.mjs'], { detached: true }))`,
    }
    const answer = await house.invoke(await house.add({ files, memoryMb: 200 }))
    assert.match(String(answer.json.errorMessage), /signal: killed$/)
  })
})

test('a function whose code was changed runs as it is now', async () => {
  await using house = await FunctionHouse.open()
  const path = house.directory({ 'index.mjs': 'export const handler = async () => "before"' })
  const arn = await house.add({ files: {} })
  const { store } = house.server.house
  const place = { account: house.server.house.account, region: 'us-east-1' }
  const record = await store.read.functions.byName(place, 'work')
  assert.ok(record)
  await store.write((tx) => tx.functions.update({ ...record, code: { kind: 'directory', path } }))
  assert.equal((await house.invoke(arn)).json, 'before')
  write(path, { 'index.mjs': 'export const handler = async () => "after"' })
  assert.equal((await house.invoke(arn)).json, 'after')
})

test('one that is not there, or whose runtime is not ours, is an error of Lambda', async () => {
  await using house = await FunctionHouse.open()
  const missing = 'arn:aws:lambda:us-east-1:111122223333:function:nothing'
  await assert.rejects(house.invoke(missing), {
    code: 'ResourceNotFoundException',
    message: `Function not found: ${missing}`,
  })
  await assert.rejects(house.invoke('not an ARN'), { code: 'ResourceNotFoundException' })
  await assert.rejects(house.invoke(`${missing}:7`), { code: 'ResourceNotFoundException' })
  const java = await house.add({ name: 'java', runtime: 'java21' })
  await assert.rejects(house.invoke(java), { code: 'InvalidRuntimeException' })
})

test('a function of Python where there is no interpreter is an error of Lambda', async () => {
  await using house = await FunctionHouse.open({ settings: { 'function-python': '/nowhere/python' } })
  const arn = await house.add({ runtime: 'python3.12', files: { 'index.py': '' } })
  await assert.rejects(house.invoke(arn), { code: 'InvalidRuntimeException' })
})

test('more at once than are allowed are turned away, and let in when there is room', async () => {
  await using house = await FunctionHouse.open({ settings: { 'function-concurrency': '1' } })
  const arn = await house.add({ files: { 'index.mjs': 'export const handler = async () => 1' } })
  const both = await Promise.allSettled([house.invoke(arn), house.invoke(arn)])
  // Whichever is found first.
  const told = both.map((each) => (each.status === 'rejected' ? each.reason.code : each.value.functionError))
  assert.deepEqual(new Set(told), new Set([undefined, 'TooManyRequestsException']))
  assert.equal((await house.invoke(arn)).functionError, undefined)
})

test('a server that stops ends what runs, and its callers hear so', async () => {
  const house = await FunctionHouse.open()
  const arn = await house.add({
    files: { 'index.mjs': 'export const handler = () => new Promise(() => setInterval(() => {}, 1000))' },
    timeoutSeconds: 900,
  })
  const heard = assert.rejects(house.invoke(arn), /the server is stopping/)
  await house[Symbol.asyncDispose]()
  await heard
})
