import type { Operations } from '@lockstep/wire'
import type { AnyOperation } from '../../gateway/operation.ts'
import { AddTags } from './AddTags.ts'
import { CreateTrail } from './CreateTrail.ts'
import { DeleteTrail } from './DeleteTrail.ts'
import { DescribeTrails } from './DescribeTrails.ts'
import { GetEventSelectors } from './GetEventSelectors.ts'
import { GetTrail } from './GetTrail.ts'
import { GetTrailStatus } from './GetTrailStatus.ts'
import { ListPublicKeys } from './ListPublicKeys.ts'
import { ListTags } from './ListTags.ts'
import { ListTrails } from './ListTrails.ts'
import { LookupEvents } from './LookupEvents.ts'
import { PutEventSelectors } from './PutEventSelectors.ts'
import { RemoveTags } from './RemoveTags.ts'
import { StartLogging } from './StartLogging.ts'
import { StopLogging } from './StopLogging.ts'
import { UpdateTrail } from './UpdateTrail.ts'

/** Every CloudTrail operation that is answered. */
export const cloudtrail = {
  AddTags,
  CreateTrail,
  DeleteTrail,
  DescribeTrails,
  GetEventSelectors,
  GetTrail,
  GetTrailStatus,
  ListPublicKeys,
  ListTags,
  ListTrails,
  LookupEvents,
  PutEventSelectors,
  RemoveTags,
  StartLogging,
  StopLogging,
  UpdateTrail,
} satisfies Partial<Record<Operations['cloudtrail'], AnyOperation>>
