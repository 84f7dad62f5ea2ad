import { ROTATION_ACTIONS } from '../functions/built-in-role.ts'
import type { FunctionRecord } from '../store/functions.ts'

/** What changes a secret's values, labels or existence. */
const CHANGES = [
  'secretsmanager:PutSecretValue',
  'secretsmanager:UpdateSecret',
  'secretsmanager:UpdateSecretVersionStage',
  'secretsmanager:DeleteSecret',
  'secretsmanager:RotateSecret',
  'secretsmanager:CancelRotateSecret',
  'secretsmanager:PutResourcePolicy',
]

// DIVERGENCE: while a function rotates a secret its role changes no other one; in AWS its role alone decides.
/**
 * What a function may do while it rotates a secret, at most. A built-in one's role is for every secret that such a
 * function rotates: here it is held to the one, and to the superusers' that their owners marked as such. Another's role
 * decides, but for changes to other secrets.
 */
export function rotationSessionPolicy({ code }: FunctionRecord, secretArn: string): string {
  const statements = code.kind === 'built-in' ? builtIn(code.module, secretArn) : limited(secretArn)
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

function builtIn(module: string, secretArn: string): readonly object[] {
  return [
    {
      Effect: 'Allow',
      Action: ROTATION_ACTIONS,
      Resource: secretArn,
    },
    {
      Effect: 'Allow',
      Action: 'secretsmanager:GetSecretValue',
      Resource: '*',
      Condition: { StringEquals: { 'aws:ResourceTag/lockstep:rotation-superuser': 'true' } },
    },
    { Effect: 'Allow', Action: 'secretsmanager:GetRandomPassword', Resource: '*' },
    {
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: '*',
      Condition: { StringLike: { 'kms:ViaService': 'secretsmanager.*' } },
    },
    ...(module === '@lockstep/workers/rotation/ssh-key-pair' ? ON_NODES : []),
  ]
}

/** On which nodes is for the role to say. */
const ON_NODES = [
  {
    Effect: 'Allow',
    Action: [
      'ssm:SendCommand',
      'ssm:CancelCommand',
      'ssm:CreateAssociation',
      'ssm:UpdateAssociation',
      'ssm:Describe*',
      'ssm:List*',
      'ssm:GetCommandInvocation',
      'ec2:Describe*',
    ],
    Resource: '*',
  },
]

function limited(secretArn: string): readonly object[] {
  return [
    { Effect: 'Allow', Action: '*', Resource: '*' },
    { Effect: 'Deny', Action: CHANGES, NotResource: secretArn },
  ]
}
