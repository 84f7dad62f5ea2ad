/** Rotation functions as they are written for AWS, uploaded and run by real clients, unchanged. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'node:test'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { type ZipEntry, zipOf } from '../packages/server/src/functions/zip.test-support.ts'
import { AwsCli } from './aws-cli.ts'
import { NODE_RUNTIME_CLIENT, needing, PYTHON } from './components.ts'
import { cleanEnvironment } from './loopback.ts'
import { finish } from './process.ts'
import {
  handlerFile,
  newRotationRole,
  packageWithDependencies,
  SECRETS_MANAGER,
} from './rotation-functions.ts'
import { STEPS, until } from './rotation-site.ts'
import { type Caller, callerOf, newUser, sdk } from './sdk.ts'
import { Scratch, sharedServer } from './server.ts'

interface Described {
  readonly RotationEnabled?: boolean
  readonly RotationLambdaARN?: string
  /** Seconds since 1970, as on the wire. */
  readonly LastRotatedDate?: number
  readonly NextRotationDate?: number
  readonly VersionIdsToStages: Readonly<Record<string, readonly string[]>>
}

/** What the handlers print of each step. */
interface StepLine {
  readonly step: string
  readonly secret: string
  readonly token: string
  readonly rotationToken: boolean
}

interface FunctionFiles {
  readonly name: string
  readonly runtime: string
  readonly handler: string
  readonly files: readonly ZipEntry[]
}

const RULES = { AutomaticallyAfterDays: 30 }

function bootstrap(command: string): ZipEntry {
  return { name: 'bootstrap', text: `#!/bin/sh\nexec ${command}\n`, mode: 0o100755 }
}

