/**
 * Runs one invocation of a Node.js handler: asks the Runtime API for it, calls the handler, answers. It is run by
 * the server's own Node in a process that lives for this invocation alone.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
 */
import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { registerHooks } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** What AWS's own runtime brings along, so that handlers need not. */
const BROUGHT_ALONG = /^@(?:aws-sdk|smithy)\//
/** The file as it is named, then with what Node gives a meaning to. */
const ENDINGS = ['.js', '.mjs', '.cjs', '.ts']

const [host, port] = (process.env.AWS_LAMBDA_RUNTIME_API ?? '').split(':')
/** A file of Lockstep from which the AWS SDK resolves. */
const sdkParent = process.argv[2] && pathToFileURL(process.argv[2]).href
process.argv.length = 2

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (!sdkParent || !BROUGHT_ALONG.test(specifier)) return nextResolve(specifier, context)
    try {
      return nextResolve(specifier, context)
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND' && error.code !== 'ERR_MODULE_NOT_FOUND') throw error
      return nextResolve(specifier, { ...context, parentURL: sdkParent })
    }
  },
})

function call(method, path, body, headers = {}) {
  return new Promise((done, failed) => {
    const options = { host, port, method, path: `/2018-06-01/runtime/${path}`, headers, agent: false }
    const sent = request(options, (answer) => {
      const chunks = []
      answer.on('data', (chunk) => chunks.push(chunk))
      answer.on('error', failed)
      answer.on('end', () => done({ headers: answer.headers, text: Buffer.concat(chunks).toString() }))
    })
    sent.on('error', failed)
    sent.end(body)
  })
}

/** Answers. What was printed before has left by then: the process is ended once the server has the answer. */
async function post(path, body, headers) {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise((flushed) => stream.write('', flushed))
  }
  await call('POST', path, body, { 'content-type': 'application/json', ...headers })
}

/** An error as AWS's runtime describes it. */
function describe(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] }
  const { name = 'Error', message = '', stack = '' } = error
  return { errorType: String(name), errorMessage: String(message), trace: String(stack).split('\n') }
}

async function report(path, described) {
  process.stderr.write(`ERROR\t${JSON.stringify(described)}\n`)
  const headers = { 'lambda-runtime-function-error-type': described.errorType.replace(/[^\x21-\x7e]/g, '?') }
  await post(path, JSON.stringify(described), headers)
}

function named(name, message) {
  return Object.assign(new Error(message), { name })
}

/** `dir/file.export.member` -> the function. */
async function loadHandler() {
  const full = process.env._HANDLER ?? ''
  if (full.includes('..'))
    throw named(
      'Runtime.MalformedHandlerName',
      `'${full}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    )
  const match = /^([^.]*)\.(.+)$/.exec(basename(full))
  if (!match) throw named('Runtime.MalformedHandlerName', 'Bad handler')
  const [, module, path] = match
  const file = join(resolve(process.env.LAMBDA_TASK_ROOT ?? '.', dirname(full)), module)
  const found = ENDINGS.map((ending) => file + ending).find((each) => existsSync(each))
  if (!found) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${module}'`)
  let loaded
  try {
    loaded = await import(pathToFileURL(found).href)
  } catch (error) {
    if (error instanceof SyntaxError)
      throw named('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`)
    if (error?.code === 'ERR_MODULE_NOT_FOUND' || error?.code === 'MODULE_NOT_FOUND') {
      throw named('Runtime.ImportModuleError', `Error: ${error.message}`)
    }
    throw error
  }
  const member = (start) => path.split('.').reduce((value, name) => value?.[name], start)
  const handler = member(loaded) ?? member(loaded.default)
  if (handler === undefined || handler === null) {
    throw named('Runtime.HandlerNotFound', `${full} is undefined or not exported`)
  }
  if (typeof handler !== 'function') throw named('Runtime.HandlerNotFound', `${full} is not a function`)
  return handler
}

function contextOf(headers, id, settle) {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms'])
  const { env } = process
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    awsRequestId: id,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    // biome-ignore lint/plugin: a process of its own, which lives by the machine's clock
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
    done: (error, value) => settle(error, value),
    fail: (error) => settle(error ?? new Error('handled')),
    succeed: (value) => settle(null, value),
  }
}

/** The first answer counts. */
function answering(id) {
  let isOver = false
  async function fail(error) {
    if (isOver) return
    isOver = true
    await report(`invocation/${id}/error`, describe(error))
  }
  async function succeed(value) {
    if (isOver) return
    let text
    try {
      text = JSON.stringify(value === undefined ? null : value) ?? 'null'
    } catch (error) {
      return fail(named('Runtime.MarshalError', `Unable to stringify response body: ${error.message}`))
    }
    isOver = true
    await post(`invocation/${id}/response`, text)
  }
  return { fail, succeed, isOver: () => isOver }
}

async function invoke(handler, { headers, text }) {
  const id = headers['lambda-runtime-aws-request-id']
  const answer = answering(id)
  const leave = () => process.exit(1)
  process.on('uncaughtException', (error) => void answer.fail(error).finally(leave))
  process.on('unhandledRejection', (reason) => {
    const { errorMessage, errorType } = describe(reason)
    const error = named('Runtime.UnhandledPromiseRejection', `${errorType}: ${errorMessage}`)
    void answer.fail(error).finally(leave)
  })
  const settle = (error, value) =>
    error === null || error === undefined ? answer.succeed(value) : answer.fail(error)
  let isPromised = false
  // Nothing is left that could answer.
  process.on('beforeExit', () => {
    if (answer.isOver()) return
    if (!isPromised) void answer.succeed(null)
    else
      void answer.fail(named('Runtime.NodeJsExit', 'The event loop is empty and the handler has not settled'))
  })
  try {
    const event = JSON.parse(text)
    if (headers['lambda-runtime-trace-id']) process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id']
    const result = handler(event, contextOf(headers, id, settle), settle)
    isPromised = typeof result?.then === 'function'
    if (isPromised) await answer.succeed(await result)
  } catch (error) {
    await answer.fail(error)
  }
}

let handler
try {
  handler = await loadHandler()
} catch (error) {
  await report('init/error', describe(error))
  process.exit(1)
}
await invoke(handler, await call('GET', 'invocation/next'))
