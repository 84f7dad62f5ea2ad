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
/** What a function's role may do while it rotates a secret: what it may anyway, but for changes to other secrets. */
export function rotationSessionPolicy(secretArn: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: CHANGES, NotResource: secretArn },
    ],
  })
}
