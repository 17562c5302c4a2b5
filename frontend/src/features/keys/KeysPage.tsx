import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import { basePath } from '../../lib/basePath'
import { visibleText } from '../../lib/visible'
import type { ApiKey, CreatedKey, Tenant } from '../../model/api/types'
import { useApiKeys } from '../../model/settings/keyNames'
import { useRevokeKey } from '../../model/settings/queries'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { Copyable } from '../../ui/form/Copyable'
import { FormDialog } from '../../ui/form/FormDialog'
import { type Column, ListTable } from '../../ui/ListTable'
import { Loaded } from '../../ui/Loaded'
import { RowAction } from '../../ui/RowAction'
import { SectionHead } from '../../ui/SectionHead'
import { Shown } from '../../ui/Shown'
import { Timestamp } from '../../ui/Timestamp'
import { AddKeyDialog } from './AddKeyDialog'
import { KeyScope, KeyStatus, unusable } from './KeyFacts'
import { keyExample } from './keyExample'

/** The API keys of programs. */
export default function KeysPage({ tenant }: { tenant: Tenant }) {
  const messages = useAdminMessages().keys
  const list = useApiKeys(tenant.id)
  const [adding, setAdding] = useState(false)
  const [made, setMade] = useState<CreatedKey>()
  const [revoking, setRevoking] = useState<ApiKey>()
  const columns = useKeyColumns(tenant, setRevoking)
  return (
    <>
      <SectionHead title={messages.title} text={messages.text}>
        <Button kind="primary" onClick={() => setAdding(true)}>
          {messages.add}
        </Button>
      </SectionHead>
      <Loaded query={list}>
        {(keys) =>
          keys.length > 0 ? (
            <ListTable
              label={messages.title}
              columns={columns}
              items={[...keys].sort((a, b) => Number(unusable(a)) - Number(unusable(b)))}
              keyOf={(key) => key.id}
              faded={unusable}
            />
          ) : (
            <p className="list-empty">{messages.none}</p>
          )
        }
      </Loaded>
      {adding && (
        <AddKeyDialog
          tenant={tenant}
          onMade={(key) => {
            setAdding(false)
            setMade(key)
          }}
          onClose={() => setAdding(false)}
        />
      )}
      {made && <MadeDialog tenant={tenant} made={made} onClose={() => setMade(undefined)} />}
      {revoking && <RevokeDialog tenant={tenant} apiKey={revoking} onClose={() => setRevoking(undefined)} />}
    </>
  )
}

function useKeyColumns(tenant: Tenant, onRevoke: (key: ApiKey) => void): Column<ApiKey>[] {
  const all = useAdminMessages()
  const messages = all.keys
  const zone = tenant.time_zone
  return [
    {
      key: 'name',
      title: messages.name,
      cell: (key) => (
        <span className="stack">
          <span className="cut" title={visibleText(key.name)}>
            <Shown text={key.name} />
          </span>
          <small className="mono">{key.id}…</small>
        </span>
      ),
    },
    { key: 'scope', title: messages.scope, width: 200, cell: (key) => <KeyScope apiKey={key} tenant={tenant} /> },
    {
      key: 'created',
      title: messages.created,
      width: 176,
      cell: (key) => <Timestamp time={key.created_at} zone={zone} />,
    },
    {
      key: 'used',
      title: messages.lastUsed,
      width: 176,
      cell: (key) => (key.last_used_at ? <Timestamp time={key.last_used_at} zone={zone} /> : messages.never),
    },
    { key: 'status', title: messages.status, width: 176, cell: (key) => <KeyStatus apiKey={key} zone={zone} /> },
    {
      key: 'actions',
      title: all.actions,
      actions: true,
      width: 96,
      cell: (key) =>
        !key.revoked_at && <RowAction danger title={messages.revoke} of={key.name} onClick={() => onRevoke(key)} />,
    },
  ]
}

/** The key itself, which is shown only once. */
function MadeDialog({ tenant, made, onClose }: { tenant: Tenant; made: CreatedKey; onClose: () => void }) {
  const common = useMessages()
  const messages = useAdminMessages().keys
  return (
    <Dialog firm title={messages.made(made.name)} className="form-dialog" onClose={onClose}>
      <div className="form-body">
        <p className="form-lead">{messages.madeText}</p>
        <Copyable label={messages.key} text={made.key} />
        <p className="form-lead">{messages.use[made.scope]}</p>
        <Copyable
          label={made.scope === 'launch' ? messages.linkURL : messages.readyToRun}
          text={keyExample(made.scope, location.origin + basePath, tenant.id, made.key)}
        />
      </div>
      <footer className="form-foot">
        <Button kind="primary" onClick={onClose}>
          {common.done}
        </Button>
      </footer>
    </Dialog>
  )
}

function RevokeDialog({ tenant, apiKey, onClose }: { tenant: Tenant; apiKey: ApiKey; onClose: () => void }) {
  const messages = useAdminMessages().keys
  const revoke = useRevokeKey(tenant.id)
  return (
    <FormDialog
      danger
      title={messages.revokeOf(apiKey.name)}
      action={messages.revoke}
      error={revoke.error}
      pending={revoke.isPending}
      onSubmit={() => revoke.mutate(apiKey.id, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{messages.revokeText(apiKey.id)}</p>
    </FormDialog>
  )
}
