import { createPortal } from 'react-dom'
import { useAdminMessages } from '../../i18n/adminMessages'
import type { Tenant } from '../../model/api/types'
import { readCheckpoint } from '../../model/entry/proof'
import { useVerifierKey } from '../../model/entry/verifierKey'
import { PrintHeader } from '../../model/print/PrintHeader'
import { Button } from '../../ui/Button'
import { Copyable } from '../../ui/form/Copyable'
import { Loaded } from '../../ui/Loaded'
import { QrCode } from '../../ui/QrCode'
import { CheckpointVerdict } from './CheckpointVerdict'
import { useCheckpoint } from './systemQueries'

/** The signed head of the log to keep elsewhere: as text, file, QR code or print. */
export function CheckpointPart({ tenant, alone }: { tenant: Tenant; alone?: boolean }) {
  const messages = useAdminMessages().system
  const checkpoint = useCheckpoint(tenant.id)
  const key = useVerifierKey()
  function refresh() {
    key.refetch() // which may have been replaced, too
    checkpoint.refetch()
  }
  return (
    <section className="system-part">
      {!alone && <h2>{messages.checkpoint}</h2>}
      {!alone && <p>{messages.checkpointText}</p>}
      <Loaded query={checkpoint}>
        {(text) => (
          <>
            <div className="system-verdict">
              <CheckpointVerdict tenant={tenant.id} checkpoint={text} />
            </div>
            <div className="system-checkpoint">
              <div>
                <Copyable label={messages.checkpointOf(readCheckpoint(text)?.size ?? 0)} text={text} />
                <Copyable label={messages.command} text={verifyCommand(tenant.id)} />
                <div className="system-buttons">
                  <Button onClick={() => save(text, fileName(tenant.id))}>{messages.saveFile}</Button>
                  <Button onClick={() => window.print()}>{messages.print}</Button>
                  <Button pending={checkpoint.isFetching} onClick={refresh}>
                    {messages.refresh}
                  </Button>
                </div>
              </div>
              <Code text={text} size={200} />
            </div>
            {createPortal(<Sheet tenant={tenant} checkpoint={text} verifierKey={key.data} />, document.body)}
          </>
        )}
      </Loaded>
      <Loaded query={key}>
        {(text) => (
          <>
            <p>{messages.keyText}</p>
            <Copyable label={messages.key} text={text} />
          </>
        )}
      </Loaded>
    </section>
  )
}

function Code({ text, size }: { text: string; size: number }) {
  const { qr } = useAdminMessages().system
  return (
    <div className="system-code">
      <QrCode label={qr} text={text} size={size} />
    </div>
  )
}

interface SheetProps {
  tenant: Tenant
  checkpoint: string
  verifierKey: string | undefined
}

/** The printed sheet, without the rest of the page. */
function Sheet({ tenant, checkpoint, verifierKey }: SheetProps) {
  const messages = useAdminMessages().system
  return (
    <div className="print-sheet">
      <PrintHeader tenant={tenant} title={messages.sheetTitle} />
      <Code text={checkpoint} size={240} />
      <p>
        {messages.sheetText} <code>{verifyCommand(tenant.id)}</code>
      </p>
      <pre>{checkpoint}</pre>
      <p>{messages.key}</p>
      <pre>{verifierKey}</pre>
    </div>
  )
}

function verifyCommand(tenant: string): string {
  return `oplog verify --tenant ${tenant} --checkpoint ${fileName(tenant)}`
}

function fileName(tenant: string): string {
  return `${tenant}.checkpoint`
}

function save(text: string, name: string) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
