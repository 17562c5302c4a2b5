import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { problemText } from '../../lib/problem'
import type { Tenant } from '../../model/api/types'
import { useAccounts, useChangeAccount, useUnlockAccount } from '../../model/settings/queries'
import { Button } from '../../ui/Button'
import { ListTable } from '../../ui/ListTable'
import { Loaded } from '../../ui/Loaded'
import { Notice } from '../../ui/Notice'
import { SectionHead } from '../../ui/SectionHead'
import { AccountDialogs, type Asked } from './AccountDialogs'
import { useAccountColumns } from './useAccountColumns'

/** The accounts of a tenant and their roles. */
export default function AccountsPage({ tenant }: { tenant: Tenant }) {
  const all = useAdminMessages()
  const messages = all.accounts
  const accounts = useAccounts(tenant.id)
  const enable = useChangeAccount(tenant.id)
  const unlock = useUnlockAccount(tenant.id)
  const [asked, setAsked] = useState<Asked>()
  const columns = useAccountColumns(tenant, {
    onAsk: setAsked,
    onEnable: ({ username }) => enable.mutate({ username, change: { disabled: false } }),
    onUnlock: ({ username }) => unlock.mutate(username),
  })
  return (
    <>
      <SectionHead title={messages.title} text={messages.text(tenant.name)}>
        <Button kind="primary" onClick={() => setAsked({ what: 'add' })}>
          {messages.add}
        </Button>
      </SectionHead>
      {enable.error && <Notice kind="error">{all.notDone(problemText(enable.error))}</Notice>}
      {unlock.error && <Notice kind="error">{all.notDone(problemText(unlock.error))}</Notice>}
      <Loaded query={accounts}>
        {(list) => (
          <ListTable
            label={messages.title}
            columns={columns}
            items={list}
            keyOf={(account) => account.username}
            faded={(account) => account.disabled}
          />
        )}
      </Loaded>
      {asked && <AccountDialogs tenant={tenant} asked={asked} onClose={() => setAsked(undefined)} />}
    </>
  )
}
