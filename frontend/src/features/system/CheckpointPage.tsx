import type { Tenant } from '../../model/api/types'
import '../../ui/button.css'
import { useAdminWords } from '../../i18n/adminWords'
import { SectionHead } from '../../ui/SectionHead'
import { CheckpointPart } from './CheckpointPart'
import '../../ui/form/form.css'
import '../../ui/system.css'

/** The checkpoint, for accounts that read the log but do not administer it. */
export default function CheckpointPage({ tenant }: { tenant: Tenant }) {
  const words = useAdminWords().system
  return (
    <>
      <SectionHead title={words.checkpoint} text={words.checkpointText} />
      <CheckpointPart alone tenant={tenant} />
    </>
  )
}
