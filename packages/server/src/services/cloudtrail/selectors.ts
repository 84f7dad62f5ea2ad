import type { AdvancedEventSelector, AdvancedFieldSelector, EventSelector } from '@aws-sdk/client-cloudtrail'
import type { EventChoice, TrailSettings } from '../../store/deliveries.ts'
import { invalidEventSelectors } from './errors.ts'

/** What a trail has until somebody puts selectors: every management event. */
export const EVERY_EVENT: readonly EventChoice[] = [{ readWrite: 'All', excludedSources: [] }]

/** @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html */
const MAX_SELECTORS = 5
/** @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html */
const EXCLUDABLE: ReadonlySet<string> = new Set(['kms.amazonaws.com', 'rdsdata.amazonaws.com'])
// DIVERGENCE: there are no data events here; a trail that asks for them is refused rather than left without them.
const NO_DATA_EVENTS = 'Lockstep records management events; it has no data events to select.'

type Chosen = Pick<TrailSettings, 'choices' | 'selectors'>

/** @throws InvalidEventSelectorsException */
export function basicChoice(selectors: readonly EventSelector[]): Chosen {
  demandCount(selectors)
  const whole = selectors.map(withDefaults)
  for (const { IncludeManagementEvents, DataResources, ExcludeManagementEventSources } of whole) {
    if (DataResources.length > 0) throw invalidEventSelectors(NO_DATA_EVENTS)
    if (!IncludeManagementEvents)
      throw invalidEventSelectors(
        'A selector that includes neither management nor data events selects nothing.',
      )
    for (const source of ExcludeManagementEventSources) demandExcludable(source)
  }
  const choices = whole.map(({ ReadWriteType, ExcludeManagementEventSources }) => ({
    readWrite: ReadWriteType,
    excludedSources: ExcludeManagementEventSources,
  }))
  return { choices, selectors: { kind: 'basic', document: JSON.stringify(whole) } }
}

/** A selector with what stands for members that are not given. */
export function withDefaults(selector: EventSelector) {
  return {
    ReadWriteType: selector.ReadWriteType ?? ('All' as const),
    IncludeManagementEvents: selector.IncludeManagementEvents ?? true,
    DataResources: selector.DataResources ?? [],
    ExcludeManagementEventSources: selector.ExcludeManagementEventSources ?? [],
  }
}

/**
 * Of the fields that CloudTrail knows these are a trail's for management events: eventCategory, readOnly, eventSource.
 * @throws InvalidEventSelectorsException
 */
export function advancedChoice(selectors: readonly AdvancedEventSelector[]): Chosen {
  demandCount(selectors)
  const choices = selectors.map(({ FieldSelectors = [] }) => {
    const fields = new Map(FieldSelectors.map((field) => [field.Field ?? '', field]))
    if (fields.size < FieldSelectors.length)
      throw invalidEventSelectors('A field is named twice in one selector.')
    const category = only(fields.get('eventCategory'), 'Equals')
    if (category === 'Data') throw invalidEventSelectors(NO_DATA_EVENTS)
    if (category !== 'Management')
      throw invalidEventSelectors('Each selector needs eventCategory, and it has to equal Management.')
    return { readWrite: readWriteOf(fields.get('readOnly')), excludedSources: excludedBy(fields) }
  })
  return { choices, selectors: { kind: 'advanced', document: JSON.stringify(selectors) } }
}

function excludedBy(fields: ReadonlyMap<string, AdvancedFieldSelector>): readonly string[] {
  for (const field of fields.keys()) {
    if (!['eventCategory', 'readOnly', 'eventSource'].includes(field))
      throw invalidEventSelectors(`A selector of management events cannot ask for ${field}.`)
  }
  const selector = fields.get('eventSource')
  if (!selector) return []
  demandOperator(selector, 'NotEquals')
  const sources = selector.NotEquals ?? []
  for (const source of sources) demandExcludable(source)
  return sources
}

function readWriteOf(selector: AdvancedFieldSelector | undefined): EventChoice['readWrite'] {
  if (!selector) return 'All'
  const value = only(selector, 'Equals')
  if (value !== 'true' && value !== 'false')
    throw invalidEventSelectors('readOnly equals true or false; leave it out for both.')
  return value === 'true' ? 'ReadOnly' : 'WriteOnly'
}

/** The one value of the one operator. */
function only(selector: AdvancedFieldSelector | undefined, operator: 'Equals'): string | undefined {
  if (!selector) return undefined
  demandOperator(selector, operator)
  const [value, ...others] = selector[operator] ?? []
  if (others.length > 0) throw invalidEventSelectors(`${selector.Field} takes one value.`)
  return value
}

function demandOperator({ Field, ...operators }: AdvancedFieldSelector, operator: string): void {
  const given = Object.entries(operators).filter(([, values]) => values !== undefined)
  if (given.length !== 1 || given[0]?.[0] !== operator)
    throw invalidEventSelectors(`${Field} takes ${operator} and no other operator.`)
}

function demandExcludable(source: string): void {
  if (!EXCLUDABLE.has(source))
    throw invalidEventSelectors(`Management events of ${source} cannot be excluded.`)
}

function demandCount(selectors: readonly unknown[]): void {
  if (selectors.length === 0 || selectors.length > MAX_SELECTORS)
    throw invalidEventSelectors(`A trail has between 1 and ${MAX_SELECTORS} selectors.`)
}
