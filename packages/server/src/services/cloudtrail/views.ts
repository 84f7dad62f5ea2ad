import type {
  AdvancedEventSelector,
  CreateTrailResponse,
  EventSelector,
  GetEventSelectorsResponse,
  Trail,
} from '@aws-sdk/client-cloudtrail'
import type { DeliveryTrail } from '../../store/deliveries.ts'
import { trailArn } from '../../trail/delivery/topic.ts'
import { withDefaults } from './selectors.ts'

/** A trail as CreateTrail and UpdateTrail answer it. */
export function settingsView(trail: DeliveryTrail): CreateTrailResponse {
  const { bucket, prefix, topicArn, isMultiRegion, includesGlobal, validation } = trail.settings
  return {
    Name: trail.name,
    S3BucketName: bucket,
    ...(prefix !== undefined && { S3KeyPrefix: prefix }),
    ...(topicArn !== undefined && { SnsTopicARN: topicArn, SnsTopicName: topicArn }),
    IncludeGlobalServiceEvents: includesGlobal,
    IsMultiRegionTrail: isMultiRegion,
    TrailARN: trailArn(trail),
    LogFileValidationEnabled: validation,
    IsOrganizationTrail: false,
  }
}

/** The same as GetTrail and DescribeTrails answer it. */
export function trailView(trail: DeliveryTrail): Trail {
  return {
    ...settingsView(trail),
    HomeRegion: trail.region,
    HasCustomEventSelectors: trail.settings.selectors !== undefined,
    HasInsightSelectors: false,
  }
}

/** A trail's selectors as they were put, or what stands for them. */
export function selectorsView({
  settings: { selectors },
}: DeliveryTrail): Pick<GetEventSelectorsResponse, 'EventSelectors' | 'AdvancedEventSelectors'> {
  if (!selectors) return { EventSelectors: [withDefaults({})] }
  return selectors.kind === 'basic'
    ? { EventSelectors: JSON.parse(selectors.document) as EventSelector[] }
    : { AdvancedEventSelectors: JSON.parse(selectors.document) as AdvancedEventSelector[] }
}
