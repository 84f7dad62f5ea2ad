import * as cloudtrail from '@aws-sdk/client-cloudtrail'
import * as events from '@aws-sdk/client-eventbridge'
import * as iam from '@aws-sdk/client-iam'
import * as kms from '@aws-sdk/client-kms'
import * as secretsmanager from '@aws-sdk/client-secrets-manager'
import * as sns from '@aws-sdk/client-sns'
import * as sts from '@aws-sdk/client-sts'
import type { ServiceName } from '../model.ts'

const MODULES: Readonly<Record<ServiceName, object>> = {
  secretsmanager,
  kms,
  iam,
  sts,
  cloudtrail,
  sns,
  events,
}
const CLIENTS: Readonly<Record<ServiceName, string>> = {
  secretsmanager: 'SecretsManagerClient',
  kms: 'KMSClient',
  iam: 'IAMClient',
  sts: 'STSClient',
  cloudtrail: 'CloudTrailClient',
  sns: 'SNSClient',
  events: 'EventBridgeClient',
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
 * Returns the body the SDK would have sent, and what it makes of the answer; its metadata removed.
 */
export async function throughSdk(
  service: ServiceName,
  operation: string,
  input: object,
  answer: HttpAnswer,
): Promise<{ readonly body: Uint8Array; readonly output: object }> {
  // The SDK gives all its clients and all its commands these shapes.
  const Client = Reflect.get(MODULES[service], CLIENTS[service]) as ClientClass
  const Command = Reflect.get(MODULES[service], `${operation}Command`) as CommandClass
  const headers = Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), value])
  let body: unknown
  const client = new Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: { readonly body?: unknown }) => {
        body = request.body
        return { response: { ...answer, headers: Object.fromEntries(headers) } }
      },
    },
  })
  const { $metadata, ...output } = await client.send(new Command(input))
  return { body: typeof body === 'string' ? new TextEncoder().encode(body) : (body as Uint8Array), output }
}
