/**
 * The server's own programs, loaded only by the verbs that run them: the one place where the command line
 * reaches into the server's package. Everything else here is a client of the AWS endpoint.
 */
export const serverEntries = {
  main: () => import('@lockstep/server/main'),
  settings: () => import('@lockstep/server/settings'),
  movingOffline: () => import('@lockstep/server/moving-offline'),
  trailOffline: () => import('@lockstep/server/trail-offline'),
}
