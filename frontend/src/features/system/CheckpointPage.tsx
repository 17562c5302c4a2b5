import type { Tenant } from '../../model/api/types'
import '../../ui/button.css'
import { useAdminWords } from '../../i18n/adminWords'
import { SectionHead } from '../../ui/SectionHead'
import { CheckpointPart } from './CheckpointPart'
import '../../ui/form/form.css'
import '../../ui/system.css'

/** The checkpoint alone, for those who read the log and administer nothing. */
export default function CheckpointPage({ tenant }: { tenant: Tenant }) {
  const words = useAdminWords().system
  return (
    <>
      <SectionHead title={words.checkpoint} text={words.checkpointText} />
      <CheckpointPart alone tenant={tenant} />
    </>
  )
}
