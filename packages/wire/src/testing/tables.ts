import cloudtrail from '../generated/cloudtrail.json' with { type: 'json' }
import ec2 from '../generated/ec2.json' with { type: 'json' }
import events from '../generated/events.json' with { type: 'json' }
import iam from '../generated/iam.json' with { type: 'json' }
import kms from '../generated/kms.json' with { type: 'json' }
import lambda from '../generated/lambda.json' with { type: 'json' }
import secretsmanager from '../generated/secretsmanager.json' with { type: 'json' }
import sns from '../generated/sns.json' with { type: 'json' }
import ssm from '../generated/ssm.json' with { type: 'json' }
import sts from '../generated/sts.json' with { type: 'json' }
import { loadModel, type OperationModel, type ServiceName } from '../model.ts'

export const TABLES = { secretsmanager, kms, iam, sts, cloudtrail, sns, lambda, events, ssm, ec2 } as const
export const SERVICES: readonly ServiceName[] = [
  'secretsmanager',
  'kms',
  'iam',
  'sts',
  'cloudtrail',
  'sns',
  'lambda',
  'events',
  'ssm',
  'ec2',
]

/** An operation that the test knows to exist. */
export function operationOf(service: ServiceName, name: string): OperationModel {
  const operation = loadModel(service).operation(name)
  if (!operation) throw new Error(`${service} has no ${name}`)
  return operation
}

/** Every operation of every service. */
export function allOperations(): readonly OperationModel[] {
  return SERVICES.flatMap((service) =>
    loadModel(service).operationNames.map((name) => operationOf(service, name)),
  )
}

/** Every different pattern of every service. */
export function allPatterns(): readonly string[] {
  const shapes = SERVICES.flatMap((service): readonly object[] => TABLES[service].shapes)
  return [...new Set(shapes.flatMap((shape) => ('pattern' in shape ? [String(shape.pattern)] : [])))]
}
