import type { Tenant } from '../api/types'
import '../theme/button.css'
import { CheckpointPart } from './CheckpointPart'
import { SectionHead } from './SectionHead'
import { useAdminWords } from './words'
import './form.css'
import './system.css'

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
