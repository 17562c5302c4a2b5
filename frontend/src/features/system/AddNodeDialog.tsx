import { useEffect } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useNodesMessages } from '../../i18n/nodesMessages'
import { problemText } from '../../lib/problem'
import { exactTime } from '../../lib/time/zone'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { Copyable } from '../../ui/form/Copyable'
import { Notice } from '../../ui/Notice'
import { useJoinToken } from './nodeQueries'

/** Shows the commands that make another machine a node, with a token for them. */
export function AddNodeDialog({ zone, onClose }: { zone: string; onClose: () => void }) {
  const { nodes: messages } = useNodesMessages()
  const { loading } = useAdminMessages()
  const { mutate, data, error } = useJoinToken()
  useEffect(() => mutate(), [mutate])
  return (
    <Dialog firm title={messages.add} className="form-dialog" onClose={onClose}>
      <div className="form-body">
        {error && <Notice kind="error">{messages.addFailed(problemText(error))}</Notice>}
        {!error && !data && (
          <p className="loading-late" role="status">
            {loading}
          </p>
        )}
        {data && (
          <>
            <p className="form-lead">{messages.addText(exactTime(data.expires_at, zone))}</p>
            <Copyable
              label={messages.join}
              text={`oplog cluster join ${data.token} --address NEW-HOST:8485 --data /var/lib/oplog`}
            />
            <Copyable label={messages.start} text="oplog serve --data /var/lib/oplog" />
          </>
        )}
      </div>
      <footer className="form-foot">
        <Button kind="primary" onClick={onClose}>
          {messages.done}
        </Button>
      </footer>
    </Dialog>
  )
}
