import * as cloudtrail from '@aws-sdk/client-cloudtrail'
import * as ec2 from '@aws-sdk/client-ec2'
import * as events from '@aws-sdk/client-eventbridge'
import * as iam from '@aws-sdk/client-iam'
import * as kms from '@aws-sdk/client-kms'
import * as lambda from '@aws-sdk/client-lambda'
import * as secretsmanager from '@aws-sdk/client-secrets-manager'
import * as sns from '@aws-sdk/client-sns'
import * as ssm from '@aws-sdk/client-ssm'
import * as sts from '@aws-sdk/client-sts'
import type { ServiceName } from '../model.ts'
import type { RestRequest } from '../rest-decode.ts'

const MODULES: Readonly<Record<ServiceName, object>> = {
  secretsmanager,
  kms,
  iam,
  sts,
  cloudtrail,
  sns,
  events,
  lambda,
  ssm,
  ec2,
}
const CLIENTS: Readonly<Record<ServiceName, string>> = {
  secretsmanager: 'SecretsManagerClient',
  kms: 'KMSClient',
  iam: 'IAMClient',
  sts: 'STSClient',
  cloudtrail: 'CloudTrailClient',
  sns: 'SNSClient',
  events: 'EventBridgeClient',
  lambda: 'LambdaClient',
  ssm: 'SSMClient',
  ec2: 'EC2Client',
}

type ClientClass = new (config: object) => { send(command: object): Promise<{ readonly $metadata: unknown }> }
type CommandClass = new (input: object) => object

interface HttpAnswer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** The operations Amazon's own SDK knows, by the names of its commands. */
export function sdkOperations(service: ServiceName): readonly string[] {
  return Object.keys(MODULES[service]).flatMap((name) => /^([A-Z]\w+)Command$/.exec(name)?.[1] ?? [])
}

/**
 * Sends `input` through Amazon's serialiser and `answer` through its deserialiser, without a socket.
 * Returns the request the SDK would have sent, and what it makes of the answer; its metadata removed.
 */
export async function throughSdk(
  service: ServiceName,
  operation: string,
  input: object,
  answer: HttpAnswer,
): Promise<{ readonly request: RestRequest; readonly output: object }> {
  // The SDK gives all its clients and all its commands these shapes.
  const Client = Reflect.get(MODULES[service], CLIENTS[service]) as ClientClass
  const Command = Reflect.get(MODULES[service], `${operation}Command`) as CommandClass
  const headers = Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), value])
  let request: RestRequest | undefined
  const client = new Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
    maxAttempts: 1,
    requestHandler: {
      handle: async (sent: SentRequest) => {
        request = received(sent)
        return { response: { ...answer, headers: Object.fromEntries(headers) } }
      },
    },
  })
  const { $metadata, ...output } = await client.send(new Command(input))
  if (!request) throw new Error('the SDK sent nothing')
  return { request, output }
}

/** What the SDK hands to its transport. */
interface SentRequest {
  readonly method: string
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** The request as a server would see it. */
function received({ method, path, query = {}, headers, body }: SentRequest): RestRequest {
  const pairs = Object.entries(query).flatMap(([name, values]) =>
    [values].flat().map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value ?? '')}`),
  )
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : (body as Uint8Array | undefined)
  return {
    method,
    path,
    query: pairs.join('&'),
    headers: Object.entries(headers).flat(),
    body: bytes ?? new Uint8Array(),
  }
}
