import type { IdentityRule } from '../../model/api/types'

/** A group of somebody: a directory says its DN and its CN, which are one. */
export interface Group {
  name: string
  /** The rules that are about it, by their number. */
  rules: number[]
}

/** The groups as people know them, those with a rule first. */
export function groupsOf(names: string[], rules: IdentityRule[], source: string): Group[] {
  const dns = names.filter((name) => name.includes('='))
  const common = new Map(dns.flatMap((dn) => cnOf(dn, names).map((cn) => [cn, dn] as const)))
  return names
    .filter((name) => !common.has(name))
    .map((name) => ({ name, rules: rulesFor([name, ...cnOf(name, names)], rules, source) }))
    .sort((a, b) => Number(b.rules.length > 0) - Number(a.rules.length > 0))
}

/** The CN of a DN, if it is among the names. */
function cnOf(dn: string, names: string[]): string[] {
  return names.filter((name) => !name.includes('=') && dn.toLowerCase().startsWith(`cn=${name.toLowerCase()},`))
}

/** A name of a group as directories compare it; those of providers have a case, and only the server decides. */
const folded = (name: string) =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\s*,\s*/g, ',')

function rulesFor(names: string[], rules: IdentityRule[], source: string): number[] {
  const all = new Set(names.map(folded))
  return rules
    .filter((rule) => (!rule.source || rule.source === source) && all.has(folded(rule.group)))
    .map(({ number }) => number)
}

/** What a rule does for somebody. */
export type Step = { rule: IdentityRule } & (
  | { kind: 'decides' | 'later' | 'missesGroup' | 'missesOrganization' }
  | { kind: 'disagrees'; gives: Given }
)

/** What a rule gives. */
export type Given = Pick<IdentityRule, 'role' | 'tenant' | 'organization'>

interface Fitting extends Given {
  number: number
  differs: boolean
}

/** The rules about people of a source in their order: those before the one that decides, and all that fit. */
export function stepsOf(rules: IdentityRule[], fitting: Fitting[], source: string, groups: string[]): Step[] {
  const first = fitting[0]?.number ?? Number.POSITIVE_INFINITY
  return rules
    .filter((rule) => !rule.source || rule.source === source)
    .flatMap((rule): Step[] => {
      const fits = fitting.find(({ number }) => number === rule.number)
      if (rule.number === first) return [{ rule, kind: 'decides' }]
      if (fits?.differs) return [{ rule, kind: 'disagrees', gives: fits }]
      if (fits) return [{ rule, kind: 'later' }]
      if (rule.number > first) return []
      const inside = rule.group === '*' || rulesFor(groups, [rule], source).length > 0
      return [{ rule, kind: inside ? 'missesOrganization' : 'missesGroup' }]
    })
}

/** A rule for a group, to be completed in the configuration file. */
export function ruleFor(source: string, group: string): string {
  const text = JSON.stringify
  return `[[rule]]\nsource = ${text(source)}\ngroup = ${text(group)}\nrole = "auditor"\ntenant = ""\n`
}
