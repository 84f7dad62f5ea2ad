/** How each sensitive member is rightly used, by its name in models.ts; and why some are not, or lie about on purpose. */
import { randomUUID } from 'node:crypto'
import { zipOf } from '../packages/server/src/functions/zip.test-support.ts'
import type { CanaryWorld } from './canary-world.ts'

type Input = (world: CanaryWorld, canary: string) => object

function token(): object {
  return { ClientRequestToken: randomUUID() }
}

/** A zip whose one file is not compressed, so that what is in it can be found. */
function zipWith(text: string): string {
  return Buffer.from(zipOf([{ name: 'index.mjs', text: `// ${text}\n`, stored: true }])).toString('base64')
}

function newFunction({ functionRole }: CanaryWorld): object {
  return {
    FunctionName: `canary-${randomUUID()}`,
    ...{ Runtime: 'nodejs24.x', Role: functionRole, Handler: 'index.handler' },
  }
}

/** A text or bytes in the member, and the rest of a call that succeeds. */
export const RIGHTLY: Readonly<Record<string, Input>> = {
  'secretsmanager.CreateSecret.SecretString': () => ({ Name: `canary/${randomUUID()}`, ...token() }),
  'secretsmanager.CreateSecret.SecretBinary': () => ({ Name: `canary/${randomUUID()}`, ...token() }),
  'secretsmanager.PutSecretValue.SecretString': ({ text }) => ({ SecretId: text, ...token() }),
  'secretsmanager.PutSecretValue.SecretBinary': ({ binary }) => ({ SecretId: binary, ...token() }),
  'secretsmanager.UpdateSecret.SecretString': ({ text }) => ({ SecretId: text, ...token() }),
  'secretsmanager.UpdateSecret.SecretBinary': ({ binary }) => ({ SecretId: binary, ...token() }),
  'kms.Encrypt.Plaintext': ({ key }) => ({ KeyId: key }),
  'sns.Publish.Message': ({ topic }) => ({ TopicArn: topic }),
  'sns.Publish.Subject': ({ topic }) => ({ TopicArn: topic, Message: 'text' }),
  'sns.PublishBatch.PublishBatchRequestEntries.*.Message': ({ topic }) => ({
    TopicArn: topic,
    'PublishBatchRequestEntries.member.1.Id': 'one',
  }),
  'sns.PublishBatch.PublishBatchRequestEntries.*.Subject': ({ topic }) => ({
    TopicArn: topic,
    'PublishBatchRequestEntries.member.1.Id': 'one',
    'PublishBatchRequestEntries.member.1.Message': 'text',
  }),
}

/** The whole input of a call that succeeds with the value somewhere in the member, where that is more than a text. */
export const WHOLE: Readonly<Record<string, Input>> = {
  'sns.Subscribe.Endpoint': ({ topic, nowhere }, canary) => ({
    ...{ TopicArn: topic, Protocol: 'http', Endpoint: `${nowhere}/${canary}` },
    ...{ 'Attributes.entry.1.key': 'DeliveryPolicy', 'Attributes.entry.1.value': AT_ONCE_OR_NEVER },
  }),
  'sns.Publish.MessageAttributes': ({ topic }, canary) => ({
    ...{ TopicArn: topic, Message: 'text' },
    ...attribute('MessageAttributes', canary),
  }),
  'sns.PublishBatch.PublishBatchRequestEntries.*.MessageAttributes': ({ topic }, canary) => ({
    TopicArn: topic,
    'PublishBatchRequestEntries.member.1.Id': 'one',
    'PublishBatchRequestEntries.member.1.Message': 'text',
    ...attribute('PublishBatchRequestEntries.member.1.MessageAttributes', canary),
  }),
  'lambda.CreateFunction.Code.ZipFile': (world, canary) => ({
    ...newFunction(world),
    Code: { ZipFile: zipWith(canary) },
  }),
  'lambda.CreateFunction.Environment.Variables': (world, canary) => ({
    ...newFunction(world),
    Code: { ZipFile: zipWith('nothing') },
    Environment: { Variables: { PASSWORD: canary } },
  }),
  'lambda.UpdateFunctionCode.ZipFile': ({ changed }, canary) => ({
    ...{ FunctionName: changed, ZipFile: zipWith(canary) },
  }),
  'lambda.UpdateFunctionConfiguration.Environment.Variables': ({ spare }, canary) => ({
    FunctionName: spare,
    Environment: { Variables: { PASSWORD: canary } },
  }),
  'lambda.Invoke.Payload': ({ echo }, canary) => ({ FunctionName: echo, canary }),
  'events.PutTargets.Targets.*.Input': ({ rule, topic }, canary) => ({
    Rule: rule,
    Targets: [{ Id: 'input', Arn: topic, Input: JSON.stringify({ canary }) }],
  }),
  'events.PutTargets.Targets.*.InputTransformer.InputTemplate': ({ rule, topic }, canary) => ({
    Rule: rule,
    Targets: [{ Id: 'template', Arn: topic, InputTransformer: { InputTemplate: JSON.stringify(canary) } }],
  }),
  'events.PutEvents.Entries.*.Detail': (_world, canary) => ({
    Entries: [{ Source: 'canary', DetailType: 'told', Detail: JSON.stringify({ canary }) }],
  }),
  'events.TestEventPattern.Event': (_world, canary) => ({
    EventPattern: '{"source":["canary"]}',
    Event: JSON.stringify({ ...EVENT, detail: { canary } }),
  }),
  'ssm.SendCommand.Parameters': ({ node }, canary) => ({
    ...{ DocumentName: 'AWS-RunShellScript', InstanceIds: [node.id], Parameters: { commands: [canary] } },
  }),
  'ssm.CreateAssociation.Parameters': ({ node }, canary) => ({
    ...{ Name: 'AWS-RunShellScript', Targets: [{ Key: 'InstanceIds', Values: [node.id] }] },
    Parameters: { commands: [canary] },
  }),
  'ssm.UpdateAssociation.Parameters': ({ association }, canary) => ({
    AssociationId: association,
    Parameters: { commands: [canary] },
  }),
}

