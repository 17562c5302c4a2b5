import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import { visibleText } from '../../lib/visible'
import type { Account, Tenant } from '../../model/api/types'
import { useOrganizations } from '../../model/log/queries'
import { useSession } from '../../model/session/session'
import type { Column } from '../../ui/ListTable'
import { RowAction } from '../../ui/RowAction'
import { Shown, shown } from '../../ui/Shown'
import { Timestamp } from '../../ui/Timestamp'
import type { Asked } from './AccountDialogs'

interface Actions {
  /** Opens the dialog of an action. */
  onAsk: (asked: Asked) => void
  onEnable: (account: Account) => void
  onUnlock: (account: Account) => void
}

/** The columns of the table of accounts. */
export function useAccountColumns(tenant: Tenant, actions: Actions): Column<Account>[] {
  const common = useMessages()
  const all = useAdminMessages()
  const messages = all.accounts
  const organizations = useOrganizations(tenant.id, tenant.data_permission)

  function sees(account: Account): string {
    if (account.role === 'owner') return messages.everyTenant
    if (account.role === 'member') return messages.nothing
    if (!account.organization) return messages.wholeTenant
    const known = organizations.data?.find((one) => one.id === account.organization)
    return common.andBelow(known?.name ?? account.organization)
  }

  return [
    { key: 'account', title: messages.account, cell: (account) => <Names account={account} /> },
    { key: 'role', title: common.role, width: 88, cell: (account) => <RoleOf account={account} /> },
    {
      key: 'sees',
      title: messages.sees,
      width: 200,
      cell: (account) => (
        <span className="stack">
          {sees(account)}
          <ViewAs account={account} onView={() => actions.onAsk({ what: 'view', account })} />
        </span>
      ),
    },
    {
      key: 'status',
      title: messages.status,
      width: 168,
      cell: (account) => (
        <span className="stack">
          <Status account={account} />
          <FactorStatus account={account} onRemove={() => actions.onAsk({ what: 'factor', account })} />
        </span>
      ),
    },
    {
      key: 'last',
      title: messages.lastSignIn,
      width: 168,
      cell: (account) =>
        account.last_sign_in_at ? <Timestamp time={account.last_sign_in_at} zone={tenant.time_zone} /> : messages.never,
    },
    {
      key: 'actions',
      title: all.actions,
      actions: true,
      width: 344,
      cell: (account) => <AccountActions account={account} {...actions} />,
    },
  ]
}

function Names({ account }: { account: Account }) {
  return (
    <span className="stack">
      <span className="cut" title={visibleText(account.username)}>
        <Shown text={account.username} />
      </span>
      {account.name && <small className="cut">{shown(account.name)}</small>}
    </span>
  )
}

/** The role, and which rule of the configuration gave it to somebody of a directory. */
function RoleOf({ account }: { account: Account }) {
  const common = useMessages()
  const messages = useAdminMessages().accounts
  return (
    <span className="stack">
      {common.roles[account.role]}
      {account.rule && <small className="cut">{messages.byRule(account.rule)}</small>}
    </span>
  )
}

/** Shows the log as another person sees it, who sees no more than an admin of the tenant. */
function ViewAs({ account, onView }: { account: Account; onView: () => void }) {
  const messages = useAdminMessages()
  const { username: self } = useSession()
  if (account.role === 'owner' || account.username === self || account.disabled || account.disabled_by_source)
    return null
  return (
    <small>
      <button
        type="button"
        className="link"
        aria-label={visibleText(messages.named(messages.accounts.viewAs, account.username))}
        onClick={onView}
      >
        {messages.accounts.viewAs}
      </button>
    </small>
  )
}

/** Whether an account may sign in, and what has to happen first. */
function Status({ account }: { account: Account }) {
  const messages = useAdminMessages().accounts
  if (account.closed_at) return messages.closed
  if (account.disabled) return messages.disabled
  if (account.disabled_by_source) return messages.keptOut(account.source ?? '')
  if (account.locked_until)
    return (
      <span className="list-bad" title={account.locked_in_places ? messages.lockedPlacesText : messages.lockedText}>
        {account.locked_in_places ? messages.lockedPlaces : messages.locked}
      </span>
    )
  return (
    <span className="stack">
      {messages.active}
      {account.must_change && <small className="cut">{messages.mustChange}</small>}
    </span>
  )
}

/** Whether an account has a second factor, which others than itself may remove. */
function FactorStatus({ account, onRemove }: { account: Account; onRemove: () => void }) {
  const messages = useAdminMessages().accounts
  const { username: self } = useSession()
  return (
    <small>
      {account.second_factor ? messages.secondFactor : messages.noSecondFactor}
      {account.second_factor && account.username !== self && (
        <>
          {' · '}
          <button
            type="button"
            className="link"
            aria-label={messages.removeFactorOf(account.username)}
            onClick={onRemove}
          >
            {messages.removeFactor}
          </button>
        </>
      )}
    </small>
  )
}

function AccountActions({ account, onAsk, onEnable, onUnlock }: Actions & { account: Account }) {
  const messages = useAdminMessages().accounts
  const { username: self } = useSession()
  const of = account.username
  if (account.closed_at) return null
  return (
    <>
      {!account.source && (
        <RowAction title={messages.change} of={of} onClick={() => onAsk({ what: 'change', account })} />
      )}
      {account.locked_until && <RowAction title={messages.unlock} of={of} onClick={() => onUnlock(account)} />}
      {!account.source && (
        <RowAction title={messages.newPassword} of={of} onClick={() => onAsk({ what: 'password', account })} />
      )}
      <RowAction title={messages.sessions} of={of} onClick={() => onAsk({ what: 'sessions', account })} />
      {of !== self && (
        <RowAction danger title={messages.close} of={of} onClick={() => onAsk({ what: 'close', account })} />
      )}
      {account.disabled ? (
        <RowAction title={messages.enable} of={of} onClick={() => onEnable(account)} />
      ) : (
        <RowAction danger title={messages.disable} of={of} onClick={() => onAsk({ what: 'disable', account })} />
      )}
    </>
  )
}
