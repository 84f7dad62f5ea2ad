import { isJson } from '../platform/is-json.ts'
import type { InvocationResult } from './functions.ts'

/**
 * The largest answer: 6 MiB and a little for the envelope.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100

/** How an invocation ended. */
export type Outcome =
  | { readonly kind: 'response'; readonly payload: Uint8Array }
  | { readonly kind: 'response-too-large' }
  /** The runtime reported an error of the handler's, or of loading it. */
  | { readonly kind: 'error'; readonly payload: Uint8Array; readonly type: string }
  | { readonly kind: 'timed-out'; readonly seconds: number }
  | { readonly kind: 'out-of-memory' }
  | { readonly kind: 'too-many-processes' }
  /** The process ended without an answer. */
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null }

type Answer = Pick<InvocationResult, 'payload' | 'functionError'>

/** What the caller of the function is told, in AWS's shapes: JSON, whatever the function answered. */
export function answerOf(outcome: Outcome, requestId: string): Answer {
  switch (outcome.kind) {
    case 'response':
      // DIVERGENCE: AWS passes on what a custom runtime answers, whatever it is. Here it is JSON or an error, so
      // that whoever acts on an answer can read it.
      if (isJson(outcome.payload)) return { payload: outcome.payload }
      return failed('Runtime.InvalidResponse', `RequestId: ${requestId} Error: The response is not JSON`)
    case 'response-too-large':
      return failed(
        'Function.ResponseSizeTooLarge',
        `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
      )
    case 'error':
      if (isJson(outcome.payload)) return { payload: outcome.payload, functionError: 'Unhandled' }
      return failed(
        outcome.type,
        `RequestId: ${requestId} Error: The runtime reported an error that is not JSON`,
      )
    default:
      return failed(
        outcome.kind === 'timed-out' ? 'Sandbox.Timedout' : 'Runtime.ExitError',
        `RequestId: ${requestId} Error: ${reasonOf(outcome)}`,
      )
  }
}

type Ended = Exclude<Outcome, { readonly kind: 'response' | 'response-too-large' | 'error' }>

/** Why there was no answer, in AWS's words; also the line that the log ends with. */
export function reasonOf(outcome: Ended): string {
  switch (outcome.kind) {
    case 'timed-out':
      return `Task timed out after ${outcome.seconds.toFixed(2)} seconds`
    case 'out-of-memory':
    case 'too-many-processes':
      return 'Runtime exited with error: signal: killed'
    case 'exited':
      if (outcome.signal !== null) return `Runtime exited with error: signal: ${signalText(outcome.signal)}`
      if (outcome.code === 0) return 'Runtime exited without providing a reason'
      return `Runtime exited with error: exit status ${outcome.code}`
  }
}

/** Signals as Linux's strsignal, and so AWS, describes them. */
const SIGNAL_TEXTS: Readonly<Record<string, string>> = {
  SIGABRT: 'aborted',
  SIGALRM: 'alarm clock',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
  SIGKILL: 'killed',
  SIGPIPE: 'broken pipe',
  SIGQUIT: 'quit',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
  SIGTRAP: 'trace/breakpoint trap',
}

function signalText(signal: string): string {
  return SIGNAL_TEXTS[signal] ?? signal
}

function failed(errorType: string, errorMessage: string): Answer {
  return { payload: Buffer.from(JSON.stringify({ errorType, errorMessage })), functionError: 'Unhandled' }
}