const AT_ONCE_OR_NEVER = JSON.stringify({
  healthyRetryPolicy: { minDelayTarget: 1, maxDelayTarget: 1, numRetries: 0 },
})

const EVENT = {
  ...{ id: '1', 'detail-type': 'told', source: 'canary', account: '111122223333' },
  ...{ time: '2026-01-01T00:00:00Z', region: 'us-east-1', resources: [] },
}

function attribute(map: string, value: string): object {
  return {
    [`${map}.entry.1.Name`]: 'secret',
    [`${map}.entry.1.Value.DataType`]: 'String',
    [`${map}.entry.1.Value.StringValue`]: value,
  }
}

const OTHER_TARGETS = 'targets of that kind are refused'

/** Members that no call can rightly carry a canary in, and why. They are misused all the same. */
export const NEVER_RIGHTLY: Readonly<Record<string, string>> = {
  'sts.AssumeRole.TokenCode': 'six digits of an MFA device, of which there are none',
  'sts.GetSessionToken.TokenCode': 'six digits of an MFA device, of which there are none',
  'secretsmanager.PutSecretValue.RotationToken': 'the server makes it: see the journeys',
  'sns.ConfirmSubscription.Token': 'the server makes it: see the journeys',
  'sns.Publish.PhoneNumber': 'there is no SMS, which is refused',
  'lambda.Invoke.ClientContext': 'refused: functions get none',
  'events.PutTargets.Targets.*.RedshiftDataParameters.Sql': OTHER_TARGETS,
  'events.PutTargets.Targets.*.RedshiftDataParameters.Sqls': OTHER_TARGETS,
  'events.PutTargets.Targets.*.AppSyncParameters.GraphQLOperation': OTHER_TARGETS,
}

/** What lies in the data directory unsealed, and why: it may be there and in answers, and nowhere else. */
export const KEPT: Readonly<Record<string, string>> = {
  'lambda.CreateFunction.Code.ZipFile':
    'code lies in its row as it came: GetFunction and every invocation have it whole; variables are what is sealed',
  'lambda.UpdateFunctionCode.ZipFile': 'as at CreateFunction',
  'sns.Subscribe.Endpoint': 'a topic has each endpoint once, and finds it by its text',
  'events.PutTargets.Targets.*.Input': 'a part of the rule, as everybody who may list its targets sees it',
  'events.PutTargets.Targets.*.InputTransformer.InputTemplate': 'as Input',
}

