import type { Registry } from '../gateway/operation.ts'
import { cloudtrail } from './cloudtrail/index.ts'
import { ec2 } from './ec2/index.ts'
import { events } from './events/index.ts'
import { iam } from './iam/index.ts'
import { kms } from './kms/index.ts'
import { lambda } from './lambda/index.ts'
import { secretsmanager } from './secretsmanager/index.ts'
import { sns } from './sns/index.ts'
import { ssm } from './ssm/index.ts'
import { sts } from './sts/index.ts'

/** Every service the server answers for. */
export const registry: Registry = { secretsmanager, kms, iam, sts, cloudtrail, sns, lambda, events, ssm, ec2 }
