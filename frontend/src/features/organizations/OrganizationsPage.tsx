import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import type { Organization, Tenant } from '../../model/api/types'
import { useOrganizations } from '../../model/log/queries'
import { OrganizationTree } from '../../model/organizations/OrganizationTree'
import { useIsPrinting } from '../../model/print/usePrint'
import { Button } from '../../ui/Button'
import { Loaded } from '../../ui/Loaded'
import { SectionHead } from '../../ui/SectionHead'
import { type Asked, OrganizationDialog } from './OrganizationDialog'
import { OrganizationFacts } from './OrganizationFacts'
import { useOrganizationCounts } from './organizationQueries'
import { PermissionPart } from './PermissionPart'
import '../../model/organizations/tree.css'
import './organizations.css'

/** The organization tree, and whether it restricts what people see. */
export default function OrganizationsPage({ tenant }: { tenant: Tenant }) {
  const messages = useAdminMessages().organizations
  const [asked, setAsked] = useState<Asked>()
  return (
    <>
      <SectionHead title={messages.title} text={messages.text}>
        {tenant.data_permission && (
          <Button kind="primary" onClick={() => setAsked({ what: 'add' })}>
            {messages.add}
          </Button>
        )}
      </SectionHead>
      <PermissionPart tenant={tenant} />
      {tenant.data_permission && <Tree tenant={tenant} onAsk={setAsked} />}
      {asked && <OrganizationDialog tenant={tenant} asked={asked} onClose={() => setAsked(undefined)} />}
    </>
  )
}

function Tree({ tenant, onAsk }: { tenant: Tenant; onAsk: (asked: Asked) => void }) {
  const messages = useAdminMessages().organizations
  const organizations = useOrganizations(tenant.id, true)
  const own = useOrganizationCounts(tenant.id).data
  const [selected, setSelected] = useState<string>()
  const printing = useIsPrinting()
  return (
    <Loaded query={organizations}>
      {(list: Organization[]) => {
        const chosen = list.find((one) => one.id === selected)
        if (list.length === 0) return <p className="list-empty">{messages.none}</p>
        return (
          <div className="organizations">
            <div className="form-tree">
              <OrganizationTree
                organizations={list}
                own={own}
                selected={chosen ? [chosen.id] : []}
                onSelect={setSelected}
                whole={printing}
              />
            </div>
            {chosen ? (
              <OrganizationFacts list={list} organization={chosen} own={own} onAsk={onAsk} />
            ) : (
              <p className="organizations-none">{messages.choose}</p>
            )}
          </div>
        )
      }}
    </Loaded>
  )
}
