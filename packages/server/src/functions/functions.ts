/** One invocation of a function. Whether the caller may is decided before. */
export interface Invocation {
  /** The unqualified ARN, of a user's function or of a built-in one. */
  readonly functionArn: string
  /** JSON, as the handler gets it. May hold secrets' ids and tokens: never logged. */
  readonly payload: Uint8Array
  /**
   * Narrows what the function's role may do in this one invocation; JSON of an IAM policy.
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
   */
  readonly sessionPolicy?: string
}

export interface InvocationResult {
  readonly requestId: string
  /** What the handler answered, JSON; for a failed one `{"errorType","errorMessage","trace"?}`. */
  readonly payload: Uint8Array
  /** Absent: it succeeded. `Unhandled`: it threw, ran out of time or memory, or its process died. */
  readonly functionError?: 'Unhandled'
  /** The last 4 KiB of what it printed. */
  readonly logTail: string
  readonly durationMs: number
}

/** Runs functions, each invocation in a process of its own, as AWS Lambda would. */
export interface Functions {
  /**
   * @throws AwsError ResourceNotFoundException where there is no such function,
   * TooManyRequestsException where too many run already.
   */
  invoke(invocation: Invocation): Promise<InvocationResult>
}
