import type { Field } from '../../model/log/filters'
import { Floating } from '../../ui/Floating'
import { type ChoiceContext, type ChoiceField, FieldChoices } from './FieldChoices'
import { FilterParts } from './FilterParts'

interface Props extends ChoiceContext {
  label: string
  /** The choices of one field, or those of several below each other. */
  fields: ChoiceField[]
  /** Of several, the one that is open at first. */
  at?: Field | undefined
  onClose: () => void
}

/** The panel that a button of the filter bar opens. */
export default function FilterPanel({ label, fields, at, onClose, ...context }: Props) {
  const [first, ...others] = fields
  return (
    <Floating label={label} onClose={onClose}>
      {first && others.length === 0 ? (
        <FieldChoices field={first} {...context} />
      ) : (
        <div className="more-filters">
          <FilterParts
            parts={fields.map((field) => ({ field, content: () => <FieldChoices field={field} {...context} /> }))}
            filters={context.filters}
            nameOf={context.nameOf}
            at={at}
          />
        </div>
      )}
    </Floating>
  )
}
