/** Rotation functions made of the files in handlers/. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { AddPermissionCommand, CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { type ZipEntry, zipOf } from '../packages/server/src/functions/zip.test-support.ts'
import { type Caller, sdk } from './sdk.ts'

const HANDLERS = join(import.meta.dirname, 'handlers')
const ROOT = join(import.meta.dirname, '..')

export const SECRETS_MANAGER = 'secretsmanager.amazonaws.com'

/** One of handlers/, under the name that the function's handler gives it. */
export function handlerFile(file: string, name = file): ZipEntry {
  return { name, text: readFileSync(join(HANDLERS, file), 'utf8') }
}

/** The permissions that AWS's own rotation functions have. */
const ROTATES = [
  {
    Effect: 'Allow',
    Action: [
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'secretsmanager:PutSecretValue',
      'secretsmanager:UpdateSecretVersionStage',
    ],
    Resource: '*',
  },
  { Effect: 'Allow', Action: 'secretsmanager:GetRandomPassword', Resource: '*' },
]

function document(Statement: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement })
}

/** A role for rotation functions; its ARN. */
export async function newRotationRole(caller: Caller, RoleName = 'rotates'): Promise<string> {
  const iam = sdk(IAMClient, caller)
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }
  const AssumeRolePolicyDocument = document([trust])
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
  const PolicyDocument = document(ROTATES)
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'rotates', PolicyDocument }))
  return Role?.Arn ?? ''
}

export interface GatedFunction {
  readonly name: string
  /** Of a role that {@link newRotationRole} made. */
  readonly role: string
  /** Where a RotationSite listens. */
  readonly site: string
  readonly language?: 'node' | 'python'
  readonly timeoutSeconds?: number
  readonly memoryMb?: number
  readonly variables?: Readonly<Record<string, string>>
}

/** A function of handlers/gated.* that Secrets Manager may invoke; its ARN. */
export async function newGatedFunction(
  caller: Caller,
  { name, role, site, language = 'node', timeoutSeconds = 60, memoryMb = 512, variables = {} }: GatedFunction,
): Promise<string> {
  const lambda = sdk(LambdaClient, caller)
  const file = language === 'node' ? 'gated.mjs' : 'gated.py'
  const { FunctionArn = '' } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: language === 'node' ? 'nodejs22.x' : 'python3.12',
      Role: role,
      Handler: 'gated.handler',
      Code: { ZipFile: zipOf([handlerFile(file)]) },
      Timeout: timeoutSeconds,
      MemorySize: memoryMb,
      Environment: { Variables: { SITE: site, ...variables } },
    }),
  )
  await lambda.send(
    new AddPermissionCommand({
      FunctionName: name,
      StatementId: 'rotation',
      Action: 'lambda:InvokeFunction',
      Principal: SECRETS_MANAGER,
    }),
  )
  return FunctionArn
}

/** A package of npm's and all that it depends on, as `npm install` puts them into a function's zip. */
export function packageWithDependencies(name: string): readonly ZipEntry[] {
  const folders = new Set<string>()
  addPackage(name, folders)
  return [...folders].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(?:c|m)?js(?:on)?$/.test(file) && !file.split(sep).includes('node_modules'))
      .map((file) => ({
        name: `${folder}/${file}`,
        text: readFileSync(join(ROOT, folder, file), 'utf8'),
      })),
  )
}

/** npm has put everything that the SDK's clients depend on beside them. */
function addPackage(name: string, folders: Set<string>): void {
  const folder = `node_modules/${name}`
  if (folders.has(folder)) return
  folders.add(folder)
  const { dependencies = {} } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as {
    readonly dependencies?: Readonly<Record<string, string>>
  }
  for (const dependency of Object.keys(dependencies)) addPackage(dependency, folders)
}
