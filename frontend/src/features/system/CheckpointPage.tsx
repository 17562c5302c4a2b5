import type { Tenant } from '../../model/api/types'
import '../../ui/button.css'
import { useAdminMessages } from '../../i18n/adminMessages'
import { SectionHead } from '../../ui/SectionHead'
import { CheckpointPart } from './CheckpointPart'
import '../../ui/form/form.css'
import '../../ui/system.css'

/** The checkpoint, for accounts that read the log but do not administer it. */
export default function CheckpointPage({ tenant }: { tenant: Tenant }) {
  const messages = useAdminMessages().system
  return (
    <>
      <SectionHead title={messages.checkpoint} text={messages.checkpointText} />
      <CheckpointPart alone tenant={tenant} />
    </>
  )
}