/** The input of a call whose answer has the sensitive member. */
export const ANSWERING: Readonly<Record<string, (world: CanaryWorld) => object>> = {
  'secretsmanager.GetSecretValue.SecretString': ({ text }) => ({ SecretId: text }),
  'secretsmanager.GetSecretValue.SecretBinary': ({ binary }) => ({ SecretId: binary }),
  'secretsmanager.BatchGetSecretValue.SecretValues.*.SecretString': ({ text }) => ({ SecretIdList: [text] }),
  'secretsmanager.BatchGetSecretValue.SecretValues.*.SecretBinary': ({ binary }) => ({
    SecretIdList: [binary],
  }),
  'secretsmanager.GetRandomPassword.RandomPassword': () => ({ PasswordLength: 40 }),
  'kms.Decrypt.Plaintext': ({ ciphertext }) => ({ CiphertextBlob: ciphertext }),
  'kms.GenerateDataKey.Plaintext': ({ key }) => ({ KeyId: key, KeySpec: 'AES_256' }),
  'kms.GenerateRandom.Plaintext': () => ({ NumberOfBytes: 32 }),
  'iam.CreateAccessKey.AccessKey.SecretAccessKey': () => ({ UserName: 'canary' }),
  'sts.AssumeRole.Credentials.SecretAccessKey': ({ role }) => ({ RoleArn: role, RoleSessionName: 'one' }),
  'sts.AssumeRole.Credentials.SessionToken': ({ role }) => ({ RoleArn: role, RoleSessionName: 'two' }),
  'sts.GetSessionToken.Credentials.SecretAccessKey': () => ({}),
  'sts.GetSessionToken.Credentials.SessionToken': () => ({}),
  'lambda.CreateFunction.Environment.Variables': (world) => ({
    ...newFunction(world),
    Code: { ZipFile: zipWith('nothing') },
    Environment: { Variables: { PASSWORD: `made-of-${randomUUID()}` } },
  }),
  'lambda.GetFunction.Configuration.Environment.Variables': ({ spare }) => ({ FunctionName: spare }),
  'lambda.GetFunctionConfiguration.Environment.Variables': ({ spare }) => ({ FunctionName: spare }),
  'lambda.ListFunctions.Functions.*.Environment.Variables': () => ({}),
  'lambda.UpdateFunctionCode.Environment.Variables': ({ spare }) => ({
    FunctionName: spare,
    ZipFile: zipWith('nothing'),
  }),
  'lambda.UpdateFunctionConfiguration.Environment.Variables': ({ spare }) => ({ FunctionName: spare }),
  'lambda.Invoke.Payload': ({ echo }) => ({ FunctionName: echo, answer: randomUUID() }),
  'ssm.CreateActivation.ActivationCode': ({ nodeRole }) => ({ IamRole: nodeRole }),
  'ssm.SendCommand.Command.Parameters': ({ node }) => ({
    ...{ DocumentName: 'AWS-RunShellScript', InstanceIds: [node.id] },
    Parameters: { commands: [`echo ${randomUUID()}`] },
  }),
  'ssm.ListCommands.Commands.*.Parameters': ({ command }) => ({ CommandId: command }),
  'ssm.GetCommandInvocation.StandardOutputContent': ({ command, node }) => ({
    ...{ CommandId: command, InstanceId: node.id },
  }),
  'ssm.GetCommandInvocation.StandardErrorContent': ({ command, node }) => ({
    ...{ CommandId: command, InstanceId: node.id },
  }),
  'ssm.ListCommandInvocations.CommandInvocations.*.CommandPlugins.*.Output': ({ command }) => ({
    CommandId: command,
    Details: true,
  }),
  'ssm.CreateAssociation.AssociationDescription.Parameters': ({ node }) => ({
    ...{ Name: 'AWS-RunShellScript', Targets: [{ Key: 'InstanceIds', Values: [node.id] }] },
    Parameters: { commands: [`echo ${randomUUID()}`] },
  }),
  'ssm.DescribeAssociation.AssociationDescription.Parameters': ({ association }) => ({
    AssociationId: association,
  }),
  'ssm.UpdateAssociation.AssociationDescription.Parameters': ({ association }) => ({
    AssociationId: association,
    Parameters: { commands: [`echo ${randomUUID()}`] },
  }),
  'ssm.ListAssociationVersions.AssociationVersions.*.Parameters': ({ association }) => ({
    AssociationId: association,
  }),
}

const NO_ERROR = 'no answer has one: there are no images, and what is sealed opens'
const SEEN = 'what was put in, which is looked for as such'

/** Members of answers that are not looked for as what the server made, and why. */
export const NEVER_MADE: readonly (readonly [name: RegExp, reason: string])[] = [
  [/^lambda\..*\.Error\.Message$/, NO_ERROR],
  [/^lambda\.Invoke\.LogResult$/, 'what a function prints is in its log, which is a file: see the journeys'],
  [/^sns\.ListSubscriptions(ByTopic)?\./, SEEN],
  [/^events\.ListTargetsByRule\./, SEEN],
  [/^ssm\.DescribeInstanceInformation\.InstanceInformationList\.\*\.IPAddress$/, 'see the journeys'],
  [/^ssm\.ListCommandInvocations\.CommandInvocations\.\*\.TraceOutput$/, 'nobody traces'],
]
