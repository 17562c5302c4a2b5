import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { visibleText } from '../../lib/visible'
import type { TenantSettings } from '../../model/api/types'
import { useTenants } from '../../model/settings/queries'
import { Button } from '../../ui/Button'
import { type Column, ListTable } from '../../ui/ListTable'
import { Loaded } from '../../ui/Loaded'
import { RowAction } from '../../ui/RowAction'
import { SectionHead } from '../../ui/SectionHead'
import { Shown } from '../../ui/Shown'
import { FactorRule } from './FactorRule'
import { RemovedTenants } from './RemovedTenants'
import { RemoveTenantDialog } from './RemoveTenantDialog'
import { TenantDialog } from './TenantDialog'

/** All tenants of the server, for owners. */
export default function TenantsPage() {
  const messages = useAdminMessages().tenants
  const tenants = useTenants()
  const [asked, setAsked] = useState<'new' | TenantSettings>()
  const [removing, setRemoving] = useState<TenantSettings>()
  const columns = useTenantColumns(setAsked, setRemoving)
  return (
    <>
      <SectionHead title={messages.title} text={messages.text}>
        <Button kind="primary" onClick={() => setAsked('new')}>
          {messages.add}
        </Button>
      </SectionHead>
      <Loaded query={tenants}>
        {(list) => <ListTable label={messages.title} columns={columns} items={list} keyOf={(tenant) => tenant.id} />}
      </Loaded>
      <RemovedTenants />
      <FactorRule />
      {asked === 'new' && <TenantDialog onClose={() => setAsked(undefined)} />}
      {removing && <RemoveTenantDialog tenant={removing} onClose={() => setRemoving(undefined)} />}
      {asked && asked !== 'new' && <TenantDialog tenant={asked} onClose={() => setAsked(undefined)} />}
    </>
  )
}

function useTenantColumns(
  onChange: (tenant: TenantSettings) => void,
  onRemove: (tenant: TenantSettings) => void,
): Column<TenantSettings>[] {
  const all = useAdminMessages()
  const messages = all.tenants
  return [
    {
      key: 'name',
      title: messages.name,
      cell: (tenant) => (
        <span className="stack">
          <span className="cut" title={visibleText(tenant.name)}>
            <Shown text={tenant.name} />
          </span>
          <small className="mono">{tenant.id}</small>
        </span>
      ),
    },
    { key: 'zone', title: messages.timeZone, width: 152, cell: (tenant) => tenant.time_zone },
    {
      key: 'permission',
      title: messages.dataPermission,
      width: 128,
      cell: (tenant) => (tenant.data_permission ? messages.on : messages.off),
    },
    {
      key: 'factor',
      title: messages.factor,
      width: 112,
      cell: (tenant) => (tenant.require_second_factor ? messages.required : messages.optional),
    },
    {
      key: 'retention',
      title: messages.retention,
      width: 104,
      cell: (tenant) => (tenant.retention_days ? messages.days(tenant.retention_days) : messages.forever),
    },
    {
      key: 'sites',
      title: messages.sites,
      width: 256,
      cell: (tenant) => tenant.frame_ancestors?.map((site) => <div key={site}>{site}</div>) ?? messages.noSites,
    },
    {
      key: 'actions',
      title: all.actions,
      actions: true,
      width: 144,
      cell: (tenant) => (
        <>
          <RowAction title={messages.change} of={tenant.id} onClick={() => onChange(tenant)} />
          <RowAction danger title={messages.remove} of={tenant.id} onClick={() => onRemove(tenant)} />
        </>
      ),
    },
  ]
}
