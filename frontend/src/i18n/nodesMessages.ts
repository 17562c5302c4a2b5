import { featureMessages } from './language'
import { nodesEn } from './nodes.en'
import { nodesZh } from './nodes.zh'

/** The common texts, and those of the nodes of a log. */
export const useNodesMessages = featureMessages({ nodes: nodesEn }, { nodes: nodesZh })
