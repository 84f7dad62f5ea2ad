export { type Arn, formatArn, parseArn, partitionOf } from './arn.ts'
export { AwsError, type ErrorStatus } from './aws-error.ts'
export { type EncodedError, encodeError } from './encode-error.ts'
export { type FormParameters, parseForm } from './form.ts'
export type { Operations } from './generated/operations.ts'
export { decodeJson } from './json-decode.ts'
export { encodeJson } from './json-encode.ts'
export {
  type ErrorModel,
  loadModel,
  type OperationModel,
  type Protocol,
  type ServiceModel,
  type ServiceName,
} from './model.ts'
export { decodeQuery } from './query-decode.ts'
export { encodeQuery } from './query-encode.ts'
export { decodeRest, type RestRequest } from './rest-decode.ts'
export { encodeRest, type RestAnswer } from './rest-encode.ts'
export { matchRest } from './rest-route.ts'
export type { Members } from './shape.ts'
export * from './sigv4/index.ts'
export { trailParameters, trailResponse } from './trail.ts'
export { validate } from './validate.ts'
export type { Validated } from './validated.ts'
