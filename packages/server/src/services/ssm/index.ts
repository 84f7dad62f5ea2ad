import type { Operations } from '@lockstep/wire'
import type { AnyOperation } from '../../gateway/operation.ts'
import { AddTagsToResource } from './AddTagsToResource.ts'
import { CancelCommand } from './CancelCommand.ts'
import { CreateActivation } from './CreateActivation.ts'
import { CreateAssociation } from './CreateAssociation.ts'
import { CreateDocument } from './CreateDocument.ts'
import { DeleteActivation } from './DeleteActivation.ts'
import { DeleteAssociation } from './DeleteAssociation.ts'
import { DeleteDocument } from './DeleteDocument.ts'
import { DeregisterManagedInstance } from './DeregisterManagedInstance.ts'
import { DescribeActivations } from './DescribeActivations.ts'
import { DescribeAssociation } from './DescribeAssociation.ts'
import { DescribeAssociationExecutions } from './DescribeAssociationExecutions.ts'
import { DescribeAssociationExecutionTargets } from './DescribeAssociationExecutionTargets.ts'
import { DescribeDocument } from './DescribeDocument.ts'
import { DescribeDocumentPermission } from './DescribeDocumentPermission.ts'
import { DescribeEffectiveInstanceAssociations } from './DescribeEffectiveInstanceAssociations.ts'
import { DescribeInstanceAssociationsStatus } from './DescribeInstanceAssociationsStatus.ts'
import { DescribeInstanceInformation } from './DescribeInstanceInformation.ts'
import { GetCommandInvocation } from './GetCommandInvocation.ts'
import { GetConnectionStatus } from './GetConnectionStatus.ts'
import { GetDocument } from './GetDocument.ts'
import { ListAssociations } from './ListAssociations.ts'
import { ListAssociationVersions } from './ListAssociationVersions.ts'
import { ListCommandInvocations } from './ListCommandInvocations.ts'
import { ListCommands } from './ListCommands.ts'
import { ListDocuments } from './ListDocuments.ts'
import { ListDocumentVersions } from './ListDocumentVersions.ts'
import { ListTagsForResource } from './ListTagsForResource.ts'
import { ModifyDocumentPermission } from './ModifyDocumentPermission.ts'
import { RemoveTagsFromResource } from './RemoveTagsFromResource.ts'
import { SendCommand } from './SendCommand.ts'
import { StartAssociationsOnce } from './StartAssociationsOnce.ts'
import { UpdateAssociation } from './UpdateAssociation.ts'
import { UpdateDocument } from './UpdateDocument.ts'
import { UpdateDocumentDefaultVersion } from './UpdateDocumentDefaultVersion.ts'
import { UpdateManagedInstanceRole } from './UpdateManagedInstanceRole.ts'

/** Every operation we answer for Systems Manager. */
export const ssm = {
  AddTagsToResource,
  CreateActivation,
  DeleteActivation,
  DeregisterManagedInstance,
  DescribeActivations,
  DescribeInstanceInformation,
  GetConnectionStatus,
  ListTagsForResource,
  RemoveTagsFromResource,
  UpdateManagedInstanceRole,
  CreateDocument,
  UpdateDocument,
  UpdateDocumentDefaultVersion,
  GetDocument,
  DescribeDocument,
  ListDocumentVersions,
  ListDocuments,
  DeleteDocument,
  DescribeDocumentPermission,
  ModifyDocumentPermission,
  CreateAssociation,
  UpdateAssociation,
  DeleteAssociation,
  DescribeAssociation,
  ListAssociations,
  ListAssociationVersions,
  StartAssociationsOnce,
  DescribeAssociationExecutions,
  DescribeAssociationExecutionTargets,
  DescribeInstanceAssociationsStatus,
  DescribeEffectiveInstanceAssociations,
  CancelCommand,
  GetCommandInvocation,
  ListCommandInvocations,
  ListCommands,
  SendCommand,
} satisfies Partial<Record<Operations['ssm'], AnyOperation>>
