import type { Density } from './preferences'

/** The layout of the page at a width. */
export interface Layout {
  /** `wide`: seven columns; `folded`: the same cells in four; `phone`: rows of four lines. */
  table: 'wide' | 'folded' | 'phone'
  /** Whether there is room for a separate user filter button. */
  roomy: boolean
  /** Whether there is room for the organization tree beside the table; on a phone it is in Filters. */
  tree: boolean
  /** The drawer is beside the table if both have room, otherwise over it. */
  drawer: 'beside' | 'over'
}

export const drawerWidth = 448
const foldBelow = 960
const phoneBelow = 640
const roomyFrom = 1100

export function layoutFor(viewport: number, treeWidth: number, drawerOpen: boolean): Layout {
  if (viewport < 768 || viewport - treeWidth < phoneBelow)
    return { table: 'phone', roomy: false, tree: false, drawer: 'over' }
  const beside = drawerOpen && viewport - drawerWidth >= phoneBelow
  const taken = beside ? drawerWidth : 0
  // The tree makes room for the drawer before the rows become those of a phone.
  const tree = viewport - treeWidth - taken >= phoneBelow
  const main = viewport - taken - (tree ? treeWidth : 0)
  return {
    table: main >= foldBelow ? 'wide' : 'folded',
    roomy: main >= roomyFrom,
    tree,
    drawer: beside ? 'beside' : 'over',
  }
}

const heights: Record<Density, number> = { compact: 33, standard: 45, roomy: 57 }

/** The height of a row. Rows of two lines cannot be compact. */
export function rowHeight(table: Layout['table'], density: Density): number {
  if (table === 'phone') return 97
  return heights[table === 'folded' && density === 'compact' ? 'standard' : density]
}