describe('rotation functions written for AWS', { concurrency: 2 }, () => {
  const hooks = needing('aws-cli', 'boto3')
  const { test, before } = hooks
  const server = sharedServer(hooks, { flags: ['--function-python', PYTHON] })
  let aws: AwsCli
  let caller: Caller
  let role: string
  before(async () => {
    const administrator = await server().administrator()
    aws = new AwsCli(administrator)
    caller = callerOf(administrator)
    role = await newRotationRole(caller)
  })

  function describeSecret(SecretId: string): Promise<Described> {
    return aws.run<Described>('secretsmanager describe-secret', { 'secret-id': SecretId })
  }

  /** A secret with one version; its ARN and that version. */
  async function newSecret(Name: string): Promise<{ readonly arn: string; readonly first: string }> {
    const { ARN = '', VersionId = '' } = await sdk(SecretsManagerClient, caller).send(
      new CreateSecretCommand({ Name, SecretString: 'the first value' }),
    )
    return { arn: ARN, first: VersionId }
  }

  /** `aws lambda create-function` with a zip; nobody may invoke it yet. */
  async function createFunction({ name, runtime, handler, files }: FunctionFiles): Promise<string> {
    using scratch = new Scratch()
    const zip = join(scratch.path, `${name}.zip`)
    writeFileSync(zip, zipOf(files))
    const created = await aws.run<{ readonly FunctionArn: string }>('lambda create-function', {
      'function-name': name,
      runtime,
      role,
      handler,
      'zip-file': `fileb://${zip}`,
      timeout: 60,
      'memory-size': 512,
    })
    return created.FunctionArn
  }

  async function admit(name: string): Promise<void> {
    await aws.run('lambda add-permission', {
      'function-name': name,
      'statement-id': 'rotation',
      action: 'lambda:InvokeFunction',
      principal: SECRETS_MANAGER,
    })
  }

  /** What a function printed, of the log that the server keeps of it. */
  function stepsIn(functionArn: string): readonly StepLine[] {
    const [, , , region = '', account = '', , name = ''] = functionArn.split(':')
    const log = readFileSync(
      join(server().directory, 'logs/functions', account, region, `${name}.log`),
      'utf8',
    )
    return [...log.matchAll(/\{"step".*\}/g)].map(([line]) => JSON.parse(line) as StepLine)
  }

  /** The end of a first rotation, as AWS's is. */
  async function demandRotated(
    secret: { readonly arn: string; readonly first: string },
    token: string,
    functionArn: string,
  ): Promise<void> {
    const secrets = sdk(SecretsManagerClient, caller)
    await until('the rotation', async () => {
      const { LastRotatedDate } = await secrets.send(new DescribeSecretCommand({ SecretId: secret.arn }))
      return LastRotatedDate !== undefined
    })
    const described = await describeSecret(secret.arn)
    assert.deepEqual(described.VersionIdsToStages, {
      [secret.first]: ['AWSPREVIOUS'],
      [token]: ['AWSCURRENT'],
    })
    assert.equal(described.RotationEnabled, true)
    assert.equal(described.RotationLambdaARN, functionArn)
    const { LastRotatedDate = 0, NextRotationDate = 0 } = described
    assert.ok(Math.abs(Date.now() / 1000 - LastRotatedDate) < 120, String(LastRotatedDate))
    const days = (NextRotationDate - LastRotatedDate) / 86_400
    assert.ok(days > 29 && days <= 31, `${LastRotatedDate} … ${NextRotationDate}`)
    assert.deepEqual(
      stepsIn(functionArn),
      STEPS.map((step) => ({ step, secret: secret.arn, token, rotationToken: true })),
    )
    const { SecretString } = await aws.run<{ readonly SecretString: string }>(
      'secretsmanager get-secret-value',
      {
        'secret-id': secret.arn,
      },
    )
    assert.equal(SecretString.length, 24)
  }

  /** Everything by `aws`. */
  async function rotatesByCli(files: FunctionFiles): Promise<void> {
    const secret = await newSecret(`cli/${files.name}`)
    const functionArn = await createFunction(files)
    await admit(files.name)
    const token = randomUUID()
    const answer = await aws.run<{ readonly ARN: string; readonly VersionId: string }>(
      'secretsmanager rotate-secret',
      {
        'secret-id': secret.arn,
        'client-request-token': token,
        'rotation-lambda-arn': functionArn,
        'rotation-rules': RULES,
      },
    )
    assert.partialDeepStrictEqual(answer, { ARN: secret.arn, VersionId: token })
    await demandRotated(secret, token, functionArn)
  }

  test('one of Node.js, by the aws command, takes four steps and leaves the labels and dates of AWS', () =>
    rotatesByCli({
      name: 'node',
      runtime: 'nodejs22.x',
      handler: 'rotate.handler',
      files: [handlerFile('rotate.mjs')],
    }))

  test('one of Python with boto3, made and started by boto3, likewise', async () => {
    const secret = await newSecret('boto3/python')
    const token = randomUUID()
    using scratch = new Scratch()
    const zip = join(scratch.path, 'python.zip')
    writeFileSync(zip, zipOf([handlerFile('rotate.py', 'lambda_function.py')]))
    const { code, stdout, stderr } = await finish(
      PYTHON,
      [join(import.meta.dirname, 'boto3_rotation.py'), zip, role, secret.arn, token],
      {
        env: {
          ...cleanEnvironment('/nonexistent'),
          ...(await server().administrator()),
          AWS_CONFIG_FILE: '/dev/null',
          AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
        },
      },
    )
    assert.equal(code, 0, stderr)
    const told = JSON.parse(stdout) as { readonly function: string; readonly version: string }
    assert.equal(told.version, token)
    await demandRotated(secret, token, told.function)
  })

  needing('aws-cli', 'awslambdaric').test(
    'the same Python under Amazon’s awslambdaric as the bootstrap of a provided runtime',
    () =>
      rotatesByCli({
        name: 'python-ric',
        runtime: 'provided.al2023',
        handler: 'lambda_function.lambda_handler',
        files: [
          bootstrap(`"${PYTHON}" -m awslambdaric "$_HANDLER"`),
          handlerFile('rotate.py', 'lambda_function.py'),
        ],
      }),
  )

  needing('aws-cli', 'aws-lambda-ric').test(
    'the same Node.js under Amazon’s aws-lambda-ric, with an AWS SDK of its own in the zip',
    () =>
      rotatesByCli({
        name: 'node-ric',
        runtime: 'provided.al2023',
        handler: 'rotate.handler',
        files: [
          bootstrap(`"${process.execPath}" "${NODE_RUNTIME_CLIENT}" "$_HANDLER"`),
          handlerFile('rotate.mjs'),
          ...packageWithDependencies('@aws-sdk/client-secrets-manager'),
        ],
      }),
  )

  test('neither a stranger nor who may not invoke the function; nothing is stored', async () => {
    const secret = await newSecret('refused')
    const name = 'foreign'
    const files = {
      name,
      runtime: 'nodejs22.x',
      handler: 'rotate.handler',
      files: [handlerFile('rotate.mjs')],
    }
    const functionArn = await createFunction(files)
    await admit(name)
    const before = await describeSecret(secret.arn)
    const rotates = { Effect: 'Allow', Action: 'secretsmanager:RotateSecret', Resource: '*' }
    for (const user of [await newUser(caller, 'stranger'), await newUser(caller, 'half', rotates)]) {
      const { code } = await aws.as(user).refused('secretsmanager rotate-secret', {
        'secret-id': secret.arn,
        'rotation-lambda-arn': functionArn,
        'rotation-rules': RULES,
      })
      assert.equal(code, 'AccessDeniedException')
    }
    assert.deepEqual(await describeSecret(secret.arn), before)
  })

  test('a function that does not admit Secrets Manager is refused in AWS’s words, until add-permission', async () => {
    const secret = await newSecret('unadmitted')
    const name = 'unadmitted'
    const files = {
      name,
      runtime: 'nodejs22.x',
      handler: 'rotate.handler',
      files: [handlerFile('rotate.mjs')],
    }
    const functionArn = await createFunction(files)
    const before = await describeSecret(secret.arn)
    const asked = (token: string) => ({
      'secret-id': secret.arn,
      'rotation-lambda-arn': functionArn,
      'rotation-rules': RULES,
      'client-request-token': token,
    })
    assert.deepEqual(await aws.refused('secretsmanager rotate-secret', asked(randomUUID())), {
      code: 'AccessDeniedException',
      message:
        'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
    })
    assert.deepEqual(await describeSecret(secret.arn), before)
    await admit(name)
    const token = randomUUID()
    await aws.run('secretsmanager rotate-secret', asked(token))
    await demandRotated(secret, token, functionArn)
  })
})
