import { Command } from 'commander'
import { rotationDoctorCommand } from './rotation-doctor.ts'
import { rotationRollbackCommand } from './rotation-rollback.ts'
import { rotationStatusCommand } from './rotation-status.ts'

/** `lockstep rotation`: where rotations stand, and what may be done about one. */
export function rotationCommand(): Command {
  return new Command('rotation')
    .description('look at the rotation of a secret, explain it, go back')
    .addCommand(rotationStatusCommand())
    .addCommand(rotationDoctorCommand())
    .addCommand(rotationRollbackCommand())
}
