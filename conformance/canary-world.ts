/** What the calls with canaries are about: one of everything. */
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { CreateKeyCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms'
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns'
import {
  CreateActivationCommand,
  CreateAssociationCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm'
import { zipOf } from '../packages/server/src/functions/zip.test-support.ts'
import type { Canaries } from './canaries.ts'
import { RawNode, takeCommand } from './raw-node.ts'
import { type Caller, newRoleSession, newUser, sdk } from './sdk.ts'

const NODE_ROLE = 'nodes'
/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:1'
/** Documentation's own, and long enough to be looked for. */
const NODE_ADDRESS = '2001:db8:cafe:4242:1234:5678:9abc:def0'

export interface CanaryWorld {
  readonly text: string
  readonly binary: string
  readonly key: string
  readonly role: string
  readonly ciphertext: string
  /** ARN. */
  readonly functionRole: string
  /** A function that answers its event. */
  readonly echo: string
  /** A function that is changed and never invoked. */
  readonly spare: string
  /** Another, whose code is changed once. */
  readonly changed: string
  /** ARN of a topic that nobody has confirmed a subscription to. */
  readonly topic: string
  readonly rule: string
  readonly nowhere: string
  readonly nodeRole: string
  readonly nodeAddress: string
  readonly node: RawNode
  /** One that ended on the node. */
  readonly command: string
  readonly association: string
}

/** `control` is no secret, and has to be found. */
export async function furnish(admin: Caller, control: string, canaries: Canaries): Promise<CanaryWorld> {
  const { topic, rule } = await furnishEvents(admin)
  const functions = await furnishFunctions(admin)
  const fleet = await furnishFleet(admin, canaries)
  const secrets = sdk(SecretsManagerClient, admin)
  const kms = sdk(KMSClient, admin)
  await secrets.send(
    new CreateSecretCommand({ Name: 'canary/text', SecretString: 'x', Description: control }),
  )
  await secrets.send(new CreateSecretCommand({ Name: 'canary/binary', SecretBinary: Buffer.from('x') }))
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
  const key = KeyMetadata?.KeyId ?? ''
  const Plaintext = Buffer.from('to be decrypted again')
  const { CiphertextBlob = Buffer.alloc(0) } = await kms.send(new EncryptCommand({ KeyId: key, Plaintext }))
  await newUser(admin, 'canary')
  const { roleArn } = await newRoleSession(admin, 'canary')
  const ciphertext = Buffer.from(CiphertextBlob).toString('base64')
  return {
    ...{ text: 'canary/text', binary: 'canary/binary', key, role: roleArn, ciphertext },
    ...{ ...functions, ...fleet, topic, rule, nowhere: NOWHERE },
  }
}

/** A topic, and a rule that tells it of custom events. */
async function furnishEvents(admin: Caller): Promise<Pick<CanaryWorld, 'topic' | 'rule'>> {
  const { TopicArn: topic = '' } = await sdk(SNSClient, admin).send(
    new CreateTopicCommand({ Name: 'canary' }),
  )
  const events = sdk(EventBridgeClient, admin)
  const EventPattern = JSON.stringify({ source: ['canary'] })
  await events.send(new PutRuleCommand({ Name: 'canary', EventPattern }))
  await events.send(new PutTargetsCommand({ Rule: 'canary', Targets: [{ Id: 'first', Arn: topic }] }))
  return { topic, rule: 'canary' }
}

/** A role that a service may assume; its ARN. */
async function newServiceRole(admin: Caller, RoleName: string, Service: string): Promise<string> {
  const trust = { Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] })
  const iam = sdk(IAMClient, admin)
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
  const all = { Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' }
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [all] })
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'all', PolicyDocument }))
  return Role?.Arn ?? ''
}

async function furnishFunctions(
  admin: Caller,
): Promise<Pick<CanaryWorld, 'functionRole' | 'echo' | 'spare' | 'changed'>> {
  const functionRole = await newServiceRole(admin, 'functions', 'lambda.amazonaws.com')
  for (const name of ['echo', 'spare', 'changed'])
    await newFunction(admin, {
      name,
      role: functionRole,
      code: 'export const handler = async (event) => event',
    })
  return { functionRole, echo: 'echo', spare: 'spare', changed: 'changed' }
}

export interface NewFunction {
  readonly name: string
  readonly role: string
  readonly code: string
  readonly variables?: Readonly<Record<string, string>>
}

/** Makes a function; its ARN. */
export async function newFunction(
  admin: Caller,
  { name, role, code, variables = {} }: NewFunction,
): Promise<string> {
  const { FunctionArn = '' } = await sdk(LambdaClient, admin).send(
    new CreateFunctionCommand({
      ...{ FunctionName: name, Runtime: 'nodejs24.x', Role: role, Handler: 'index.handler' },
      ...{ Code: { ZipFile: zipOf([{ name: 'index.mjs', text: code }]) }, Timeout: 30, MemorySize: 512 },
      Environment: { Variables: variables },
    }),
  )
  return FunctionArn
}

/** A node, a command that printed canaries, and an association. */
async function furnishFleet(
  admin: Caller,
  canaries: Canaries,
): Promise<Pick<CanaryWorld, 'nodeRole' | 'nodeAddress' | 'node' | 'command' | 'association'>> {
  await newServiceRole(admin, NODE_ROLE, 'ssm.amazonaws.com')
  const ssm = sdk(SSMClient, admin)
  const { ActivationId: activationId = '', ActivationCode: activationCode = '' } = await ssm.send(
    new CreateActivationCommand({ IamRole: NODE_ROLE }),
  )
  canaries.watch('an activation code that was used', activationCode)
  const node = await RawNode.enrol(admin.endpoint, { activationId, activationCode }, NODE_ADDRESS)
  canaries.watch("a node's private key", Buffer.from(node.key.export({ format: 'jwk' }).d ?? '', 'base64url'))
  const { Command } = await ssm.send(
    new SendCommandCommand({
      ...{ DocumentName: 'AWS-RunShellScript', InstanceIds: [node.id] },
      Parameters: { commands: [canaries.plant('a command that ran')] },
    }),
  )
  const command = Command?.CommandId ?? ''
  const steps = await takeCommand(node, command)
  const printed = { stdout: canaries.plant('standard output'), stderr: canaries.plant('standard error') }
  await node.report(node.ended(command, steps, { status: 'Success', ...printed }))
  const { AssociationDescription } = await ssm.send(
    new CreateAssociationCommand({
      ...{ Name: 'AWS-RunShellScript', Targets: [{ Key: 'InstanceIds', Values: [node.id] }] },
      Parameters: { commands: [canaries.plant('an association that was changed')] },
    }),
  )
  const association = AssociationDescription?.AssociationId ?? ''
  return { nodeRole: NODE_ROLE, nodeAddress: NODE_ADDRESS, node, command, association }
}
