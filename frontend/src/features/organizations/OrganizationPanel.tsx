import type { KeyboardEvent, PointerEvent, Ref } from 'react'
import { useMessages } from '../../i18n/language'
import { problemText } from '../../lib/problem'
import type { FacetValue, Organization } from '../../model/api/types'
import { OrganizationTree, type TreeHandle } from '../../model/organizations/OrganizationTree'
import { Icon } from '../../ui/Icon'

interface Props {
  tree: Ref<TreeHandle>
  organizations: Organization[] | undefined
  error: unknown
  own: FacetValue[] | undefined
  /** The number of entries without an organization. */
  outside: number
  selected: string[]
  width: number
  onSelect: (id: string) => void
  onWidth: (width: number) => void
  onCollapse: () => void
}

const [narrowest, widest] = [180, 400]

/** The left edge of the page, where the tenant has data permission. */
export function OrganizationPanel({ width, onWidth, ...props }: Props) {
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
    <section className="tree" aria-label={messages.organizationPanel} style={{ width }}>
      <header>
        <h2>{messages.organizations}</h2>
        <button
          type="button"
          className="icon-button"
          aria-label={messages.collapsePanel}
          title={messages.collapsePanel}
          onClick={props.onCollapse}
        >
          <Icon name="panelClose" />
        </button>
      </header>
      {props.organizations ? (
        <OrganizationTree
          ref={props.tree}
          organizations={props.organizations}
          own={props.own}
          selected={props.selected}
          onSelect={props.onSelect}
        />
      ) : (
        <p className="tree-note grow">{props.error ? messages.treeFailed(problemText(props.error)) : null}</p>
      )}
      <footer>
        <p>{messages.countsFollow}</p>
        {props.outside > 0 && <p>{messages.outsideTree(props.outside)}</p>}
      </footer>
      {/* biome-ignore lint/a11y/useSemanticElements: it is moved, which a rule is not */}
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
    </section>
  )
}
