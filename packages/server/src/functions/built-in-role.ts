import { partitionOf } from '@lockstep/wire'
import { unbound } from '../gateway/bound-policy.ts'
import { randomText } from '../platform/random.ts'
import type { FunctionRecord } from '../store/functions.ts'
import { lockOf } from '../store/locks.ts'
import { serviceTrailEntry } from '../trail/event.ts'
import { newEventId } from '../trail/event-id.ts'
import type { SessionRooms } from './role-session.ts'

/** The role of each account that the built-in functions run as. */
export const BUILT_IN_ROLE = { name: 'lockstep-rotation', path: '/service-role/' } as const

const ID_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const SESSION_SECONDS = 3_600
const BUILT_IN = 'A built-in function was to run, and the account had no role for it.'

/**
 * Makes the account's role for the built-in functions where there is none. It is a role like any other: an
 * administrator may narrow it, and one that was deleted is made again when it is needed. The trail tells of it.
 */
export async function demandBuiltInRole(
  { account, region }: FunctionRecord,
  { store, clock, random, bus }: Pick<SessionRooms, 'store' | 'clock' | 'random' | 'bus'>,
): Promise<void> {
  const { name, path } = BUILT_IN_ROLE
  if (await store.read.principals.find(account, 'role', name)) return
  await bus.prepare({ account, region })
  const id = `AROA${randomText(random, ID_ALPHABET, 17)}`
  await store.write(
    async (tx) => {
      if (await tx.principals.find(account, 'role', name)) return
      await tx.principals.put({
        kind: 'role',
        account,
        id,
        name,
        path,
        createdAt: clock.now(),
        description: 'Rotates secrets whose rotation function is one of those built in.',
        trust: unbound(TRUST),
        maxSessionSeconds: SESSION_SECONDS,
        tags: {},
      })
      const document = permissionsOf(account, partitionOf(region))
      await tx.principals.putInlinePolicy(account, id, { name: 'rotation', document })
      const arn = `arn:${partitionOf(region)}:iam::${account}:role${path}${name}`
      const at = clock.now()
      await bus.append(
        tx,
        serviceTrailEntry({
          ...{ account, region, at, eventId: newEventId(at, random) },
          ...{ source: 'iam.amazonaws.com', name: 'CreateRole' },
          resources: [{ account, arn, type: 'AWS::IAM::Role' }],
          additional: { roleName: name, path, inlinePolicy: document, reason: BUILT_IN },
        }),
      )
    },
    lockOf('iam', { account, region: '' }),
  )
}

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
})

/** What rotation needs of the secrets that it was set up for, and of those that their owner marked as a superuser's. */
function permissionsOf(account: string, partition: string): string {
  const secrets = `arn:${partition}:secretsmanager:*:${account}:secret:*`
  const functions = `arn:${partition}:lambda:*:${account}:function:lockstep-rotate-*`
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'SecretsThatTheyRotate',
        Effect: 'Allow',
        Action: ROTATION_ACTIONS,
        Resource: secrets,
        Condition: { ArnLike: { 'secretsmanager:resource/AllowRotationLambdaArn': functions } },
      },
      {
        Sid: 'SuperusersThatSetPasswords',
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource: secrets,
        Condition: { StringEquals: { 'aws:ResourceTag/lockstep:rotation-superuser': 'true' } },
      },
      { Sid: 'NewPasswords', Effect: 'Allow', Action: 'secretsmanager:GetRandomPassword', Resource: '*' },
      {
        Sid: 'TheirKeys',
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey'],
        Resource: `arn:${partition}:kms:*:${account}:key/*`,
        Condition: { StringLike: { 'kms:ViaService': 'secretsmanager.*.amazonaws.com' } },
      },
      ...nodesOf(account, partition),
    ],
  })
}

/** What rotation of SSH keys needs of nodes: to change those that their owner has marked, and to find all of them. */
function nodesOf(account: string, partition: string): readonly object[] {
  return [
    {
      Sid: 'ScriptsOnNodes',
      Effect: 'Allow',
      Action: ['ssm:SendCommand', 'ssm:CreateAssociation', 'ssm:UpdateAssociation'],
      Resource: [
        `arn:${partition}:ssm:*:*:document/AWS-RunShellScript`,
        `arn:${partition}:ssm:*:${account}:association/*`,
      ],
    },
    {
      Sid: 'NodesThatTakeThem',
      Effect: 'Allow',
      Action: ['ssm:SendCommand', 'ssm:CreateAssociation', 'ssm:UpdateAssociation'],
      Resource: [
        `arn:${partition}:ec2:*:${account}:instance/*`,
        `arn:${partition}:ssm:*:${account}:managed-instance/*`,
      ],
      // Any value, so that fleets can have keys of their own; another name is the administrator's to add.
      Condition: { StringLike: { 'ssm:resourceTag/RotateSSHKeys': '*' } },
    },
    { Sid: 'WhatCameOfThem', Effect: 'Allow', Action: NODE_FLEET_ACTIONS, Resource: '*' },
  ]
}

/** What a rotation function does to the secret that it rotates. */
export const ROTATION_ACTIONS: readonly string[] = [
  'secretsmanager:DescribeSecret',
  'secretsmanager:GetSecretValue',
  'secretsmanager:ListSecretVersionIds',
  'secretsmanager:PutSecretValue',
  'secretsmanager:UpdateSecretVersionStage',
]

/** Of no node in particular: reads, and taking back what nodes have not taken. */
export const NODE_FLEET_ACTIONS: readonly string[] = [
  'ssm:CancelCommand',
  'ssm:DescribeAssociation',
  'ssm:DescribeInstanceInformation',
  'ssm:GetCommandInvocation',
  'ssm:ListAssociations',
  'ssm:ListCommandInvocations',
  'ssm:ListCommands',
  'ec2:DescribeInstances',
  'ec2:DescribeTags',
]
