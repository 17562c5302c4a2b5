import { useState } from 'react'
import { useMessages } from '../../i18n/language'
import { useNodesMessages } from '../../i18n/nodesMessages'
import { problemText } from '../../lib/problem'
import { sizeText } from '../../lib/size'
import { relativeTime } from '../../lib/time/phrases'
import { exactTime } from '../../lib/time/zone'
import type { Cluster, ClusterNode } from '../../model/api/types'
import { Icon } from '../../ui/Icon'
import { type Column, ListTable } from '../../ui/ListTable'
import { Notice } from '../../ui/Notice'
import { RowAction } from '../../ui/RowAction'
import { AddNodeDialog } from './AddNodeDialog'
import { useNodes, useTransfer } from './nodeQueries'
import { lagLevel, lagTime, levelTexts, votersOf } from './nodeTexts'
import { RemoveNodeDialog } from './RemoveNodeDialog'
import '../../ui/tag.css'
import './nodes.css'

/** The nodes of a log that has several, for owners; nothing of one that is alone. */
export function NodesPart({ zone }: { zone: string }) {
  const { data } = useNodes(true)
  return data?.enabled ? <Nodes of={data} zone={zone} /> : null
}

/** What the server says of the nodes. */
export function Nodes({ of, zone }: { of: Cluster; zone: string }) {
  const { nodes: messages, gap } = useNodesMessages()
  const transfer = useTransfer()
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<ClusterNode>()
  const { nodes = [] } = of
  const voters = votersOf(nodes)
  const needed = Math.floor(voters / 2) + 1
  const sentences = [
    voters > 2 ? messages.keepsRunning(needed, voters) : messages.needsAll(voters),
    ...(of.leader && of.leader_since ? [messages.leaderSince(exactTime(of.leader_since, zone))] : []),
    ...levelTexts(of, messages),
  ]
  return (
    <section className="system-part" aria-labelledby="system-nodes">
      <div className="nodes-head">
        <h2 id="system-nodes">{messages.nodes}</h2>
        <button type="button" className="link" onClick={() => setAdding(true)}>
          {messages.add}
        </button>
      </div>
      {!of.quorum && <Notice kind="error">{messages.noQuorum}</Notice>}
      {of.diverged && <Notice kind="error">{messages.diverged}</Notice>}
      {of.failure && !of.diverged && <Notice kind="error">{messages.failure(of.failure)}</Notice>}
      {transfer.error && <Notice kind="error">{messages.transferFailed(problemText(transfer.error))}</Notice>}
      <Table of={of} zone={zone} onTransfer={() => transfer.mutate()} onRemove={setRemoving} />
      <p className="nodes-note">{sentences.join(gap())}</p>
      {adding && <AddNodeDialog zone={zone} onClose={() => setAdding(false)} />}
      {removing && <RemoveNodeDialog node={removing} voters={voters} onClose={() => setRemoving(undefined)} />}
    </section>
  )
}

interface TableProps {
  of: Cluster
  zone: string
  onTransfer: () => void
  onRemove: (node: ClusterNode) => void
}

function Table({ of, zone, onTransfer, onRemove }: TableProps) {
  const { nodes: messages } = useNodesMessages()
  const { nodes = [] } = of
  const columns: Column<ClusterNode>[] = [
    { key: 'node', title: messages.node, cell: (node) => <Name of={node} /> },
    { key: 'role', title: messages.role, width: 108, cell: (node) => <Role of={node} /> },
    { key: 'lag', title: messages.lag, width: 128, cell: (node) => <Lag of={node} /> },
    {
      key: 'contact',
      title: messages.lastContact,
      width: 112,
      cell: (node) => <Contact of={node} self={node.id === of.id} zone={zone} />,
    },
    { key: 'disk', title: messages.disk, width: 148, cell: (node) => <Disk of={node} /> },
    { key: 'version', title: messages.version, width: 84, cell: (node) => <Version of={node} /> },
    {
      key: 'actions',
      title: messages.node,
      width: 124,
      actions: true,
      cell: (node) => {
        if (!node.leader)
          return <RowAction danger title={messages.remove} of={node.address} onClick={() => onRemove(node)} />
        return votersOf(nodes) > 1 && <RowAction title={messages.transfer} of={node.address} onClick={onTransfer} />
      },
    },
  ]
  return <ListTable label={messages.nodes} columns={columns} items={nodes} keyOf={(node) => node.id} />
}

function Name({ of }: { of: ClusterNode }) {
  return (
    <span className="stack">
      <b className="nodes-name">{of.address}</b>
      <small className="mono">{of.id.slice(0, 8)}</small>
    </span>
  )
}

function Role({ of }: { of: ClusterNode }) {
  const { nodes: messages } = useNodesMessages()
  if (of.leader)
    return (
      <span className="tag">
        <Icon name="star" small />
        {messages.leader}
      </span>
    )
  return of.voter ? messages.follower : messages.joining
}

function Lag({ of }: { of: ClusterNode }) {
  const { nodes: messages } = useNodesMessages()
  if (!of.reachable && !of.applied) return messages.unknown
  if (of.lag_entries === 0) return messages.noLag
  const level = lagLevel(of)
  const time = lagTime(of.lag_ms, messages)
  return (
    <span className="stack">
      <span className={level && `nodes-${level}`}>{messages.messages(of.lag_entries)}</span>
      <small>{level ? messages.catchingUp(time) : time}</small>
    </span>
  )
}

function Contact({ of, self, zone }: { of: ClusterNode; self: boolean; zone: string }) {
  const { nodes: messages } = useNodesMessages()
  const common = useMessages()
  if (self) return messages.thisNode
  const now = Date.now()
  const at = of.last_contact ? Date.parse(of.last_contact) : undefined
  const ago =
    at === undefined
      ? messages.unknown
      : now - at < 10_000
        ? messages.ago((Math.max(0, now - at) / 1000).toFixed(1))
        : relativeTime(at, zone, common, now)
  if (of.reachable) return ago
  return (
    <span className="stack">
      <span className="list-bad">{messages.unreachable}</span>
      <small>{ago}</small>
    </span>
  )
}

function Version({ of }: { of: ClusterNode }) {
  const { nodes: messages } = useNodesMessages()
  return (
    <span className="stack">
      <span>{of.version ?? ''}</span>
      {of.highest_level && <small>{messages.level(of.highest_level)}</small>}
    </span>
  )
}

function Disk({ of }: { of: ClusterNode }) {
  const { nodes: messages } = useNodesMessages()
  const { disk_used_bytes: used = 0, disk_bytes: size = 0 } = of
  if (size === 0) return ''
  return (
    <span className="stack">
      <span>{messages.diskOf(sizeText(used), sizeText(size))}</span>
      <span className="nodes-meter" aria-hidden="true">
        <i style={{ width: `${Math.min(100, Math.round((100 * used) / size))}%` }} />
      </span>
    </span>
  )
}
