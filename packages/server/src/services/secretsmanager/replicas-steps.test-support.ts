import fc from 'fast-check'
import { TEST_REGION } from '../../testing/server.ts'
import { EUROPE, INDIA } from './replicas.test-support.ts'

export const COPIES = [EUROPE, INDIA] as const
const LABELS = ['AWSCURRENT', 'A', 'B'] as const

const region = fc.constantFrom(...COPIES)
/** What may happen to a secret with replicas. */
export const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('put'), labels: fc.subarray([...LABELS], { minLength: 1 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('move'), label: fc.constantFrom(...LABELS), to: fc.nat(20) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('tag'),
      key: fc.constantFrom('a', 'b'),
      value: fc.constantFrom('1', '2'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('untag'), key: fc.constantFrom('a', 'b') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('describe'), text: fc.constantFrom('', 'x', 'y') }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('disable'), region: fc.constantFrom(TEST_REGION, ...COPIES) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('enable'), region: fc.constantFrom(TEST_REGION, ...COPIES) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('promote'), region }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove'), region }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replicate'), region, force: fc.boolean() }) },
  // What a rotation begins with: a version that has a label, and no value yet. And its end, either way.
  { weight: 3, arbitrary: fc.record({ do: fc.constant('reserve') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('fill') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('discard') }) },
  // All three at once: the id comes back with another value.
  { weight: 3, arbitrary: fc.record({ do: fc.constant('begin anew') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass'), seconds: fc.constantFrom(1, 5, 60) }) },
  // A server takes the jobs and dies: before their work, or in its midst; or comes back with them late.
  { weight: 1, arbitrary: fc.record({ do: fc.constant('claim') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash'), job: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('come late'), job: fc.nat(9) }) },
)

export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never
