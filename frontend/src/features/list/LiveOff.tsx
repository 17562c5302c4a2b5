import { useReadOnlyMessages } from '../../i18n/readOnlyMessages'

/** Says why nothing new is counted while the nodes have no quorum. */
export default function LiveOff() {
  const messages = useReadOnlyMessages()
  return (
    <span className="live-lost" role="status">
      {messages.liveOff}
    </span>
  )
}
