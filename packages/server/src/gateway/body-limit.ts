import { loadModel, matchRest, type OperationModel } from '@lockstep/wire'

/** An operation whose body may be larger than others', and how it refuses one that is larger still. */
interface LargerBody {
  readonly maxBytes: number
  readonly refusal: string
  /** What its refusal calls the operation. */
  readonly shownAs: string
}

/** A zip of 50 MB in base64, and 256 KiB for what goes with it, as AWS has it. */
const ZIP_BODY_BYTES = 70_167_211
/** 6 MiB, and 100 bytes. */
const PAYLOAD_BYTES = 6_291_556

const ENTITY_TOO_LARGE = 'RequestEntityTooLargeException'

/** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LARGER_BODIES: ReadonlyMap<string, LargerBody> = new Map([
  ['CreateFunction', { maxBytes: ZIP_BODY_BYTES, refusal: ENTITY_TOO_LARGE, shownAs: 'CreateFunction' }],
  [
    'UpdateFunctionCode',
    { maxBytes: ZIP_BODY_BYTES, refusal: ENTITY_TOO_LARGE, shownAs: 'UpdateFunctionCode' },
  ],
  ['Invoke', { maxBytes: PAYLOAD_BYTES, refusal: 'RequestTooLargeException', shownAs: 'InvokeFunction' }],
])

export function largerBody({ service, name }: OperationModel): LargerBody | undefined {
  return service.name === 'lambda' ? LARGER_BODIES.get(name) : undefined
}

/** How large the body may be of a call to this path, where that is another size than any call's. */
export function maxBodyBytesOf(method: string, path: string): number | undefined {
  const operation = matchRest(loadModel('lambda'), method, path)?.operation
  return operation && largerBody(operation)?.maxBytes
}
