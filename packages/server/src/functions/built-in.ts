import { formatArn } from '@lockstep/wire'
import type { FunctionRecord } from '../store/functions.ts'
import type { Place } from '../store/store.ts'

interface BuiltIn {
  readonly name: string
  readonly description: string
  /** What `import()` takes; it exports `handler`. */
  readonly module: string
  /** Absent: 300, which is enough for one database. */
  readonly timeoutSeconds?: number
}

/** The functions that every account has in every region, by name. */
const BUILT_INS: readonly BuiltIn[] = [
  {
    name: 'lockstep-rotate-postgresql',
    description: 'Rotates the password of a PostgreSQL user',
    module: '@lockstep/workers/rotation/postgresql',
  },
  {
    name: 'lockstep-rotate-random-password',
    description: 'Rotates a secret to a new random password',
    module: '@lockstep/workers/rotation/random-password',
  },
  {
    name: 'lockstep-rotate-ssh-key-pair',
    description: 'Rotates an SSH key pair on every node with a tag',
    module: '@lockstep/workers/rotation/ssh-key-pair',
    // Lambda's most: a step waits for every node, and for readers of the old key.
    timeoutSeconds: 900,
  },
]

// They are older than whoever asks, and change with the server's version only.
const MADE_AT = new Date(0)

/** The built-in function of that name as `place` sees it. Nothing of it is in the store. */
export function builtInFunction(place: Place, partition: string, name: string): FunctionRecord | undefined {
  const found = BUILT_INS.find((one) => one.name === name)
  return found && recordOf(found, place, partition)
}

/** Every built-in function as `place` sees it, by name. */
export function builtInFunctions(place: Place, partition: string): readonly FunctionRecord[] {
  return BUILT_INS.map((one) => recordOf(one, place, partition))
}

function recordOf(
  { name, description, module, timeoutSeconds = 300 }: BuiltIn,
  { account, region }: Place,
  partition: string,
): FunctionRecord {
  const arn = formatArn({ partition, service: 'lambda', region, account, resource: `function:${name}` })
  const document = policyOf(arn, account)
  return {
    account,
    region,
    name,
    arn,
    description,
    runtime: 'nodejs24.x',
    handler: 'index.handler',
    // Nobody can assume it or pass it on: a name for what the function does, as AWS's own services have.
    roleArn: `arn:${partition}:iam::${account}:role/service-role/lockstep-rotation`,
    timeoutSeconds,
    memoryMb: 256,
    code: { kind: 'built-in', module },
    policy: { document, bound: document, principals: {} },
    revisionId: '00000000-0000-4000-8000-000000000000',
    createdAt: MADE_AT,
    modifiedAt: MADE_AT,
  }
}

/** Admits Secrets Manager for the sake of the account's own secrets. */
function policyOf(arn: string, account: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Id: 'default',
    Statement: [
      {
        Sid: 'SecretsManager',
        Effect: 'Allow',
        Principal: { Service: 'secretsmanager.amazonaws.com' },
        Action: 'lambda:InvokeFunction',
        Resource: arn,
        Condition: { StringEquals: { 'AWS:SourceAccount': account } },
      },
    ],
  })
}
