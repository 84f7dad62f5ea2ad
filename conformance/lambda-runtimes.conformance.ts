/** Functions that speak to the Runtime API through Amazon's own clients of it, and one of Python that uses boto3. */
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { CreateFunctionCommand, InvokeCommand, LambdaClient, type Runtime } from '@aws-sdk/client-lambda'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { type ZipEntry, zipOf } from '../packages/server/src/functions/zip.test-support.ts'
import { type Component, NODE_RUNTIME_CLIENT, needing, PYTHON } from './components.ts'
import { type Caller, callerOf, sdk } from './sdk.ts'
import { sharedServer } from './server.ts'

const NODE_HANDLER = `export const handler = async (event, context) => {
  if (event.fail) throw new RangeError('asked to')
  return { event, id: context.awsRequestId, arn: context.invokedFunctionArn }
}`
const PYTHON_HANDLER = `def handler(event, context):
    if event.get('fail'): raise KeyError('asked to')
    return {'event': event, 'id': context.aws_request_id, 'arn': context.invoked_function_arn}
`
const BOTO3_HANDLER = `import boto3
def handler(event, context):
    return {'value': boto3.client('secretsmanager').get_secret_value(SecretId=event['id'])['SecretString'],
            'caller': boto3.client('sts').get_caller_identity()['Arn']}
`

interface Answer {
  readonly failed: string | undefined
  readonly json: Readonly<Record<string, unknown>>
}

/** Makes a function of these files, with a role that reads secrets; what calls it. */
async function made(
  caller: Caller,
  Runtime: Runtime,
  entries: readonly ZipEntry[],
): Promise<(event: object) => Promise<Answer>> {
  const iam = sdk(IAMClient, caller)
  const document = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: 'runs', AssumeRolePolicyDocument: document(trust) }),
  )
  const PolicyDocument = document({ Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' })
  await iam.send(new PutRolePolicyCommand({ RoleName: 'runs', PolicyName: 'inline', PolicyDocument }))
  const lambda = sdk(LambdaClient, caller)
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: 'work',
      Runtime,
      Role: Role?.Arn,
      Handler: 'app.handler',
      Code: { ZipFile: zipOf(entries) },
      Timeout: 30,
      MemorySize: 512,
    }),
  )
  return async (event) => {
    const Payload = Buffer.from(JSON.stringify(event))
    const answer = await lambda.send(new InvokeCommand({ FunctionName: 'work', Payload }))
    return { failed: answer.FunctionError, json: JSON.parse(Buffer.from(answer.Payload ?? []).toString()) }
  }
}

interface Client {
  readonly component: Component
  /** What `bootstrap` runs. */
  readonly command: string
  readonly handler: ZipEntry
  /** What the handler throws. */
  readonly errorType: string
}

const CLIENTS: readonly Client[] = [
  {
    component: 'awslambdaric',
    command: `"${PYTHON}" -m awslambdaric "$_HANDLER"`,
    handler: { name: 'app.py', text: PYTHON_HANDLER },
    errorType: 'KeyError',
  },
  {
    component: 'aws-lambda-ric',
    command: `"${process.execPath}" "${NODE_RUNTIME_CLIENT}" "$_HANDLER"`,
    handler: { name: 'app.mjs', text: NODE_HANDLER },
    errorType: 'RangeError',
  },
]

for (const { component, command, handler, errorType } of CLIENTS) {
  describe(`Amazon's ${component}`, () => {
    const hooks = needing(component)
    const server = sharedServer(hooks)
    hooks.test('takes its event, answers it, and reports what the handler throws', async () => {
      const bootstrap = { name: 'bootstrap', text: `#!/bin/sh\nexec ${command}\n`, mode: 0o100755 }
      const caller = callerOf(await server().administrator())
      const invoke = await made(caller, 'provided.al2023', [bootstrap, handler])
      const answer = await invoke({ a: [1, 'é'] })
      assert.equal(answer.failed, undefined, JSON.stringify(answer.json))
      assert.deepEqual(answer.json.event, { a: [1, 'é'] })
      assert.match(String(answer.json.arn), /^arn:aws:lambda:us-east-1:\d{12}:function:work$/)
      assert.match(String(answer.json.id), /^[0-9a-f-]{36}$/)
      const failure = await invoke({ fail: true })
      assert.equal(failure.failed, 'Unhandled')
      assert.equal(failure.json.errorType, errorType)
    })
  })
}

describe('a function of Python', () => {
  const hooks = needing('boto3')
  const server = sharedServer(hooks, { flags: ['--function-python', PYTHON] })
  hooks.test('reads a secret through the boto3 of its interpreter, as its role', async () => {
    const caller = callerOf(await server().administrator())
    await sdk(SecretsManagerClient, caller).send(
      new CreateSecretCommand({ Name: 'db', SecretString: 'the value' }),
    )
    const invoke = await made(caller, 'python3.12', [{ name: 'app.py', text: BOTO3_HANDLER }])
    const { json } = await invoke({ id: 'db' })
    assert.equal(json.value, 'the value', JSON.stringify(json))
    assert.match(String(json.caller), /:assumed-role\/runs\/work$/)
  })
})
