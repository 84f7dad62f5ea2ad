import { secrets } from './0001-secrets.ts'
import { keys } from './0002-keys.ts'
import { principals } from './0003-principals.ts'
import { trail } from './0004-trail.ts'
import { jobs } from './0005-jobs.ts'
import { installation } from './0006-installation.ts'
import { servers } from './0007-servers.ts'
import { functions } from './0008-functions.ts'
import { rotations } from './0009-rotations.ts'
import { topics } from './0010-topics.ts'
import { rules } from './0011-rules.ts'
import { trails } from './0012-trails.ts'
import { replicas } from './0013-replicas.ts'
import { nodes } from './0014-nodes.ts'
import { documents } from './0015-documents.ts'
import { associations } from './0016-associations.ts'
import { commands } from './0017-commands.ts'
import { desired } from './0018-desired.ts'
import type { Migration } from './migration.ts'

/** Every migration in order. A released one is never edited. */
export const migrations: readonly Migration[] = [
  secrets,
  keys,
  principals,
  trail,
  jobs,
  installation,
  servers,
  functions,
  rotations,
  topics,
  rules,
  trails,
  replicas,
  nodes,
  documents,
  associations,
  commands,
  desired,
]
