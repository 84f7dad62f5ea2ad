import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TEST_POSTGRES } from '../../store/postgres/test-database.ts'
import { TEST_REGION } from '../../testing/server.ts'
import { Regions } from './replicas.test-support.ts'
import { step } from './replicas-steps.test-support.ts'
import { World } from './replicas-world.test-support.ts'

test('whatever changes, fails, crashes or comes late: a replica is always whole, never goes back, and in the end is its primary', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), async (steps) => {
      await using regions = await Regions.start()
      const world = await World.open(regions)
      for (const taken of steps) await world.take(taken)
      await world.calm()
      await world.look()
      const primary = await regions.describe()
      for (const { Region = '', Status, StatusMessage } of primary.ReplicationStatus ?? []) {
        // A promoted replica that was not overwritten stands in the way of the next one.
        if (Status === 'Failed') assert.match(StatusMessage ?? '', /name already exists/)
        else assert.equal(Status, 'InSync')
        if (Status !== 'InSync') continue
        const replica = await regions.describe(Region)
        for (const member of ['Description', 'Tags'] as const)
          assert.deepEqual(replica[member], primary[member])
        const stages = await world.valuedStages(primary.VersionIdsToStages)
        assert.deepEqual(replica.VersionIdsToStages, stages)
        for (const VersionId of Object.keys(stages))
          assert.equal(
            await regions.value(Region, { VersionId }),
            await regions.value(TEST_REGION, { VersionId }),
          )
      }
    }),
    { numRuns: TEST_POSTGRES ? 6 : 20 },
  )
})
