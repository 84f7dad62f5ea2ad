/** The container's HEALTHCHECK: ends with 0 where the server beside it says that it is healthy, else with 1. */
import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'

const ANSWER_LIMIT_MS = 4_000
const PORT = /:(\d+)$/

const isTls = Boolean(process.env.LOCKSTEP_TLS_CERT)
const options = {
  host: '127.0.0.1',
  port: PORT.exec(process.env.LOCKSTEP_LISTEN ?? '')?.[1] ?? '4600',
  path: '/healthz',
  signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
}

const request = isTls
  ? // The certificate names the address that clients use, not this one. Nothing is sent, and what is asked is
    // only whether the process beside this one is well.
    requestTls({ ...options, rejectUnauthorized: false })
  : requestPlain(options)
request.on('response', (response) => {
  response.pipe(process.stdout)
  process.exitCode = response.statusCode === 200 ? 0 : 1
})
request.on('error', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
request.end()
