import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  AwsError,
  decodeEc2,
  decodeJson,
  decodeQuery,
  decodeRest,
  encodeEc2,
  encodeError,
  encodeJson,
  encodeQuery,
  encodeRest,
  loadModel,
  type Members,
  matchRest,
  type OperationModel,
  parseForm,
  type RestRequest,
  validate,
} from './index.ts'
import type { StructureShape } from './shape.ts'
import { validStructure } from './testing/arbitrary.ts'
import { sdkOperations, throughSdk } from './testing/sdk.ts'
import { operationOf, SERVICES, TABLES } from './testing/tables.ts'

const RUNS_PER_OPERATION = 2

for (const service of SERVICES) {
  const model = loadModel(service)

  describe(service, () => {
    test('every operation reads what the SDK writes, and the SDK reads what it writes', async () => {
      for (const name of model.operationNames) {
        const operation = operationOf(service, name)
        const exchange = fc.tuple(
          validStructure(operation.input).filter((input) => canBeSent(operation, input)),
          (operation.output ? validStructure(operation.output) : fc.constant({})).filter((output) =>
            canBeAnswered(operation, output),
          ),
        )
        await fc.assert(
          fc.asyncProperty(exchange, ([input, output]) => roundTrip(operation, input, output)),
          {
            numRuns: RUNS_PER_OPERATION,
          },
        )
      }
    })

    test('every error arrives in the SDK under its code, with its sentence and status', async () => {
      // The SDK sends nothing where a label is missing.
      const name = model.operationNames.find((each) =>
        operationOf(service, each).input.members.every(({ location }) => location?.kind !== 'uri'),
      )
      assert.ok(name)
      for (const code of ['AccessDeniedException', ...Object.keys(TABLES[service].errors)]) {
        const { status, headers, body } = encodeError(
          model,
          model.protocol,
          new AwsError(code, 'a < b'),
          'id-1',
        )
        const error: unknown = await throughSdk(
          service,
          name,
          {},
          { statusCode: status, headers, body },
        ).then(
          () => assert.fail('the SDK saw no error'),
          (thrown: unknown) => thrown,
        )
        assert.ok(error instanceof Error)
        const metadata: unknown = Reflect.get(error, '$metadata')
        // For Query the SDK names the error after its shape, and keeps the code beside it.
        assert.equal(model.protocol === 'query' ? Reflect.get(error, 'Code') : error.name, code)
        assert.equal(error.message, 'a < b', code)
        assert.deepEqual(pick(metadata, 'httpStatusCode', 'requestId'), {
          httpStatusCode: status,
          requestId: 'id-1',
        })
      }
    })

    test('the SDK knows every operation of the table', (t) => {
      const known = new Set(sdkOperations(service))
      assert.deepEqual(
        model.operationNames.filter((name) => !known.has(name)),
        [],
      )
      const newer = [...known].filter((name) => !model.operation(name))
      if (newer.length > 0) t.diagnostic(`${service}: the SDK has operations newer than models/: ${newer}`)
    })
  })
}

async function roundTrip(operation: OperationModel, input: object, output: object): Promise<void> {
  const { service, name } = operation
  const sdk = await throughSdk(service.name, name, input, answerOf(operation, output))
  const decoded = decode(operation, sdk.request)
  validate(operation, decoded)
  // The SDK adds a token where the caller gives none.
  const added = 'ClientRequestToken' in input ? {} : pick(decoded, 'ClientRequestToken')
  assert.deepEqual(plain(decoded), plain({ ...input, ...added }), `${name}: input`)
  assert.deepEqual(plain(sdk.output), plain(output), `${name}: output`)
}

function answerOf(operation: OperationModel, output: object) {
  if (operation.service.protocol === 'rest-json') {
    const { status, ...answer } = encodeRest(operation, output)
    return { statusCode: status, ...answer }
  }
  return { statusCode: 200, headers: {}, body: bodyOf(operation, output) }
}

function bodyOf(operation: OperationModel, output: object): Uint8Array {
  switch (operation.service.protocol) {
    case 'query':
      return encodeQuery(operation, output, 'id-1')
    case 'ec2':
      return encodeEc2(operation, output, 'id-1')
    default:
      return encodeJson(operation, output)
  }
}

function decode(operation: OperationModel, request: RestRequest): Members {
  switch (operation.service.protocol) {
    case 'query':
      return decodeQuery(operation, parseForm(new TextDecoder().decode(request.body)))
    case 'ec2':
      return decodeEc2(operation, parseForm(new TextDecoder().decode(request.body)))
    case 'json':
      return decodeJson(operation, request.body)
    case 'rest-json':
      assert.equal(matchRest(operation.service, request.method, request.path)?.operation, operation)
      return decodeRest(operation, request)
  }
}

/** REST cannot tell an empty body from none, and the SDK calls either empty; every answer has a status. */
function canBeAnswered({ output: shape }: OperationModel, output: object): boolean {
  const status = shape?.members.find(({ location }) => location?.kind === 'statusCode')
  const hasStatus = status === undefined || Reflect.get(output, status.name) !== undefined
  return hasStatus && (shape?.payload === undefined || !isEmpty(Reflect.get(output, shape.payload)))
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (value instanceof Uint8Array && value.length === 0)
}

/** Query has no way to write a structure without members, nor has EC2, which cannot write an empty list either. */
function canBeSent({ service, input: shape }: OperationModel, input: object): boolean {
  // A global endpoint is signed with SigV4a, which the SDK leaves to a package of its own.
  if ('EndpointId' in input) return false
  if (service.protocol === 'rest-json') return canBePlaced(shape, input)
  if (service.protocol === 'ec2') return !hasEmpty(Object.values(input), isEmptyListOrStructure)
  return (
    service.protocol === 'json' ||
    shape.members.length === 0 ||
    !hasEmpty(Object.values(input), isEmptyStructure)
  )
}

/**
 * REST has no way to write an empty payload that is not absent, nor an empty list in the query. A segment of dots is no
 * operation's: signatures read such a path otherwise.
 */
function canBePlaced({ payload, members }: StructureShape, input: object): boolean {
  return members.every(({ name, location }) => {
    const value: unknown = Reflect.get(input, name)
    if (name === payload) return value === undefined || !isEmpty(value)
    if (location?.kind === 'uri') return value !== '.' && value !== '..'
    return location?.kind !== 'querystring' || !Array.isArray(value) || value.length > 0
  })
}

function hasEmpty(values: readonly unknown[], isEmptyOne: (value: object) => boolean): boolean {
  return values.some(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      !(value instanceof Date || value instanceof Uint8Array) &&
      (isEmptyOne(value) || hasEmpty(Object.values(value), isEmptyOne)),
  )
}

function isEmptyStructure(value: object): boolean {
  return !Array.isArray(value) && Object.keys(value).length === 0
}

function isEmptyListOrStructure(value: object): boolean {
  return Object.keys(value).length === 0
}

/** Without what assert.deepEqual would mind and the wire does not: prototypes, classes of bytes, undefined. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (value instanceof Date || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(plain)
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined)
  return Object.fromEntries(entries.map(([name, entry]) => [name, plain(entry)]))
}

function pick(value: unknown, ...names: readonly string[]): object {
  assert.ok(typeof value === 'object' && value !== null)
  return Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name)))
}
