/** A database that says nothing any more, as `postgres-faults` has those that do: only a clock tells of it. */
import { needing } from './components.ts'
import { Postgres } from './postgres.ts'
import { demandCourse } from './postgres-course.ts'
import { Server } from './server.ts'
import { TcpProxy } from './tcp-proxy.ts'

const { test } = needing('postgresql')

test('PostgreSQL hangs, and goes on', async () => {
  await using postgres = await Postgres.start()
  const url = await postgres.createDatabase('lockstep')
  await using server = await Server.start({ env: { LOCKSTEP_STORE: url } })
  await demandCourse(
    { postgres, server, url },
    {
      reason: /did not answer in time|cannot be reached/,
      begin: () => postgres.freeze(),
      end: () => postgres.thaw(),
    },
  )
})

test('the network swallows every connection for good, and new ones get through later', async () => {
  await using postgres = await Postgres.start()
  await using proxy = await TcpProxy.start(postgres.port)
  const own = await postgres.createDatabase('lockstep')
  const url = postgres.url('lockstep', { port: proxy.port })
  await using server = await Server.start({ env: { LOCKSTEP_STORE: url } })
  await demandCourse(
    { postgres, server, url: own },
    {
      reason: /did not answer in time|cannot be reached/,
      begin: () => {
        proxy.weather = 'silent'
      },
      end: () => {
        proxy.weather = 'fair'
      },
    },
  )
})
