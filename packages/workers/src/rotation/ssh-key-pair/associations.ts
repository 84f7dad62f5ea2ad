/** The State Manager association by which nodes that return or join get a secret's keys without a rotation. */
import {
  CreateAssociationCommand,
  DescribeAssociationCommand,
  ListAssociationsCommand,
  type SSMClient,
  type Target,
  UpdateAssociationCommand,
} from '@aws-sdk/client-ssm'
import { callFailed, RotationError } from '../rotation-error.ts'
import { DOCUMENT, MAX_CONCURRENCY } from './commands.ts'

/** The shortest that State Manager takes. A change is run at once, whatever the schedule. */
const SCHEDULE = 'rate(30 minutes)'
const EXECUTION_SECONDS = '120'

export interface Associated {
  readonly ssm: SSMClient
  readonly name: string
  readonly tag: Target
}

interface Found {
  readonly id: string
  readonly script: readonly string[]
  readonly isOnTag: boolean
}

export async function associatedScript(of: Associated): Promise<readonly string[] | undefined> {
  return (await find(of))?.script
}

/** Leaves one alone that is as it should be: each change runs on every node. */
export async function associate(of: Associated, script: readonly string[]): Promise<void> {
  const found = await find(of)
  if (found?.isOnTag && JSON.stringify(found.script) === JSON.stringify(script)) return
  const content = {
    AssociationName: of.name,
    Parameters: { commands: [...script], executionTimeout: [EXECUTION_SECONDS] },
    Targets: [of.tag],
    ScheduleExpression: SCHEDULE,
    MaxConcurrency: MAX_CONCURRENCY,
    // What one node cannot do, another may: the script changes nothing where it fails.
    MaxErrors: '100%',
  }
  try {
    if (found) {
      await of.ssm.send(new UpdateAssociationCommand({ AssociationId: found.id, Name: DOCUMENT, ...content }))
    } else {
      await of.ssm.send(new CreateAssociationCommand({ Name: DOCUMENT, ...content }))
    }
  } catch (error) {
    throw callFailed(found ? 'UpdateAssociation' : 'CreateAssociation', error)
  }
}

async function find({ ssm, name, tag }: Associated): Promise<Found | undefined> {
  const id = await findId(ssm, name)
  if (id === undefined) return undefined
  try {
    const { AssociationDescription: of } = await ssm.send(
      new DescribeAssociationCommand({ AssociationId: id }),
    )
    return {
      id,
      script: of?.Parameters?.commands ?? [],
      isOnTag: JSON.stringify(of?.Targets) === JSON.stringify([tag]),
    }
  } catch (error) {
    throw callFailed('DescribeAssociation', error)
  }
}

async function findId(ssm: SSMClient, name: string): Promise<string | undefined> {
  let NextToken: string | undefined
  do {
    try {
      const page = await ssm.send(
        new ListAssociationsCommand({
          AssociationFilterList: [{ key: 'AssociationName', value: name }],
          MaxResults: 50,
          NextToken,
        }),
      )
      // Its document tells it from one that somebody gave our name.
      const found = page.Associations?.find((each) => each.AssociationName === name)
      if (found?.Name !== undefined && found.Name !== DOCUMENT) {
        throw new RotationError(`The association ${name} has another document than ${DOCUMENT}.`)
      }
      if (found?.AssociationId !== undefined) return found.AssociationId
      NextToken = page.NextToken || undefined
    } catch (error) {
      if (error instanceof RotationError) throw error
      throw callFailed('ListAssociations', error)
    }
  } while (NextToken !== undefined)
  return undefined
}
