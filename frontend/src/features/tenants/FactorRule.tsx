import { useQuery } from '@tanstack/react-query'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import { problemText } from '../../lib/problem'
import { call } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { Role, SecondFactorRule } from '../../model/api/types'
import { useChange } from '../../model/settings/queries'
import { Loaded } from '../../ui/Loaded'
import { Notice } from '../../ui/Notice'
import { useToast } from '../../ui/Toasts'
import '../../ui/system.css'

const rulePath = '/api/v1/second-factor'
const roles: Role[] = ['owner', 'admin', 'auditor', 'member']

/** The roles that need a second factor, in every tenant. A tick is saved at once. */
export function FactorRule() {
  const common = useMessages()
  const { tenants: messages, notDone } = useAdminMessages()
  const toast = useToast()
  const rule = useQuery({
    queryKey: queryKeys.factorRule,
    queryFn: ({ signal }) => call<SecondFactorRule>(rulePath, { signal }),
  })
  const save = useChange(
    (changed: SecondFactorRule) => call<SecondFactorRule>(rulePath, { method: 'PUT', body: changed }),
    queryKeys.factorRule,
  )
  function toggle(role: Role, known: Role[]) {
    if (save.isPending) return
    const next = roles.filter((one) => (one === role) !== known.includes(one))
    save.mutate({ roles: next }, { onSuccess: () => toast(messages.ruleSaved) })
  }
  return (
    <section className="system-part factor-rule">
      <h2>{messages.factorRule}</h2>
      <p>{messages.factorRuleText}</p>
      {save.error && <Notice kind="error">{notDone(problemText(save.error))}</Notice>}
      <Loaded query={rule}>
        {(known) => (
          <fieldset>
            <legend className="sr">{messages.factorRule}</legend>
            {roles.map((role) => (
              <label key={role}>
                <input
                  type="checkbox"
                  checked={known.roles.includes(role)}
                  onChange={() => toggle(role, known.roles)}
                />
                {common.roles[role]}
              </label>
            ))}
          </fieldset>
        )}
      </Loaded>
    </section>
  )
}
