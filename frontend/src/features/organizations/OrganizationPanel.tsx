import type { KeyboardEvent, PointerEvent, Ref } from 'react'
import { useMessages } from '../../i18n/language'
import { problemText } from '../../lib/problem'
import { toggled } from '../../model/log/filters'
import type { LogPart } from '../../model/log/useLog'
import { OrganizationTree, type TreeHandle } from '../../model/organizations/OrganizationTree'
import { IconButton } from '../../ui/IconButton'
import type { usePanel } from './usePanel'

interface Props extends LogPart {
  tree: Ref<TreeHandle>
  panel: ReturnType<typeof usePanel>
}

const [narrowest, widest] = [180, 400]

/** The left edge of the log page, where the tenant has data permission: the chosen organization narrows the rows. */
export function OrganizationPanel({ filters, onFilters, log, tree, panel }: Props) {
  const messages = useMessages()
  const { data, error } = log.organizations
  const { width } = panel
  return (
    <section className="tree" aria-label={messages.organizationPanel} style={{ width }}>
      <header>
        <h2>{messages.organizations}</h2>
        <IconButton label={messages.collapsePanel} icon="panelClose" onClick={() => panel.setClosed(true)} />
      </header>
      {data ? (
        <OrganizationTree
          ref={tree}
          organizations={data}
          own={log.ownCounts}
          selected={filters.organization}
          onSelect={(id) => onFilters(toggled(filters, 'organization', id))}
        />
      ) : (
        <p className="tree-note grow">{error ? messages.treeFailed(problemText(error)) : null}</p>
      )}
      <footer>
        <p>{messages.countsFollow}</p>
        {log.outside > 0 && <p>{messages.outsideTree(log.outside)}</p>}
      </footer>
      <PanelEdge width={width} onWidth={panel.setWidth} />
    </section>
  )
}

/** The right edge of the panel: dragged, or moved by the arrow keys. */
function PanelEdge({ width, onWidth }: { width: number; onWidth: (width: number) => void }) {
  const messages = useMessages()

  const widen = (to: number) => onWidth(Math.min(widest, Math.max(narrowest, to)))

  function drag(event: PointerEvent<HTMLDivElement>) {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) widen(event.clientX)
  }

  function keyDown(event: KeyboardEvent) {
    const step = { ArrowLeft: -8, ArrowRight: 8 }[event.key]
    if (step) widen(width + step)
    else if (event.key === 'Home') widen(narrowest)
    else if (event.key === 'End') widen(widest)
    else return
    event.preventDefault()
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: it is moved, which a rule is not
    <div
      className="tree-edge"
      role="separator"
      aria-orientation="vertical"
      aria-label={messages.panelWidth}
      aria-valuenow={width}
      aria-valuemin={narrowest}
      aria-valuemax={widest}
      tabIndex={0}
      onKeyDown={keyDown}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
    />
  )
}
