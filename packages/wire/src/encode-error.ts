import type { AwsError } from './aws-error.ts'
import type { Protocol, ServiceModel } from './model.ts'
import { escapeXml } from './xml.ts'

/** An HTTP answer but for what every answer gets, such as its length. */
export interface EncodedError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

// What AWS names in a Query error that belongs to no service.
const FAULT_NAMESPACE = 'http://webservices.amazon.com/AWSFault/2005-15-09'

const utf8 = new TextEncoder()

/**
 * An error as its service would answer it. The status is the model's where the service models the code, else the
 * error's own. `service` is undefined when the request names none. Further members of an error travel in JSON
 * only; no error of a Query service has any. JSON 1.1 SDKs read the code in the body or in x-amzn-errortype,
 * whichever they look at first, so both are sent.
 */
export function encodeError(
  service: ServiceModel | undefined,
  protocol: Protocol,
  error: AwsError,
  requestId: string,
): EncodedError {
  const model = service?.error(error.code)
  const status = model?.status ?? error.status
  if (protocol === 'query') {
    const headers = { 'content-type': 'text/xml', 'x-amzn-RequestId': requestId }
    return { status, headers, body: utf8.encode(queryBody(service, status, error, requestId)) }
  }
  if (protocol === 'ec2') {
    const headers = { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-RequestId': requestId }
    return { status, headers, body: utf8.encode(ec2Body(error, requestId)) }
  }
  const isRest = protocol === 'rest-json'
  const headers = {
    'content-type': isRest ? 'application/json' : 'application/x-amz-json-1.1',
    'x-amzn-RequestId': requestId,
    'x-amzn-errortype': error.code,
  }
  const sentence = model?.messageMember ?? unmodelledMember(error.code)
  // REST services say the code in the header alone, and whose fault it is in the body.
  const told = isRest ? model?.typed && { Type: model.fault ? 'Service' : 'User' } : { __type: error.code }
  const body = JSON.stringify({ ...error.members, ...told, [sentence]: error.message })
  return { status, headers, body: utf8.encode(body) }
}

/** Errors of the front end say `message`, but for this one. */
function unmodelledMember(code: string): 'Message' | 'message' {
  return code === 'SerializationException' ? 'Message' : 'message'
}

function queryBody(
  service: ServiceModel | undefined,
  status: number,
  { code, message }: AwsError,
  requestId: string,
): string {
  const fault = status >= 500 ? 'Receiver' : 'Sender'
  const error = `<Type>${fault}</Type><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>`
  const namespace = escapeXml(service?.xmlNamespace ?? FAULT_NAMESPACE)
  const id = `<RequestId>${escapeXml(requestId)}</RequestId>`
  return `<ErrorResponse xmlns="${namespace}"><Error>${error}</Error>${id}</ErrorResponse>`
}

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
function ec2Body({ code, message }: AwsError, requestId: string): string {
  const error = `<Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>`
  return `<Response><Errors><Error>${error}</Error></Errors><RequestID>${escapeXml(requestId)}</RequestID></Response>`
}
