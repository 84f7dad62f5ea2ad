import { associationsContract } from './associations.contract.ts'
import { commandsContract } from './commands.contract.ts'
import { desiredContract } from './desired.contract.ts'
import { documentsContract } from './documents.contract.ts'
import { functionsContract } from './functions.contract.ts'
import { jobsContract } from './jobs.contract.ts'
import { keysContract } from './keys.contract.ts'
import { nodesContract } from './nodes.contract.ts'
import { noticesContract } from './notices.contract.ts'
import type { Engine } from './pairs.test-support.ts'
import { principalContract } from './principals.contract.ts'
import { rulesContract } from './rules.contract.ts'
import { secretReplicasContract } from './secret-replicas.contract.ts'
import { secretsContract } from './secrets.contract.ts'
import { storeContract } from './store.contract.ts'
import type { Store } from './store.ts'
import { topicsContract } from './topics.contract.ts'
import { trailContract } from './trail.contract.ts'
import { waitingNodesContract } from './waiting-nodes.contract.ts'

/** Every contract that an engine keeps, once for each way in which it keeps its data. */
export function storeContracts(open: () => Promise<Store>, engine: Engine): void {
  storeContract(open, engine)
  jobsContract(open)
  secretsContract(open)
  secretReplicasContract(open)
  keysContract(open)
  principalContract(open)
  functionsContract(open)
  topicsContract(open)
  noticesContract(open)
  nodesContract(open)
  desiredContract(open)
  commandsContract(open)
  waitingNodesContract(open)
  documentsContract(open)
  associationsContract(open)
  rulesContract(open)
  trailContract(open)
}
